"""Whose the files of a warehouse are, and who may do what with them (docs/operating.md).

What the warehouse's folder lets its group and all others do, everything in it lets them too,
whatever the umask of whoever wrote it.
"""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pipelines.errors import ManyhandsError

_ROOT = 0
_OF_GROUP_AND_OTHERS = 0o066
_LETTERS = {"read": "r", "write": "w", "enter": "x"}


def follow(path: Path, folder: Path) -> None:
    """Set the group and the mode of what this process made to those of `folder`; files without `x`.

    What root made goes to the folder's owner too, as SQLite does with its own.
    What can't be given stays as it is: a group that this user isn't in, modes on a disk without.
    """
    wanted, found = folder.stat(), path.stat()
    user = os.geteuid()
    if user not in {found.st_uid, _ROOT}:
        return
    owner = wanted.st_uid if user == _ROOT else found.st_uid
    with suppress(PermissionError):
        if (owner, wanted.st_gid) != (found.st_uid, found.st_gid):
            os.chown(path, owner, wanted.st_gid)
    mode = _mode(wanted.st_mode, found.st_mode)
    with suppress(PermissionError):
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)


def _mode(folder: int, found: int) -> int:
    if stat.S_ISDIR(found):
        return stat.S_IMODE(folder) & ~stat.S_ISVTX
    return stat.S_IRUSR | stat.S_IWUSR | (folder & _OF_GROUP_AND_OTHERS)


def refuse_unless_writable(paths: Iterable[Path]) -> None:
    """Raise ManyhandsError for the first of these, where they exist, that can't be written."""
    for path in paths:
        try:
            is_folder = path.is_dir()
        except PermissionError as error:
            raise refusal(path, "write") from error
        needed = os.W_OK | os.X_OK if is_folder else os.R_OK | os.W_OK
        # twice, since another file can be put in its place between the two looks at it
        if _is_denied(path, needed) and _is_denied(path, needed):
            raise refusal(path, "write")


def _is_denied(path: Path, needed: int) -> bool:
    return path.exists() and not os.access(path, needed)


def refusal(path: Path, act: str) -> ManyhandsError:
    """Return the error of a user who may not `act` on a path: `read` it or `write` it.

    It names the file, its owner and what to do; where a folder above stands in the way, that.
    """
    path, act = _in_the_way(path, act)
    found = path.stat()
    user, owner, group = _user(os.geteuid()), _user(found.st_uid), _group(found.st_gid)
    if act == "write" and os.statvfs(path).f_flag & os.ST_RDONLY:
        return ManyhandsError(f"{path} is on a disk that is mounted read-only; mount it to write")
    advice = f"run the command as {owner}, or share the warehouse with a group that both are in"
    if found.st_uid == os.geteuid():
        advice = f"give yourself the right with chmod u+{_LETTERS[act]}"
    return ManyhandsError(
        f"{user} may not {act} {path}: it belongs to {owner}, group {group},"
        f" {stat.filemode(found.st_mode)}; {advice} (docs/operating.md)"
    )


def _in_the_way(path: Path, act: str) -> tuple[Path, str]:
    """Return the folder that keeps one from a path, or the path itself."""
    for folder in reversed(path.absolute().parents):
        if folder.exists() and not os.access(folder, os.X_OK):
            return folder, "enter"
    while not path.exists():
        path = path.parent
    return path, act


def _user(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"


def _group(number: int) -> str:
    try:
        import grp

        return grp.getgrgid(number).gr_name
    except (ImportError, KeyError):
        return str(number)
