"""What the README and the pages of docs/ say is so: lines to run, commands, files, words."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer

from pipelines.cli.app import app
from pipelines.cli.words import WHY_HELD
from pipelines.ingest.bounded_run import Engine
from pipelines.lake import sql
from pipelines.lake.catalogs.sqlite import EXTENSION
from pipelines.lake.engine import load_extensions
from pipelines.runners import Runner
from schemas.rejection import Reason
from tests.conftest import Run, run
from tests.marketplace import Events, small

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
ATTACH = re.compile(r"ATTACH 'ducklake:sqlite:.+?;", re.DOTALL)
MANYHANDS = str(Path(sys.executable).with_name("manyhands"))
EVENTS = 2_000
BATCH = "200"

pages = pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])


def attached(page: str, folder: Path | str) -> duckdb.DuckDBPyConnection:
    """Run a page's ATTACH in a DuckDB of its own, with the warehouse's folder in its place."""
    (attach,) = ATTACH.findall((ROOT / page).read_text(encoding="utf-8"))
    connection = duckdb.connect()
    load_extensions(connection, EXTENSION)
    connection.execute(attach.replace("<folder>", str(folder)))
    return connection


def counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return the number of events and the last position."""
    ((events, last),) = connection.execute(
        "SELECT count(*), coalesce(max(seq), 0) FROM manyhands.event"
    ).fetchall()
    return events, last


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a warehouse with a small marketplace; it is only copied."""
    folder = tmp_path_factory.mktemp("market")
    source = small(Events()).write(folder / "events.ndjson")
    assert 0 == run(["ingest", source, f"--warehouse={folder / 'warehouse'}"]).code
    return folder / "warehouse"


@pytest.fixture
def market(filled: Path, tmp_path: Path) -> Path:
    """Return the folder of a warehouse with a small marketplace in it."""
    return Path(shutil.copytree(filled, tmp_path / "warehouse"))


@pytest.mark.parametrize("page", ["README.md", "docs/warehouse.md"])
def test_the_attach_lines_open_a_warehouse_from_another_folder(
    page: str, market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an absolute path from anywhere, and by a relative one from where that leads there."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with attached(page, market) as one, attached(page, "../warehouse") as other:
        assert [counts(one), (9, 9)] == [(9, 9), counts(other)]


@pytest.mark.parametrize("page", ["README.md", "docs/warehouse.md"])
def test_the_queries_beside_the_attach_lines_run(page: str, market: Path) -> None:
    """Those that read; to install an extension is the reader's."""
    text = (ROOT / page).read_text(encoding="utf-8")
    queries = re.findall(r"^(?:SELECT|FROM) .+?;", text, re.DOTALL | re.MULTILINE)
    with attached(page, market) as connection:
        columns = [connection.execute(query).description for query in queries]

    assert columns
    assert [] == [None for description in columns if not description]


def test_the_attach_line_lets_nobody_write(market: Path) -> None:
    """The log can't be changed through it."""
    with (
        attached("README.md", market) as connection,
        pytest.raises(duckdb.Error, match="read-only"),
    ):
        connection.execute("DELETE FROM manyhands.event")


def test_the_attach_line_opens_a_copy_and_a_warehouse_that_moved(
    market: Path, tmp_path: Path
) -> None:
    """The data are those of the folder that is named, not of where the warehouse was made."""
    copy, moved = tmp_path / "copy", tmp_path / "moved"
    shutil.copytree(market, copy)
    market.rename(moved)
    with attached("README.md", copy) as one, attached("README.md", moved) as other:
        assert [(9, 9), (9, 9)] == [counts(one), counts(other)]


@pytest.mark.processes
def test_the_attach_line_opens_a_warehouse_while_an_ingest_is_running(tmp_path: Path) -> None:
    """A reader sees the log grow commit by commit, each time whole, and the writer isn't hurt."""
    folder = tmp_path / "warehouse"
    with ingesting(tmp_path) as process:
        while process.poll() is None and not (folder / "catalog.sqlite").exists():
            pass
        with attached("README.md", folder) as connection:
            seen = [counts(connection) for _ in iter(process.poll, 0)]
            seen.append(counts(connection))

    assert 0 == process.returncode
    assert (EVENTS, EVENTS) == seen[-1]
    assert [events for events, _ in seen] == [last for _, last in seen]
    assert sorted(seen) == seen
    assert len(set(seen)) > 2


