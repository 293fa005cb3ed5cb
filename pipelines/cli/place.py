"""Says where the command runs, and names files from the root on."""

import os


def fault_of_current_folder() -> str:
    """Return why names can't be looked up in the current folder, naming it; empty where they can.

    A service user may be started in somebody's home, and a folder may be gone.
    """
    try:
        folder = os.getcwd()  # noqa: PTH109  a path would be asked for it too
    except OSError:
        named = os.environ.get("PWD")
        return f"the current folder{f', {named},' if named else ''} is not there any more"
    try:
        os.stat(".")  # noqa: PTH116  a Path makes another name of it
    except PermissionError:
        return f"the current folder, {folder}, can't be entered by this user"
    return ""


def in_full(name: str) -> str:
    """Return a file's name from the root on; where the current folder is gone, with that."""
    try:
        return os.path.abspath(name)  # noqa: PTH100  one that isn't there is named, too
    except OSError:
        return f"{fault_of_current_folder()}: {name}"
