"""What is packed, what is refused at the start, and which Pythons the project takes."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from apache_beam.runners.portability.stager import Stager

from tests.packing import ROOT, build_wheel, copy_sources

MANYHANDS = [str(Path(sys.executable).with_name("manyhands"))]
MODULE = [sys.executable, "-m", "manyhands"]
CLI = [sys.executable, "-m", "pipelines.cli"]
METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"}
FIRST, LAST = (3, 11), (3, 14)
FITTING = """#!/bin/sh
echo "3.12 $0"
"""
SHIM = """#!/bin/sh
echo 'pyenv: python3: command not found' >&2
exit 127
"""


def start(words: Sequence[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder with other variables of the environment."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        words,
        check=False,
        capture_output=True,
        cwd=folder,
        env=environment | variables,
        text=True,
    )


# packages of other projects


@pytest.mark.parametrize("initial", ["__init__.py", "other.py"])
@pytest.mark.parametrize(
    ("words", "name"),
    [
        (MANYHANDS, "pipelines"),
        (MANYHANDS, "schemas"),
        (MODULE, "pipelines"),
        (MODULE, "schemas"),
        (CLI, "schemas"),
    ],
)
def test_a_package_of_another_project_is_named_before_anything_else(
    words: list[str], name: str, initial: str, tmp_path: Path
) -> None:
    """It may come first on Python's path; without `__init__.py` too, where we are editable."""
    package = tmp_path / "project" / name
    package.mkdir(parents=True)
    (package / initial).write_text("raise SystemExit('imported')", encoding="utf-8")
    ended = start([*words, "status"], tmp_path, PYTHONPATH=str(package.parent))

    assert (1, "") == (ended.returncode, ended.stdout)
    assert f"error: the package '{name}' that Python finds is not that of manyhands" in ended.stderr
    assert f" but {package}" in ended.stderr
    assert f"take {package.parent} off Python's path" in ended.stderr
    assert 1 == len(ended.stderr.splitlines())


