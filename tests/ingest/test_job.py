"""What an ingest promises: nothing lost, nothing twice, bounded memory (SPEC §4, §8)."""

import gzip
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import ModuleType, SimpleNamespace

import duckdb
import pytest

from pipelines.errors import ManyhandsError, NotFoundError, TryAgainError
from pipelines.ingest import job, work
from pipelines.ingest.job import ingest
from pipelines.lake import engine
from pipelines.lake.catalogs.sqlite import exists
from pipelines.lake.log import Counts
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.batch import Portion
from pipelines.sources.batches import PORTION_BYTES
from pipelines.sources.limits import DEFAULT_LIMITS, Limits
from pipelines.sources.watch import Watch
from schemas.record import Received
from tests.conftest import Run
from tests.lake.sending import NOW, rows
from tests.marketplace import Events

AS_OF = "--as-of=2026-12-01T00:00:00Z"
COMMAND = str(Path(sys.executable).parent / "manyhands")
BATCH = 200
"""Lines of a batch in the processes that are started here."""


def _write(path: Path, numbers: Sequence[int], amount: str = "1") -> str:
    events = Events()
    events.generation("1", amount)
    (event,) = events.events
    lines = (json.dumps({**event, "id": f"e{number}"}) + "\n" for number in numbers)
    path.write_text("".join(lines))
    return str(path)


TEN = Limits(lines=10)


def _ingest(
    folder: Path,
    *sources: str,
    limits: Limits = DEFAULT_LIMITS,
    clock: Callable[[], datetime] = lambda: NOW,
) -> Counts:
    batches = ingest(
        Warehouse(folder),
        sources,
        clock=clock,
        manifest_roots=[],
        watch=Watch(print),
        limits=limits,
    )
    return sum((done.counts for done in batches), Counts())


def _start(folder: Path, source: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, "ingest", f"--warehouse={folder}", source, AS_OF, "--json"],
        env={**os.environ, "MANYHANDS_BATCH_LINES": str(BATCH)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _await_batch(process: subprocess.Popen[str]) -> None:
    """Wait until an ingest says that it committed one more batch."""
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any("events received" in line for line in lines)


def _log_digest(folder: Path) -> str:
    """Return a digest over all of the log's identities and contents in their order."""
    query = "SELECT seq, source, id, content_sha256 FROM event ORDER BY seq"
    return sha256(repr(rows(folder, query)).encode()).hexdigest()


def _head(folder: Path) -> tuple[int, int, int]:
    """Return the head, the highest position and how many positions are taken."""
    query = "SELECT (SELECT seq FROM head), max(seq), count(DISTINCT seq) FROM event"
    ((head, highest, taken),) = rows(folder, query)
    return head, highest, taken


def test_batches_add_up_to_what_was_received(tmp_path: Path) -> None:
    """Duplicates and conflicts are told within and across batches, rejections by reason."""
    first = _write(tmp_path / "a.ndjson", [*range(15), 3, 14])
    second = _write(tmp_path / "b.ndjson", [2, 20], "2")
    with Path(first).open("a") as file:
        file.write("\n{\n[]\n \t\n")

    counts = _ingest(tmp_path / "warehouse", first, second, limits=TEN)

    rejected = {"not_json": 1, "not_an_event": 1}
    expected = Counts(21, 16, 2, 1, Counter(rejected), 16)
    assert expected == counts
    ids = [f"e{number}" for number in [*range(15), 20]]
    assert list(enumerate(ids, 1)) == rows(
        tmp_path / "warehouse", "SELECT seq, id FROM event ORDER BY seq"
    )
    query = "SELECT sum(received), count(*), max(head) FROM ingest_batch"
    ((received, batches, head),) = rows(tmp_path / "warehouse", query)
    assert (21, 16) == (received, head)
    assert batches > 1


def test_a_missing_source_makes_nothing(tmp_path: Path) -> None:
    """It is found missing before a warehouse is made."""
    source = _write(tmp_path / "a.ndjson", range(3))

    with pytest.raises(NotFoundError, match="gone"):
        _ingest(tmp_path / "warehouse", source, str(tmp_path / "gone"))

    assert not (tmp_path / "warehouse").exists()


def test_a_source_without_events_is_an_empty_batch(tmp_path: Path) -> None:
    """Blank lines are nothing received; the warehouse is made all the same."""
    (tmp_path / "a.ndjson").write_text("\n \n\t")

    assert Counts() == _ingest(tmp_path / "warehouse", str(tmp_path))
    assert exists(Warehouse(tmp_path / "warehouse"))


def test_the_clock_is_read_once_per_batch(tmp_path: Path) -> None:
    """All of a batch is recorded at one instant, and judged by it."""
    source = _write(tmp_path / "a.ndjson", range(20))
    ticks = iter(NOW.replace(minute=minute) for minute in range(60))

    _ingest(tmp_path / "warehouse", source, limits=TEN, clock=lambda: next(ticks))

    by_batch = rows(
        tmp_path / "warehouse",
        "SELECT count(DISTINCT recorded_at), count(DISTINCT batch_id) FROM event GROUP BY batch_id",
    )
    assert {(1, 1)} == set(by_batch)
    assert len(by_batch) > 1


def test_standard_input_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines are numbered like a file's; its name is `-`."""
    text = Path(_write(tmp_path / "a.ndjson", range(25))).read_bytes() + b"not json"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))

    counts = _ingest(tmp_path / "warehouse", "-", limits=TEN)

    assert (26, 25) == (counts.received, counts.accepted)
    letters = rows(tmp_path / "warehouse", "SELECT origin, origin_item FROM dead_letter")
    assert [("-", "26")] == letters