def ingesting(tmp_path: Path) -> "subprocess.Popen[bytes]":
    """Start ingesting many small batches into `warehouse`, from `tmp_path`."""
    events = Events()
    for _ in range(EVENTS):
        events.generation("1", "1")
    events.write(tmp_path / "events.ndjson")
    return subprocess.Popen(
        [MANYHANDS, "ingest", "events.ndjson", "--as-of=2026-12-01T00:00:00Z"],
        cwd=tmp_path,
        env={**os.environ, "MANYHANDS_BATCH_LINES": BATCH},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _commands(page: Path) -> Iterator[list[str]]:
    """Return the words of each command that a page names, without `manyhands`."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```\w*\n(.+?)```", text, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("manyhands "):
                yield shlex.split(line, comments=True)[1:]
    for inline in re.findall(r"`manyhands ([^`]+)`", text):
        yield shlex.split(inline)


@cache
def _command_line() -> Any:  # noqa: ANN401  of typer, which names no type for it
    return typer.main.get_command(app)


@pages
def test_every_command_that_a_page_names_is_there_with_its_flags(page: Path) -> None:
    """A page names no command, subcommand or flag that the command line doesn't have.

    What stands behind `--` are Beam's options.
    """
    for every in _commands(page):
        words = every[: every.index("--")] if "--" in every else every
        if options := tuple(every[len(words) + 1 :]):
            Engine(Runner.DASK, options).refuse_unless_usable()
        command: Any = _command_line()
        for word in words:
            if word in getattr(command, "commands", {}):
                command = command.commands[word]
        known = {option for parameter in command.params for option in parameter.opts}
        flags = {word.partition("=")[0] for word in words if word.startswith("--")}

        assert set() == flags - known - {"--help"}, words
        assert command.name != "manyhands" or words[0].startswith("-"), words
        assert not hasattr(command, "commands") or words[-1] == command.name, words


@pages
def test_every_target_of_make_that_a_page_names_is_there(page: Path) -> None:
    """Each is a target of the Makefile."""
    targets = re.findall(
        r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    named = re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)

    assert [] == [name for name in named if name not in targets]


@pages
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """A bare file name stands for one in the folder named before it on the line."""
    missing = []
    for line in page.read_text(encoding="utf-8").splitlines():
        folder = ROOT
        for name in re.findall(
            r"`([\w./<>*-]+\.(?:py|sql|json|md)|(?:pipelines|sql|schemas|tests)/[\w/]*/)`", line
        ):
            path = ROOT / name if "/" in name else folder / name
            folder = path if name.endswith("/") else path.parent
            pattern = str(path.relative_to(ROOT)).replace("<type>", "*").replace("<case>", "*")
            if "<" not in pattern and not any(ROOT.glob(pattern)):
                missing.append(name)

    assert [] == missing


@pages
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    """Links between pages name files that are there."""
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    within = [link for link in links if not link.startswith("https://")]

    assert [] == [link for link in within if not (page.parent / link).exists()]


def test_every_relation_is_named_in_the_page_of_the_warehouse() -> None:
    """So are the store's own."""
    text = (ROOT / "docs" / "warehouse.md").read_text(encoding="utf-8")
    names = [name for folder in ("log", "facts", "results", "views") for name in sql.names(folder)]

    assert [] == [name for name in names if f"`{name}`" not in text]


def test_every_reason_to_refuse_or_to_hold_is_explained() -> None:
    """Events are refused and amounts are held for the reasons that the pages list."""
    events = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    close = (ROOT / "docs" / "close.md").read_text(encoding="utf-8")
    held = set(re.findall(r"'(\w+)' AS reason|SELECT\s+'(\w+)'", sql.text("rules", "held_part")))

    assert [] == [name for name in Reason if f"`{name}`" not in events]
    assert [] == [name for pair in held for name in pair if name and f"`{name}`" not in close]


def test_what_a_command_says_of_a_reason_is_what_the_page_says() -> None:
    """Every reason that the gate permits has its words, the same in both places."""
    close = (ROOT / "docs" / "close.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.+?) \|", close, re.MULTILINE)
    explained = {name: why for names, why in rows for name in re.findall(r"\w+", names)}
    permitted = re.findall(r"\(\'(\w+)\', '\w+', \w+, \w+\)", sql.text("checks", "held_reason"))

    assert set(permitted) == set(WHY_HELD)
    assert dict(WHY_HELD) == {name: explained.get(name) for name in WHY_HELD}


def test_the_examples_of_events_are_some(manyhands: Run, tmp_path: Path) -> None:
    """The lines of docs/events.md are accepted as they stand."""
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    examples = "".join(re.findall(r"```json\n(\{\"specversion.+?)```", text, re.DOTALL))
    (tmp_path / "example.ndjson").write_text(examples, encoding="utf-8")
    outcome = manyhands("ingest", "example.ndjson", "--as-of=2026-12-01T00:00:00Z", "--json")

    assert 4 == len(examples.splitlines()) == json.loads(outcome.stdout)["accepted"]
