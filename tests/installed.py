"""The program as it is installed: on every Python of the machine, and beside other packages.

These tests take minutes and a package registry, so that pytest doesn't find them by their file's
name: `make package` runs them.
"""

import shutil
import sys
from pathlib import Path

import pytest
from apache_beam.runners.portability.stager import Stager

from tests import scenario
from tests.packing import ROOT, UV, build_wheel, copy_sources, run

FITTING = ROOT / ".ci" / "pythons"
OWN, *OTHERS = run(
    FITTING, sys.executable, *run(FITTING, cwd=ROOT).splitlines(), cwd=ROOT
).splitlines()
"""The Python of these tests, and one of each other version that the machine has."""

DIGESTS = "SELECT period, digest, log_digest FROM period_close ORDER BY period"
NOTEBOOK = """
import sql
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell()
shell.run_line_magic("load_ext", "sql")
shell.run_line_magic("sql", "duckdb://")
answer = shell.run_cell_magic("sql", "", "SELECT 6 * 7 AS answer").DataFrame()
print(f"the answer is {answer.answer.item()}")
"""

pytestmark = pytest.mark.timeout(3_000)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and return its path."""
    folder = tmp_path_factory.mktemp("wheel")
    return build_wheel(copy_sources(folder / "sources"), folder)[0]


@pytest.fixture(scope="session")
def digests(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digests that the demo gives on the Python of these tests."""
    return demo_digests(Path(sys.executable).parent, tmp_path_factory.mktemp("demo"))


def make_environment(folder: Path, python: str = sys.executable) -> Path:
    """Make an environment without packages; return the folder of its programs."""
    run(UV, "venv", "--quiet", "--python", python, folder, cwd=ROOT)
    return folder / "bin"


def install(programs: Path, *words: str | Path) -> None:
    """Install packages into an environment."""
    run(UV, "pip", "install", "--quiet", "--python", programs / "python", *words, cwd=ROOT)


def install_locked(programs: Path, lock: str, *packages: str | Path) -> None:
    """Install what a lock holds, and packages of our own that need no more."""
    install(programs, "--require-hashes", "--requirement", ROOT / lock)
    install(programs, "--no-deps", "--no-build-isolation", *packages)


def demo_digests(programs: Path, folder: Path) -> str:
    """Run the demo in an empty folder, and return the digests of its closes as a table."""
    run(programs / "manyhands", "demo", cwd=folder)
    return run(programs / "manyhands", "query", DIGESTS, "--warehouse=demo-warehouse", cwd=folder)


@pytest.mark.parametrize("python", [OWN, *OTHERS])
def test_the_wheel_runs_the_demo(python: str, wheel: Path, digests: str, tmp_path: Path) -> None:
    """To the same digests on each Python, in an empty folder."""
    (tmp_path / "empty").mkdir()
    programs = make_environment(tmp_path / "environment", python)
    install_locked(programs, "requirements.lock", wheel)

    assert digests == demo_digests(programs, tmp_path / "empty")


@pytest.mark.parametrize("python", OTHERS or [OWN])
def test_each_vector_passes_on_another_python(python: str, wheel: Path, tmp_path: Path) -> None:
    """On what the wheel installs, without the checkout; the other Pythons share them out.

    `make test` runs some of them on its own Python.
    """
    pythons = OTHERS or [OWN]
    names = scenario.NAMES[pythons.index(python) :: len(pythons)]
    place = "tests/test_vectors.py::test_a_worked_case_gives_what_is_expected_to_the_digest"
    programs = make_environment(tmp_path / "environment", python)
    install_locked(programs, "requirements-dev.lock", wheel)
    shutil.copytree(ROOT / "tests", tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    words = ["-m", "pytest", "--numprocesses=0", "-m", ""]
    cases = [f"{place}[{name}]" for name in names]
    ended = run(programs / "python", *words, *cases, cwd=tmp_path)

    assert f" {len(names)} passed in " in ended.splitlines()[-1]


def test_the_archive_of_beam_runs_the_demo(digests: str, tmp_path: Path) -> None:
    """What `--setup_file setup.py` sends to workers installs there, with nothing but the lock."""
    (tmp_path / "empty").mkdir()
    setup = copy_sources(tmp_path / "sources") / "setup.py"
    archive = Stager._build_setup_package(str(setup), str(tmp_path))
    programs = make_environment(tmp_path / "environment")
    install_locked(programs, "requirements.lock", archive)

    assert digests == demo_digests(programs, tmp_path / "empty")


@pytest.mark.parametrize("first", ["manyhands", "jupysql"])
def test_jupysql_and_manyhands_live_in_one_environment(
    first: str, wheel: Path, digests: str, tmp_path: Path
) -> None:
    """Whichever comes first, both work: `sql` is JupySQL's."""
    (tmp_path / "empty").mkdir()
    programs = make_environment(tmp_path / "environment")
    order: list[list[str | Path]] = [[wheel], ["jupysql==0.11.1", "ipython"]]
    for packages in order if first == "manyhands" else order[::-1]:
        install(programs, "--constraint", ROOT / "requirements.lock", *packages)

    assert digests == demo_digests(programs, tmp_path / "empty")
    assert "the answer is 42" in run(programs / "python", "-c", NOTEBOOK, cwd=tmp_path)


def test_it_installs_as_an_application_of_its_own(tmp_path: Path) -> None:
    """As README says; and a folder with the name of a package, but without a file, is no other."""
    sources = copy_sources(tmp_path / "sources")
    (tmp_path / "project" / "schemas").mkdir(parents=True)
    places = [f"UV_TOOL_DIR={tmp_path}/tools", f"UV_TOOL_BIN_DIR={tmp_path}/bin"]
    words = ["tool", "install", "--constraints", "requirements.lock", "."]
    run("env", *places, UV, *words, cwd=sources)
    program = tmp_path / "bin" / "manyhands"

    assert "manyhands 0." in run(program, "--version", cwd=tmp_path)
    beside = run("env", f"PYTHONPATH={tmp_path}/project", program, "status", "--help", cwd=tmp_path)
    assert "--warehouse" in beside
