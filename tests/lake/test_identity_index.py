"""What says where in the log an identity may be never changes what an event becomes (SPEC §4)."""

import errno
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.lake import identity_index, identity_runs
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.identity_runs import Numbers, Run
from pipelines.lake.log import Counts
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.lake.sending import rows, send
from tests.marketplace import Events

BATCHES = 7
KNOWN = Counts(4, 0, 2, 2, {}, 0)


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_index, "STEP", 3)
    monkeypatch.setattr(identity_index, "_FAR", 2)
    for module in (identity_index, identity_runs):
        monkeypatch.setattr(module, "MERGED", 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty warehouse."""
    create(Warehouse(tmp_path / "warehouse"), Setting())
    return tmp_path / "warehouse"


def _events(*numbers: int, revenue: str = "1") -> list[dict[str, Any]]:
    made = Events()
    for _ in numbers:
        made.generation("1", revenue)
    return [{**event, "id": f"e{i}"} for event, i in zip(made.events, numbers, strict=True)]


def _fill(folder: Path) -> None:
    for number in range(BATCHES):
        send(folder, _events(*range(3 * number, 3 * number + 3)))


def _sent_again(folder: Path) -> Counts:
    """Send an early and a late event again, and both with other content."""
    head = len(rows(folder, "FROM event"))
    counts = send(folder, [*_events(1, 16), *_events(2, 17, revenue="2")])
    return Counts(
        counts.received, counts.accepted, counts.duplicate, counts.conflict, head=counts.head - head
    )


def _run_files(folder: Path) -> list[Path]:
    return sorted((folder / "identities").iterdir())


def test_what_the_log_has_is_known_far_back(folder: Path) -> None:
    """By runs, most of them merged, and the end of the log itself."""
    _fill(folder)

    assert KNOWN == _sent_again(folder)
    with connect(Warehouse(folder)) as connection:
        identity_index.keep_up(connection, Warehouse(folder))
    assert ["1-12", "13-18", "19-21"] == sorted(
        (path.name for path in _run_files(folder)), key=lambda name: int(name.split("-")[0])
    )


def test_a_large_batch_has_several_runs(folder: Path) -> None:
    """So much memory a run takes, whatever the size of a batch; its rest is read."""
    send(folder, _events(*range(20)))
    with connect(Warehouse(folder)) as connection:
        identity_index.keep_up(connection, Warehouse(folder), None)

    assert KNOWN == _sent_again(folder)
    assert ["1-12", "13-18"] == sorted((path.name for path in _run_files(folder)), key=len)
    assert [20, 20] == [run.head for run in identity_runs.runs(folder / "identities")]


def test_only_what_can_be_known_is_read_of_the_log(folder: Path) -> None:
    """Of what has runs, no event but those of the same hash."""
    _fill(folder)
    with connect(Warehouse(folder)) as connection:
        identity_index.keep_up(connection, Warehouse(folder))
        connection.execute("CREATE TABLE received_event AS SELECT '/market' AS source, 'e4' AS id")
        connection.execute("CREATE SCHEMA stored")
        identity_index.view_known(connection, Warehouse(folder))
        found = connection.execute("SELECT id FROM stored.event").fetchall()

    assert [("e4",)] == found


@pytest.mark.parametrize("seed", range(3))
def test_outcomes_are_those_of_a_log_that_is_read_whole(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Whatever comes again, in whatever batches."""
    drawn = random.Random(seed)  # noqa: S311
    batches = [
        [
            event
            for _ in range(drawn.randrange(1, 6))
            for event in _events(drawn.randrange(12), revenue=drawn.choice("11112"))
        ]
        for _ in range(8)
    ]
    by_runs = [send(folder, batch) for batch in batches]
    monkeypatch.setattr(identity_index, "STEP", 1000)
    create(Warehouse(tmp_path / "other"), Setting())
    by_the_log = [send(tmp_path / "other", batch) for batch in batches]

    assert by_the_log == by_runs
    assert _run_files(folder)
    assert not (tmp_path / "other/identities").exists()


def _damages(path: Path) -> Iterator[bytes]:
    whole = path.read_bytes()
    for place in (0, len(whole) // 3, len(whole) - 1):
        yield whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    yield whole[:-16]
    yield whole + bytes(16)
    yield b""
    yield b"[]\n"
    head, _, numbers = whole.partition(b"\n")
    hashes = np.frombuffer(numbers[: len(numbers) // 2], np.uint64)
    yield head + b"\n" + hashes[::-1].tobytes() + numbers[len(numbers) // 2 :]


@pytest.mark.parametrize("damage", range(8))
def test_a_damaged_run_is_made_again(folder: Path, damage: int) -> None:
    """One with a bit changed, cut off, too long, in another order, or that is something else."""
    _fill(folder)
    path = _run_files(folder)[0]
    whole, damaged = path.read_bytes(), list(_damages(path))[damage]
    path.write_bytes(damaged)

    assert KNOWN == _sent_again(folder)
    with connect(Warehouse(folder)) as connection:
        identity_index.keep_up(connection, Warehouse(folder))
    assert damaged not in [one.read_bytes() for one in _run_files(folder)]
    assert len(whole) <= _run_files(folder)[0].stat().st_size


def test_runs_that_are_gone_are_made_again(folder: Path) -> None:
    """The folder can be removed at any time."""
    _fill(folder)
    shutil.rmtree(folder / "identities")

    assert KNOWN == _sent_again(folder)
    assert _run_files(folder)


def test_runs_of_another_log_are_not_believed(folder: Path, tmp_path: Path) -> None:
    """An older catalog was restored, and the log went on otherwise."""
    send(folder, _events(0, 1, 2))
    shutil.copytree(folder, tmp_path / "backup")
    send(folder, _events(3, 4, 5))
    send(folder, _events(6, 7, 8))
    send(folder, _events(9))
    kept = tmp_path / "kept"
    shutil.copytree(folder / "identities", kept)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    shutil.copytree(kept, folder / "identities", dirs_exist_ok=True)

    assert 1 == send(folder, _events(4)).accepted
    assert Counts(6, 5, 1, 0, {}, 9) == send(folder, _events(4, 5, 6, 7, 8, 9))
    assert Counts(7, 0, 7, 0, {}, 9) == send(folder, _events(2, 4, 5, 6, 7, 8, 9))


def test_runs_with_the_places_of_another_log_are_not_believed(folder: Path) -> None:
    """What a run says of a place is held against the event that the log has there."""
    _fill(folder)
    (run,) = (run for run in identity_runs.runs(folder / "identities") if run.first == 1)
    hashes, positions = identity_runs._read(folder / "identities" / run.name, run)
    identity_runs.write(folder / "identities", run, hashes, positions[::-1].copy())

    assert KNOWN == _sent_again(folder)
    assert KNOWN == _sent_again(folder)


def test_a_run_that_another_process_merged_meanwhile_is_not_missed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the log is read whole."""
    _fill(folder)
    runs = identity_runs.runs

    def gone(place: Path) -> list[Run]:
        found = runs(place)
        shutil.rmtree(place)
        return found

    monkeypatch.setattr(identity_index, "keep_up", lambda *_: None)
    monkeypatch.setattr(identity_runs, "runs", gone)

    assert KNOWN == _sent_again(folder)


def test_one_process_writes_runs_at_a_time(folder: Path) -> None:
    """Who comes second commits without."""
    with identity_index._alone(folder / "data") as is_alone:
        assert is_alone
        _fill(folder)
        assert not (folder / "identities").exists()
    assert KNOWN == _sent_again(folder)

    assert _run_files(folder)


def test_a_full_disk_stops_no_commit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be written is written the next time."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(identity_runs, "write", fail)
        _fill(folder)
        assert KNOWN == _sent_again(folder)
        assert not (folder / "identities").exists()

    assert KNOWN == _sent_again(folder)
    assert _run_files(folder)


def _numbers(*values: int) -> Numbers:
    return np.array(values, np.uint64)


def test_all_positions_of_a_hash_are_found(tmp_path: Path) -> None:
    """Two identities can have one hash, in one run or in several."""
    largest = (1 << 64) - 1
    first, second = Run(1, 4, 4, "a"), Run(5, 6, 9, "b")
    identity_runs.write(tmp_path, first, _numbers(largest, 7, 0, 7), _numbers(1, 2, 3, 4))
    identity_runs.write(tmp_path, second, _numbers(7, 9), _numbers(5, 6))
    found = identity_runs.runs(tmp_path)

    assert [("1-4", "a"), ("5-6", "b")] == [(run.name, run.batch_id) for run in found]
    asked = {0: [3], 7: [2, 4, 5], 8: [], 9: [6], largest: [1]}
    for value, places in asked.items():
        assert places == list(identity_runs.find(tmp_path, found, _numbers(value)))
    identity_runs.merge(tmp_path)
    (merged,) = identity_runs.runs(tmp_path)
    assert ("1-6", 9, "b", 1) == (merged.name, merged.head, merged.batch_id, merged.level)
    assert [2, 3, 4, 5, 6] == list(identity_runs.find(tmp_path, [merged], _numbers(0, 7, 9)))


def test_runs_after_a_gap_are_left_out(tmp_path: Path) -> None:
    """What they are of is read in the log, as all is that comes after the gap."""
    for first in (1, 5):
        run = Run(first, first + 1, 9, "a")
        identity_runs.write(tmp_path, run, _numbers(3, 4), _numbers(first, first + 1))

    assert ["1-2"] == [run.name for run in identity_runs.runs(tmp_path)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1-9", "[" * 9_999),
        ("1-9", '{"first": 1, "last": 9, "head": 4, "batch_id": "a"}'),
        ("1-9", '{"first": 1, "last": 9, "head": 9, "batch_id": 7}'),
        ("1-9", '{"first": 1, "last": 9, "head": 9.0, "batch_id": "a"}'),
        ("0-9", '{"first": 0, "last": 9, "head": 9, "batch_id": "a"}'),
        (f"1-{10**40}", f'{{"first": 1, "last": {10**40}, "head": {10**40}, "batch_id": "a"}}'),
    ],
)
def test_what_no_log_can_have_is_no_run(tmp_path: Path, name: str, said: str) -> None:
    """Nor does it stop whoever looks for runs."""
    (tmp_path / name).write_text(f"{said}\n")

    assert [] == identity_runs.runs(tmp_path)


def test_a_pipe_among_the_runs_is_left_alone(tmp_path: Path) -> None:
    """To read one waits until somebody writes."""
    os.mkfifo(tmp_path / "1-9")

    assert [] == identity_runs.runs(tmp_path)