def test_a_compressed_source_is_read_as_what_it_holds(tmp_path: Path) -> None:
    """Its events are those of the text, and a dead letter has the number of the text's line."""
    text = Path(_write(tmp_path / "plain", range(25))).read_bytes() + b"not json"
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(text))

    counts = _ingest(tmp_path / "warehouse", str(tmp_path / "a.ndjson.gz"), limits=TEN)
    again = _ingest(tmp_path / "warehouse", str(tmp_path / "plain"))

    assert (26, 25) == (counts.received, counts.accepted)
    assert 25 == again.duplicate
    letters = rows(tmp_path / "warehouse", "SELECT origin, origin_item FROM dead_letter")
    assert [(str(tmp_path / "a.ndjson.gz"), "26")] == letters


def test_dead_letters_of_many_files_name_the_file_and_the_line(tmp_path: Path) -> None:
    """Files that share a batch keep their lines apart."""
    folder = tmp_path / "in"
    folder.mkdir()
    names = [str(folder / f"{number:03}.ndjson") for number in range(120)]
    for number, name in enumerate(names):
        good = _write(tmp_path / "good", [number])
        Path(name).write_bytes(b"\n" * (number % 3) + b"bad\n" + Path(good).read_bytes())

    counts = _ingest(tmp_path / "warehouse", str(folder))

    assert (240, 120, 120) == (counts.received, counts.accepted, counts.rejected["not_json"])
    query = "SELECT origin, origin_item FROM dead_letter ORDER BY origin"
    expected = [(name, str(number % 3 + 1)) for number, name in enumerate(names)]
    assert expected == rows(tmp_path / "warehouse", query)
    ids = [(f"e{number}",) for number in range(120)]
    assert ids == rows(tmp_path / "warehouse", "SELECT id FROM event ORDER BY seq")


def test_what_is_said_to_be_in_the_log_of_damaged_data_is_there(tmp_path: Path) -> None:
    """The batches before stay committed, nothing of the last one, and all of other sources."""
    text = Path(_write(tmp_path / "plain", range(8_000))).read_bytes()
    damaged = tmp_path / "a.ndjson.gz"
    damaged.write_bytes(gzip.compress(text)[:-1])
    after = _write(tmp_path / "b.ndjson", range(9_000, 9_010))
    warehouse = tmp_path / "warehouse"

    with pytest.raises(ManyhandsError) as failed:
        _ingest(warehouse, str(damaged), after, limits=Limits(lines=4_000))

    found = re.search("lines 1 to ([0-9]+) are in the log", str(failed.value))
    assert found is not None
    ids = [f"e{number}" for number in [*range(int(found[1])), *range(9_000, 9_010)]]
    assert ids == [id_ for (id_,) in rows(warehouse, "SELECT id FROM event ORDER BY seq")]


@pytest.mark.processes
@pytest.mark.parametrize("words", [["b.ndjson"], ["a.ndjson", "b.ndjson"], ["-"]])
def test_a_source_that_cannot_be_ndjson_makes_nothing(tmp_path: Path, words: list[str]) -> None:
    """It ends with exit 2 before anything is done, whatever else is named; a pipe too."""
    _write(tmp_path / "a.ndjson", range(3))
    content = Path(_write(tmp_path / "text", range(3))).read_text().encode("utf-16")
    (tmp_path / "b.ndjson").write_bytes(content)

    ended = subprocess.run(
        [COMMAND, "ingest", *words, AS_OF],
        cwd=tmp_path,
        input=content,
        capture_output=True,
        check=False,
    )

    assert 2 == ended.returncode
    assert ended.stderr.startswith(f"error: {words[-1]}: UTF-16 text, not NDJSON".encode())
    assert b"iconv" in ended.stderr
    assert b"" == ended.stdout
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.processes
def test_a_source_that_is_replaced_under_an_ingest_is_told(tmp_path: Path) -> None:
    """All of the old file is in the log, nothing of the new one, and the command fails."""
    source = Path(_write(tmp_path / "a.ndjson", range(BATCH * 6)))
    new = Path(_write(tmp_path / "new", range(10_000, 10_000 + BATCH * 6)))

    process = _start(tmp_path / "warehouse", str(source))
    _await_batch(process)
    source.rename(tmp_path / "a.ndjson.1")
    new.rename(source)
    _, stderr = process.communicate()

    assert 1 == process.returncode
    assert f"error: {source} was replaced" in stderr
    assert f"lines 1 to {BATCH * 6} are in the log" in stderr
    ids = [(f"e{number}",) for number in range(BATCH * 6)]
    assert ids == rows(tmp_path / "warehouse", "SELECT id FROM event ORDER BY seq")


