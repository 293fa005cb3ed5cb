"""Starts the command line, where `pipelines` and `schemas` are those of manyhands (SPEC §7.3).

Many projects have packages of these names, and Python imports the first that it finds on its path:
with one of another project commands would fail anywhere, or do something else. This module looks at
what would be imported, and imports none of it before it is known to be ours.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

_HOME = Path(__file__).resolve().parent
_MARK = b"manyhands"
"""Stands in each package's `__init__.py`: a package installed later may have overwritten it."""

_ELSEWHERE = (
    "error: the package '{name}' that Python finds is not that of manyhands but {found}{owners}; "
    "take {folder} off Python's path (unset PYTHONPATH, start in another folder), or install "
    "manyhands as an application of its own (uv tool install, pipx)\n"
)
_OVERWRITTEN = (
    "error: {found} is not that of manyhands any more: another package overwrote or removed it"
    "{owners}; install manyhands anew, as an application of its own (uv tool install, pipx)\n"
)


def main() -> int:
    """Run `manyhands` with the arguments of the process and return its exit code.

    It is 1, with the path of the package on stderr, where `pipelines` or `schemas` is not ours.
    """
    for name in ("pipelines", "schemas"):
        if message := _judge(name):
            if sys.stderr:  # None where it is closed
                sys.stderr.write(message)
            return 1
    from pipelines.cli import main as run

    return run()


def _judge(name: str) -> str:
    """Return what is wrong with the package that Python finds, or nothing."""
    ours = _HOME / name / "__init__.py"
    found = _find(name)
    if found == ours and _MARK in ours.read_bytes():
        return ""
    if found in {ours, ours.parent, None}:
        return _OVERWRITTEN.format(found=ours, owners=_owners(name))
    folder = found.parents[found.name == "__init__.py"]
    return _ELSEWHERE.format(name=name, found=found, folder=folder, owners=_owners(name))


def _find(name: str) -> Path | None:
    """Return the file that an import would begin with: a package without one is its folder."""
    spec = find_spec(name)
    if spec is None:
        return None
    places = [spec.origin] if spec.origin else spec.submodule_search_locations
    return next((Path(place).resolve() for place in places or ()), None)


def _owners(name: str) -> str:
    """Return which installed distributions have a package of this name."""
    from importlib.metadata import packages_distributions

    others = sorted(set(packages_distributions().get(name, ())) - {"manyhands"})
    return f", of {' or '.join(others)}" if others else ""


if __name__ == "__main__":
    sys.exit(main())
