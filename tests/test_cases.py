"""Every case of tests/cases/ that a file can hold, through the command line."""

from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.ingest import cases
from tests.scenario import line

AT_NOW = f"--as-of={cases.NOW}"
ROOTS = f"--manifest-roots={cases.FOLDER}"
FAILS = {
    name: case for name in cases.names("fail") if "attributes" not in (case := cases.read(name))
}
FOUND_BY_THE_COMMIT = [
    name for name, case in FAILS.items() if case["reason"] in cases.FOUND_BY_THE_COMMIT
]
AFTER_OTHERS = [name for name in FOUND_BY_THE_COMMIT if "before" in FAILS[name]]
NO_FILE_OF_EVENTS = {"any.utf16.fail.json"}
"""As a message it is refused; a file that begins so is no source (tests/sources)."""

FOUND_BEFORE = {
    name: case
    for name, case in FAILS.items()
    if name not in FOUND_BY_THE_COMMIT
    and "size" not in case
    and "now" not in case
    and name not in NO_FILE_OF_EVENTS
}


def _write(path: Path, case: cases.Case) -> str:
    path.write_bytes(cases.received(case).body + b"\n")
    return str(path)


def test_what_fails_is_a_dead_letter_with_its_reason_and_path(
    manyhands: Run, tmp_path: Path
) -> None:
    """A folder of refused events takes nothing in, and each is kept with why."""
    folder = tmp_path / "events"
    folder.mkdir()
    for name, case in FOUND_BEFORE.items():
        _write(folder / f"{name}.ndjson", case)
    counts = manyhands("ingest", str(folder), AT_NOW, "--json").json
    query = "SELECT origin, reason, path FROM dead_letter"
    kept = manyhands("query", query, "--json").json
    found = {Path(row["origin"]).stem: (row["reason"], row["path"]) for row in kept}

    assert {name: (case["reason"], case["path"]) for name, case in FOUND_BEFORE.items()} == found
    assert (len(FOUND_BEFORE), 0) == (counts["received"], counts["accepted"])


@pytest.mark.parametrize("name", AFTER_OTHERS)
def test_what_the_log_speaks_against_is_refused_with_its_reason(
    manyhands: Run, tmp_path: Path, name: str
) -> None:
    """Conflicts are judged against the log, whatever the manifest, and counted apart."""
    case = FAILS[name]
    before = tmp_path / "before.ndjson"
    before.write_bytes(b"".join(line(event) + b"\n" for event in case["before"]))
    manyhands("ingest", str(before), AT_NOW, ROOTS)
    source = _write(tmp_path / "case.ndjson", case)
    counts = manyhands("ingest", source, AT_NOW, ROOTS, "--json").json
    refused = {"id_conflict": counts["conflict"], **counts["rejected"]}

    assert 1 == refused[case["reason"]]
    assert (1, 0) == (counts["received"], counts["accepted"])


def test_what_the_commit_refuses_is_refused_with_its_reason(manyhands: Run, tmp_path: Path) -> None:
    """Each manifest is at fault by itself, beside all the others."""
    folder = tmp_path / "events"
    folder.mkdir()
    reasons = {n: FAILS[n]["reason"] for n in FOUND_BY_THE_COMMIT if n not in AFTER_OTHERS}
    for name in reasons:
        _write(folder / f"{name}.ndjson", FAILS[name])
    counts = manyhands("ingest", str(folder), AT_NOW, ROOTS, "--json").json
    query = "SELECT origin, reason FROM dead_letter"
    kept = manyhands("query", query, "--json").json

    assert reasons == {Path(row["origin"]).stem: row["reason"] for row in kept}
    assert Counter(reasons.values()) == counts["rejected"]
    assert (len(reasons), 0) == (counts["received"], counts["accepted"])


@pytest.mark.parametrize("name", [n for n in cases.names("pass") if "manifest_in_a_file" in n])
def test_a_manifest_in_a_file_is_taken_from_a_root(
    manyhands: Run, tmp_path: Path, name: str
) -> None:
    """Its rows are facts, and its copy is in the warehouse under its SHA-256."""
    case = cases.read(name)
    manifest = case["event"]["data"]["manifest"]
    source = _write(tmp_path / "case.ndjson", case)
    counts = manyhands("ingest", source, AT_NOW, ROOTS, "--json").json
    rows = manyhands("query", "SELECT count(*) AS n FROM manifest_entry", "--json").json

    assert 1 == counts["accepted"]
    assert [{"n": manifest["rows"]}] == rows
    copy = tmp_path / "warehouse" / "manifests" / manifest["sha256"]
    assert (cases.FOLDER / manifest["uri"]).read_bytes() == copy.read_bytes()


def test_a_dead_letter_tells_why_it_was_refused_last(manyhands: Run, tmp_path: Path) -> None:
    """A line refused for its manifest, then for its identity, is one dead letter: `id_conflict`."""
    name = next(
        name for name in FOUND_BY_THE_COMMIT if name.startswith("model-trained.manifest_not")
    )
    case = FAILS[name]
    source = _write(tmp_path / "case.ndjson", case)
    other = tmp_path / "other.ndjson"
    data = {**case["event"]["data"], "manifest": [{"image_id": "i"}]}
    other.write_bytes(line({**case["event"], "data": data}) + b"\n")
    for path in (source, str(other), source):
        manyhands("ingest", path, AT_NOW)
    letters = manyhands("deadletter", "list", "--json").json

    assert ["id_conflict"] == [letter["reason"] for letter in letters]


def test_after_an_ingest_the_folder_holds_nothing_that_a_reader_would_tidy_up(
    manyhands: Run, tmp_path: Path
) -> None:
    """SQLite's write-ahead log is gone with the last writer."""
    manyhands("ingest", _write(tmp_path / "case.ndjson", {"text": "{}"}), AT_NOW)

    names = sorted(path.name for path in (tmp_path / "warehouse").iterdir())
    assert ["catalog.sqlite", "data", "gate", "manifests", "staged"] == names