def test_a_module_of_another_project_is_named_too(tmp_path: Path) -> None:
    """A file `schemas.py` in the folder that `python -m` is started in."""
    (tmp_path / "schemas.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    ended = start([*MODULE, "--version"], tmp_path)

    assert (1, "") == (ended.returncode, ended.stdout)
    assert f"take {tmp_path} off Python's path" in ended.stderr


@pytest.mark.parametrize("content", ["raise SystemExit('imported')", None])
def test_a_package_that_another_overwrote_or_removed_is_named(
    content: str | None, tmp_path: Path
) -> None:
    """Of two distributions with one package the later wins, and leaves nothing when it goes."""
    sources = copy_sources(tmp_path / "site")
    marked = sources / "schemas" / "__init__.py"
    marked.unlink() if content is None else marked.write_text(content, encoding="utf-8")
    with_owner = sources / "othertool-1.0.dist-info"
    with_owner.mkdir()
    (with_owner / "METADATA").write_text("Name: othertool\nVersion: 1.0\n", encoding="utf-8")
    (with_owner / "top_level.txt").write_text("schemas\n", encoding="utf-8")
    ended = start([*MODULE, "--version"], sources)

    assert (1, "") == (ended.returncode, ended.stdout)
    assert f"error: {marked} is not that of manyhands any more" in ended.stderr
    assert "overwrote or removed it, of othertool; install manyhands anew" in ended.stderr


@pytest.mark.parametrize("words", [MANYHANDS, MODULE, CLI])
def test_the_version_is_told_from_any_folder(words: list[str], tmp_path: Path) -> None:
    """As the metadata have it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    ended = start([*words, "--version"], tmp_path)

    assert (0, f"manyhands {version}\n", "") == (ended.returncode, ended.stdout, ended.stderr)


# what is packed


def packed() -> set[str]:
    """Name what an install has to hold: modules, SQL, tables, JSON Schemas, the demo's events."""
    code = [path for top in ("pipelines", "schemas") for path in (ROOT / top).rglob("*.py")]
    data = [*(ROOT / "schemas").glob("*.csv"), *(ROOT / "schemas").glob("*/1.json")]
    data += (ROOT / "pipelines" / "demo_events").glob("*.ndjson")
    names = {str(path.relative_to(ROOT)) for path in [*code, *data, ROOT / "manyhands.py"]}
    queries = {str(path.relative_to(ROOT / "sql")) for path in (ROOT / "sql").rglob("*.sql")}
    return names | {f"manyhands_sql/{name}" for name in queries}


@pytest.mark.processes
def test_the_wheel_holds_the_program_alone_and_builds_without_a_warning(tmp_path: Path) -> None:
    """No tests, no benchmarks, nothing that an earlier build left, no package `sql`."""
    sources = copy_sources(tmp_path / "sources")
    (sources / "build" / "lib" / "sql").mkdir(parents=True)
    (sources / "build" / "lib" / "sql" / "__init__.py").touch()
    wheel, printed = build_wheel(sources, tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    metadata = {f"manyhands-0.1.0.dist-info/{name}" for name in METADATA}

    assert packed() | metadata == names
    assert [] == re.findall(r"\w*Warning.*", printed)


@pytest.mark.processes
def test_the_archive_that_beam_makes_for_its_workers_holds_the_program(tmp_path: Path) -> None:
    """`--setup_file setup.py` packs the same, with what is needed to build it, and no tests."""
    sources = copy_sources(tmp_path / "sources")
    archive = Stager._build_setup_package(str(sources / "setup.py"), str(tmp_path))
    with tarfile.open(archive) as opened:
        paths = {member.name.partition("/")[2] for member in opened if member.isfile()}
    names = {re.sub("^sql/", "manyhands_sql/", path) for path in paths}
    building = {"MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg", "setup.py"}

    assert packed() | building == {name for name in names if ".egg-info/" not in name}


# which Pythons


def test_the_bounds_of_python_are_the_same_everywhere() -> None:
    """In the metadata, in what make looks for and says, in the README and in the tools."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    looked_for = (ROOT / ".ci" / "pythons").read_text("utf-8")
    above = f"({LAST[0]}, {LAST[1] + 1})"

    assert ">=3.11,<3.15" == project["project"]["requires-python"]
    assert f"{FIRST} <= sys.version_info[:2] < {above}" in looked_for
    assert "'>=3.11,<3.15'" in looked_for
    assert "python3 python3.14 python3.13 python3.12 python3.11 " in looked_for
    assert "Python 3.11, 3.12, 3.13 or 3.14 with venv" in looked_for
    assert "Python 3.11, 3.12, 3.13 or 3.14" in (ROOT / "README.md").read_text("utf-8")
    assert "py311" == project["tool"]["ruff"]["target-version"]
    assert "3.11" == project["tool"]["mypy"]["python_version"]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Make a machine's programs: what a script needs, and no Python."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "awk", "cat", "head", "make", "dirname"):
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    return programs


def put(programs: Path, name: str, script: str) -> None:
    """Put a program there."""
    (programs / name).write_text(script, encoding="utf-8")
    (programs / name).chmod(0o755)


def pythons(machine: Path, *named: str) -> subprocess.CompletedProcess[str]:
    """Ask which Pythons fit, on that machine."""
    pyenv = str(machine / "pyenv")
    return start(
        [str(ROOT / ".ci" / "pythons"), *named], machine, PATH=str(machine), PYENV_ROOT=pyenv
    )


def test_a_shim_of_a_python_that_is_not_selected_is_passed_over(machine: Path) -> None:
    """The next name that starts something that fits is taken."""
    put(machine, "python3", SHIM)
    put(machine, "python3.14", SHIM)
    put(machine, "python3.12", FITTING)
    ended = pythons(machine)

    assert (0, f"{machine}/python3.12") == (ended.returncode, ended.stdout.splitlines()[0])


def test_pythons_of_uv_and_pyenv_are_found(machine: Path) -> None:
    """Each version once, in the order that make would take them."""
    put(machine, "uv", f"#!/bin/sh\necho {machine}/managed\n")
    put(machine, "managed", FITTING.replace("3.12", "3.14"))
    put(machine, "python3.11", FITTING)
    for version in ("3.12.9", "3.13.1"):
        (machine / "pyenv" / "versions" / version / "bin").mkdir(parents=True)
    put(machine, "pyenv/versions/3.12.9/bin/python", FITTING)
    put(machine, "pyenv/versions/3.13.1/bin/python", FITTING.replace("3.12", "3.13"))
    found = [path for path in pythons(machine).stdout.splitlines() if str(machine) in path]

    assert ["python3.11", "managed", "pyenv/versions/3.13.1/bin/python"] == [
        str(Path(path).relative_to(machine)) for path in found
    ]


def test_a_venv_leads_to_the_python_that_it_was_made_of(machine: Path) -> None:
    """So that `make` doesn't build an environment upon one that it then removes."""
    (found,) = pythons(machine, sys.executable).stdout.splitlines()

    assert Path(sys.base_prefix) in Path(found).parents


def test_make_says_what_to_install_where_no_python_fits(machine: Path, tmp_path: Path) -> None:
    """For Debian, Ubuntu, macOS and uv; so it does for a Python that is named and doesn't fit."""
    sources = tmp_path / "sources"
    sources.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock", ".ci"):
        (sources / name).symlink_to(ROOT / name)
    put(machine, "old", SHIM)
    ended = start(["make", "setup", "PYTHON=old"], sources, PATH=str(machine))

    assert 2 == ended.returncode
    assert not (sources / ".venv").exists()
    for told in ("3.11, 3.12, 3.13 or 3.14", "apt-get install python3 python3-venv", "Ubuntu"):
        assert told in ended.stderr
    for told in ("brew install", "uv python install", "make PYTHON="):
        assert told in ended.stderr
