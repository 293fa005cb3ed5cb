"""A folder may have any name: DuckDB is given a plain one (SPEC §7.1)."""

import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.lake.paths import as_named, for_engine
from tests.conftest import run
from tests.everyday import one_of
from tests.marketplace import Events

pytestmark = pytest.mark.usefixtures("made_anew")

NAMES = [
    "with a space",
    "it's",
    'a"quote',
    "wh*",
    "wh?",
    "wh[1]",
    "a\\b",
    "a;b",
    "a\nb",
    "ö 東京 é",
    "not\udcffutf8",
    " ends ",
    "-flag",
]
AS_OF = "--as-of=2026-02-10T00:00:00Z"


def _money_over_a_manifest(content: bytes) -> Events:
    events = Events()
    events.terms(training_share="1")
    events.contributor("ana")
    events.licence("i", "ana")
    manifest = {"uri": "m", "sha256": sha256(content).hexdigest(), "rows": 1}
    events.model("1", manifest, training_fee={"amount": "501", "currency": "USD"})
    return events


@pytest.mark.parametrize("name", one_of(9, NAMES), ids=ascii)
def test_a_warehouse_may_have_any_name(tmp_path: Path, name: str) -> None:
    """From init to export, its manifest root and the folder exported to being named so too.

    Siblings that a pattern would take for it, or a backslash for a separator, stay as they are.
    """
    place = tmp_path / "place"
    for sibling in ("wh1", "wh", "a", "root1"):
        (place / sibling / "manifests").mkdir(parents=True)
    before = set(place.rglob("*"))
    warehouse, root, out = (place / part for part in (name, f"root{name}.", f"out{name}"))
    content = b'{"image_id":"i"}\n'
    root.mkdir()
    (root / "m").write_bytes(content)
    source = _money_over_a_manifest(content).write(tmp_path / "a.ndjson")
    on = f"--warehouse={warehouse}"

    for command in (
        ["init", on],
        ["ingest", source, on, f"--manifest-roots={root}", AS_OF],
        ["close", "--period=2026-01", on, AS_OF],
        ["statements", "export", "--format=parquet", f"--out={out}", on],
    ):
        ended = run(command)
        assert 0 == ended.code, ended.stderr
    answer = run(["query", "SELECT contributor_id FROM statement", on, "--json"])

    assert [{"contributor_id": "ana"}] == answer.json
    files = {"statements-2026-01.parquet", "statement_lines-2026-01.parquet"}
    assert files == {path.name for path in out.iterdir()}
    assert {warehouse, root, out} == {*place.iterdir()} - before
    assert before < set(place.rglob("*"))
    assert {"catalog.sqlite", "data", "gate", "manifests", "staged"} == {
        p.name for p in warehouse.iterdir()
    }


def test_an_error_names_the_folder_as_the_user_does(tmp_path: Path) -> None:
    """Not the link that the engine was given."""
    folder = tmp_path / 'it\'s "wh?"'
    assert 0 == run(["init", f"--warehouse={folder}"]).code
    (file,) = (folder / "data/main/head").iterdir()
    file.unlink()

    ended = run(["status", f"--warehouse={folder}"])

    assert (1, 1) == (ended.code, len(ended.stderr.splitlines()))
    assert f"{file} is missing (Cannot open file it: No such file" in ended.stderr


def test_a_plain_path_stays_itself(tmp_path: Path) -> None:
    """So nothing stands between most warehouses and their files."""
    assert tmp_path / "a" == for_engine(tmp_path / "a")


def test_a_link_is_made_once_and_again_where_it_is_gone(tmp_path: Path) -> None:
    """Those who tidy up temporary files don't break a process that runs for long."""
    first = for_engine(tmp_path / "a*b/c")
    assert first == for_engine(tmp_path / "a*b/c")
    assert str(tmp_path / "a*b/c") == as_named(str(first))
    shutil.rmtree(first.parent.parent)

    again = for_engine(tmp_path / "a*b/c")

    assert str(tmp_path / "a*b") == os.readlink(again.parent)  # noqa: PTH115  as it stands


def test_the_folder_for_temporary_files_may_have_any_name_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is spilled there goes by a link as well."""
    (tmp_path / "t*[").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t*["))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert 0 == run(["init", f"--warehouse={tmp_path / 'w?'}"]).code

    ended = run(["status", f"--warehouse={tmp_path / 'w?'}"])

    assert (0, "") == (ended.code, ended.stderr)
    assert [] == list((tmp_path / "t*[").iterdir())