@pytest.mark.parametrize(
    "name", ["MANYHANDS_BATCH_LINES", "MANYHANDS_BATCH_BYTES", "MANYHANDS_MANIFEST_BYTES"]
)
@pytest.mark.parametrize("value", ["0", "x", "-5", "1.5", str(10**15)])
def test_a_limit_that_makes_no_sense_is_a_usage_error(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A limit is a number within bounds; what set it to something else is named."""
    source = _write(tmp_path / "a.ndjson", range(3))
    monkeypatch.setenv(name, value)

    outcome = manyhands("ingest", source)

    assert 2 == outcome.code
    assert outcome.stderr.startswith(f"error: {name}: ")
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize("days", ["-1", "367", "999999999", "x"])
def test_grace_days_are_those_of_a_year_at_most(manyhands: Run, tmp_path: Path, days: str) -> None:
    """More would be a warehouse that can never close."""
    assert 2 == manyhands("init", f"--grace-days={days}").code
    assert not (tmp_path / "warehouse").exists()


class _Source:
    """A batch of messages, which says what was done with it."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._bodies = bodies
        self.told: list[str] = []

    @property
    def events(self) -> Iterator[Portion]:
        yield [Received(n, "sub", f"m{n}", body) for n, body in enumerate(self._bodies)]

    def acknowledge(self) -> None:
        self.told.append("acknowledged")

    def release(self) -> None:
        self.told.append("released")


def test_a_batch_is_acknowledged_once_it_is_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a source of messages gives passes as a file's lines do."""
    bodies = Path(_write(tmp_path / "a.ndjson", range(3))).read_bytes().splitlines()
    made = [_Source(bodies[:2]), _Source([*bodies, b"{"])]
    monkeypatch.setattr(job, "batches", lambda *_: iter(made))
    batches = job.ingest(
        Warehouse(tmp_path / "warehouse"),
        [],
        clock=lambda: NOW,
        manifest_roots=[],
        watch=Watch(print),
    )

    seen = [(done.counts, [list(batch.told) for batch in made]) for done in batches]

    assert [
        (Counts(2, 2, 0, 0, {}, 2), [["acknowledged"], []]),
        (Counts(4, 1, 2, 0, {"not_json": 1}, 3), [["acknowledged"], ["acknowledged"]]),
    ] == seen
    query = "SELECT origin, origin_item FROM dead_letter"
    assert [("sub", "m3")] == rows(tmp_path / "warehouse", query)


def test_a_batch_that_is_not_committed_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its source sends it again; it is never acknowledged."""
    batch = _Source(Path(_write(tmp_path / "a.ndjson", range(3))).read_bytes().splitlines())
    monkeypatch.setattr(job, "batches", lambda *_: iter([batch]))

    def fail(*_: object) -> Counts:
        message = "the catalog is busy"
        raise TryAgainError(message)

    monkeypatch.setattr(work, "append_parts", fail)
    with pytest.raises(TryAgainError):
        list(
            job.ingest(
                Warehouse(tmp_path / "w"),
                [],
                clock=lambda: NOW,
                manifest_roots=[],
                watch=Watch(print),
            )
        )

    assert ["released"] == batch.told


def test_an_ingest_opens_its_warehouse_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the number of batches: no step opens one, and nothing is read back by another."""
    source = _write(tmp_path / "a.ndjson", range(25))
    _ingest(tmp_path / "warehouse", source)
    opened = []
    start = engine.connect

    def record(
        memory_bytes: int, extension: ModuleType
    ) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        opened.append(1)
        return start(memory_bytes, extension)

    monkeypatch.setattr(engine, "connect", record)
    counts = _ingest(tmp_path / "warehouse", source, limits=TEN)

    assert (25, [1]) == (counts.duplicate, opened)


def test_where_there_is_nothing_to_read_the_head_is_told(tmp_path: Path) -> None:
    """One empty batch is yielded, whether a file is empty or holds blank lines."""
    _ingest(tmp_path / "warehouse", _write(tmp_path / "a.ndjson", range(3)))
    for content in ("", "\n\n"):
        (tmp_path / "b.ndjson").write_text(content)
        assert Counts(head=3) == _ingest(tmp_path / "warehouse", str(tmp_path / "b.ndjson"))


@pytest.mark.processes
def test_a_killed_ingest_goes_on_where_it_was(tmp_path: Path) -> None:
    """`kill -9` in the middle of a file, and the same command again: as if undisturbed."""
    source = _write(tmp_path / "a.ndjson", range(BATCH * 6))
    undisturbed = tmp_path / "undisturbed"
    _ingest(undisturbed, source)
    warehouse = tmp_path / "warehouse"
    for commits in (1, 2):
        process = _start(warehouse, source)
        for _ in range(commits):
            _await_batch(process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert -signal.SIGKILL == process.returncode
        head, highest, taken = _head(warehouse)
        assert head == highest == taken >= BATCH * commits // 2

    process = _start(warehouse, source)
    counts = json.loads(process.communicate()[0])

    assert (0, BATCH * 6) == (process.returncode, counts["received"])
    assert counts["accepted"] + counts["duplicate"] == BATCH * 6
    assert counts["duplicate"] >= BATCH
    assert _head(undisturbed) == _head(warehouse)
    assert _log_digest(undisturbed) == _log_digest(warehouse)
    assert [] == list((warehouse / "staged").iterdir())


@pytest.mark.processes
def test_two_ingesters_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each event is there once, positions have no gap, and one of two equal ones is a duplicate."""
    warehouse = tmp_path / "warehouse"
    _ingest(warehouse, _write(tmp_path / "first.ndjson", [0]))
    sources = [
        _write(tmp_path / "a.ndjson", range(BATCH * 4)),
        _write(tmp_path / "b.ndjson", range(BATCH * 3, BATCH * 7)),
    ]

    processes = [_start(warehouse, source) for source in sources]
    outcomes = [process.communicate() for process in processes]

    assert [0, 0] == [process.returncode for process in processes], outcomes
    counts = [json.loads(stdout) for stdout, _ in outcomes]
    assert BATCH * 7 - 1 == sum(count["accepted"] for count in counts)
    assert BATCH + 1 == sum(count["duplicate"] for count in counts)
    assert (BATCH * 7, BATCH * 7, BATCH * 7) == _head(warehouse)
    assert [(BATCH * 7,)] == rows(warehouse, "SELECT count(DISTINCT id) FROM event")
    assert [(BATCH * 7,)] == rows(warehouse, "SELECT count(DISTINCT seq) FROM asset_generated")


@pytest.mark.processes
@pytest.mark.parametrize(
    ("portion_bytes", "place"), [(1 << 17, "/data/main/event"), (PORTION_BYTES, "")]
)
def test_a_full_disk_is_told_and_the_same_command_goes_on(
    tmp_path: Path, portion_bytes: int, place: str
) -> None:
    """Nothing half-written counts, and it is all taken when there is room again."""
    warehouse = tmp_path / "warehouse"
    _ingest(warehouse, _write(tmp_path / "first.ndjson", [0]))
    text = Path(_write(tmp_path / "a.ndjson", range(1, 10_001))).read_text()
    numbers = count()
    text = re.sub('"asset_id": "a"', lambda _: f'"asset_id": "{_noise(next(numbers))}"', text)
    (tmp_path / "a.ndjson").write_text(text)

    # of portions of their usual size, what is staged is larger than what is committed
    portions = f"from pipelines.sources import batches; batches.PORTION_BYTES = {portion_bytes}"
    program = [
        sys.executable,
        "-c",
        f"{portions}; import sys, manyhands; sys.exit(manyhands.main())",
    ]

    failed = subprocess.run(
        [*program, "ingest", f"--warehouse={warehouse}", str(tmp_path / "a.ndjson"), AS_OF],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )

    assert 1 == failed.returncode
    assert 2 == len(failed.stderr.splitlines())
    assert f"{warehouse}{place}: its disk is full" in failed.stderr
    assert "make room, and run the command again" in failed.stderr
    assert (1, 1, 1) == _head(warehouse)
    counts = _ingest(warehouse, str(tmp_path / "a.ndjson"))
    assert (10_000, 10_001) == (counts.accepted, counts.head)


def _noise(number: int) -> str:
    """Return letters that can't be compressed."""
    return sha256(b"%d" % number).hexdigest()


@pytest.mark.processes
def test_memory_does_not_grow_with_the_source(tmp_path: Path) -> None:
    """Ten times the batches take less than a fifth more memory."""
    peaks = []
    for name, events in (("few", BATCH * 2), ("many", BATCH * 20)):
        source = _write(tmp_path / f"{name}.ndjson", range(events))
        process = _start(tmp_path / name, source)
        _, status, usage = os.wait4(process.pid, 0)
        assert 0 == status
        peaks.append(usage.ru_maxrss)

    few, many = peaks
    assert many < few * 1.2
