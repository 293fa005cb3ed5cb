"""One SQLite library a process: a second one drops the locks of the first, and breaks the catalog.

SQLite's locks belong to the process, and closing a file drops all that it has on it (POSIX).
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.cli.app import app
from pipelines.lake.migration import EARLIEST
from tests.lake.test_setting import unpack
from tests.marketplace import Events, small
from tests.proof import witness

_GROUPS = {"checkpoint", "deadletter", "log", "statements"}
"""Commands that have others within them."""

_RUN = """
import json, os, sys
from pathlib import Path

from tests.conftest import run

catalog = os.path.realpath(sys.argv[1])
opened, gated = [], False

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str | bytes):
        if os.path.realpath(os.fsdecode(arguments[0])) == catalog:
            opened.append(event)
    if event == "sqlite3.connect":
        opened.append(event)

sys.addaudithook(watch)
for words in json.loads(sys.argv[2]):
    gated = gated or words[0] == "close"
    outcome = run(words)
    assert (0, []) == (outcome.code, opened), (words, opened, outcome.stderr)
    # Great Expectations loads it, and opens nothing with it; nobody else does
    assert gated or "_sqlite3" not in sys.modules, words
"""


@pytest.mark.processes
def test_no_command_opens_a_catalog_but_with_the_engine(tmp_path: Path) -> None:
    """Neither with Python's SQLite nor as a plain file: in one process, command after command."""
    source = small(Events()).write(tmp_path / "a.ndjson")
    with Path(source).open("a") as file:
        file.write("{}\n")
    as_of = "--as-of=2026-03-01T00:00:00Z"
    commands = [
        ["validate", small(Events()).write(tmp_path / "sound.ndjson"), as_of],
        ["init"],
        ["ingest", source, as_of],
        ["close", "--period=2026-01", "--dry-run", f"--out={tmp_path / 'draft'}", as_of],
        ["keygen", "royalties.example/manyhands", f"--signing-key={tmp_path / 'key'}"],
        ["close", "--due", as_of, f"--signing-key={tmp_path / 'key'}"],
        ["publish", f"--to={tmp_path}"],
        ["statements", "diff", "2026-01", f"--draft={tmp_path / 'draft'}"],
        ["statements", "list"],
        ["statements", "show", "2026-01/ana"],
        ["statements", "proof", "2026-01/ana", f"--out={tmp_path / 'proofs'}"],
        ["checkpoint", "show"],
        ["statements", "export", "--format=csv", f"--out={tmp_path / 'out'}"],
        ["earnings", "--period=2026-01", f"--out={tmp_path / 'e.csv'}"],
        ["explain", "2026-01/ana", "--line=1"],
        ["estimate", as_of],
        ["simulate", "--period=2026-01", "--rule=customer-centric"],
        ["held"],
        ["query", "SELECT count(*) FROM event"],
        ["status"],
        ["deadletter", "list"],
        ["deadletter", "show", ""],
        ["deadletter", "replay", as_of],
        ["deadletter", "export", f"--out={tmp_path / 'letters'}"],
        ["deadletter", "dismiss", "", "--note=never sent again"],
        ["maintain"],
        ["migrate"],
        ["verify"],
        ["rebuild", f"--to={tmp_path / 'again'}"],
        ["log", "export", f"--out={tmp_path / 'archive'}"],
        ["log", "import", str(tmp_path / "archive"), f"--warehouse={tmp_path / 'imported'}"],
    ]
    folder = tmp_path / "warehouse"

    def names_another(command: list[str]) -> bool:
        return command[0] in {"keygen", "validate"} or any(
            "--warehouse=" in word for word in command
        )

    with witness.running() as one:
        commands.append(["checkpoint", "witness", one.url])
        words = [
            command if names_another(command) else [*command, f"--warehouse={folder}"]
            for command in commands
        ]
        _watched(folder, words)

    assert _all_commands() - {"demo"} == {_name(command) for command in commands}


@pytest.mark.processes
def test_nor_does_a_migration_that_keeps_the_catalog(tmp_path: Path) -> None:
    """It copies the catalog in every step; another process makes the copy."""
    folder = unpack(EARLIEST, tmp_path)

    _watched(folder, [["migrate", f"--warehouse={folder}"], ["status", f"--warehouse={folder}"]])

    assert (folder / f"catalog-format-{EARLIEST}.sqlite").exists()


def _watched(folder: Path, commands: list[list[str]]) -> None:
    subprocess.run(
        [sys.executable, "-c", _RUN, str(folder / "catalog.sqlite"), json.dumps(commands)],
        check=True,
        cwd=Path(__file__).parents[2],
    )


def _all_commands() -> set[str]:
    """Return the names of the commands; the demo only runs others, on a warehouse of its own."""
    group: Any = typer.main.get_command(app)
    names = set()
    for name, command in group.commands.items():
        within = getattr(command, "commands", None)
        names |= {f"{name} {inner}" for inner in within} if within else {name}
    return names


def _name(command: list[str]) -> str:
    return " ".join(command[:2] if command[0] in _GROUPS else command[:1])
