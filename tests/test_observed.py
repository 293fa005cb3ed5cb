"""An ingest as it is seen from outside: real processes, real pages, a real broker."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.processes import MANYHANDS
from tests.conftest import Run
from tests.deploy.test_prometheus import names_used
from tests.emulator import Emulator, free_port, wait_until
from tests.marketplace import Events, small

QUICK = ("--batch-seconds=0.2", "--lease-seconds=10", "--idle-seconds=1")
PRIVATE = "known-to-a-producer-alone"
AS_OF = "--as-of=2026-02-01T00:00:00Z"


@dataclass(frozen=True)
class Observed:
    """An ingest that runs, and its pages."""

    process: "subprocess.Popen[str]"
    port: int
    folder: Path

    def page(self, path: str) -> tuple[int, str]:
        """Return a page's status and text; 0 before anybody listens."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self) -> dict[str, float]:
        """Return the samples, by name, or by name and labels (in order of their names)."""
        return {
            sample.name + ("" if not sample.labels else str(tuple(sample.labels.values()))): (
                sample.value
            )
            for family in text_string_to_metric_families(self.page("/metrics")[1])
            for sample in family.samples
        }

    def is_ready(self) -> bool:
        """Return whether it is ready, and fail where it has ended."""
        assert self.process.poll() is None, self.process.communicate()[1]
        return self.page("/readyz")[0] == 200

    def end(self) -> tuple[str, str]:
        """Let it end, and return stdout and stderr."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=30)


@contextmanager
def observed(
    emulator: Emulator, folder: Path, *words: str, **environment: str
) -> Iterator[Observed]:
    """Run `ingest --follow` with metrics, in a folder, until the context ends."""
    port = free_port()
    (folder / "temporary").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [MANYHANDS, "ingest", *words, "--follow", f"--metrics-port={port}", *QUICK],
        cwd=folder,
        env=os.environ | emulator.environment | {"TMPDIR": str(folder / "temporary")} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Observed(process, port, folder)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def topic(emulator: Emulator, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Make a topic and a subscription that are called as the test is; return both."""
    topic, path = emulator.make("t" + "".join(c for c in request.node.name if c.isalnum())[-100:])
    return topic, f"pubsub:{path}"


def _bodies(events: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def test_every_metric_that_is_asked_for_is_shown(
    emulator: Emulator, topic: tuple[str, str], manyhands: Run, tmp_path: Path
) -> None:
    """Each name in the rules and in the dashboard is on the page of an ingest that runs."""
    source = small(Events()).write(tmp_path / "events.ndjson")
    (tmp_path / "broken.ndjson").write_text("{\n")
    assert 0 == manyhands("ingest", source, str(tmp_path / "broken.ndjson"), AS_OF).code
    assert 0 == manyhands("close", "--period=2026-01", AS_OF).code
    with observed(emulator, tmp_path, topic[1], AS_OF) as ingest:
        wait_until(ingest.is_ready, 60, "it is ready")
        emulator.publish(topic[0], [b"{"])
        seen = ingest.metrics
        wait_until(lambda: seen().get("manyhands_batches_total") == 1, 30, "a batch is committed")
        wait_until(lambda: "manyhands_held_amount" in str(seen()), 30, "the warehouse was read")
        shown = seen()

    assert [] == sorted(names_used() - {re.sub(r"\(.*", "", name) for name in shown})
    assert 1 == shown["manyhands_dead_letters('not_json',)"]
    assert 1 == shown["manyhands_rejected_total('not_json',)"]
    assert 10 == shown["manyhands_log_head"]
    assert 2 == shown["manyhands_close_statements('2026-01',)"]
    assert shown["manyhands_held_amount('USD', 'unlicensed_image')"] > 0
    assert 1_772_323_200 == shown["manyhands_next_close_due_timestamp_seconds"]


def test_the_counts_of_an_ingest_are_those_of_its_log(
    emulator: Emulator, topic: tuple[str, str], tmp_path: Path
) -> None:
    """Metrics and lines of JSON say the same, and no line says what an event holds."""
    events = small(Events()).events
    broken = json.dumps(events[0] | {"type": PRIVATE}).encode()
    with observed(emulator, tmp_path, topic[1], "--log-format=json", "--json") as ingest:
        wait_until(ingest.is_ready, 60, "it is ready")
        emulator.publish(topic[0], [*_bodies(events), *_bodies(events[:2]), broken, b"{"])
        wait_until(
            lambda: ingest.metrics().get("manyhands_received_total") == 13, 30, "all is committed"
        )
        shown = ingest.metrics()
        stdout, stderr = ingest.end()
    lines = [json.loads(line) for line in stderr.splitlines()]
    batches = [line for line in lines if line["event"] == "committed"]

    assert 0 == ingest.process.returncode, stderr
    assert (9, 2, 0) == tuple(
        shown[f"manyhands_{name}_total"] for name in ("accepted", "duplicate", "conflict")
    )
    assert 1 == shown["manyhands_rejected_total('unknown_type',)"]
    assert len(batches) == shown["manyhands_batches_total"]
    assert len(batches) == shown["manyhands_commit_seconds_count"]
    assert 13 == shown["manyhands_batch_events_sum"] == sum(one["received"] for one in batches)
    assert 9 == shown["manyhands_log_head"] == batches[-1]["head"]
    assert time.time() - 60 < shown["manyhands_last_commit_timestamp_seconds"] < time.time()
    assert 0 == shown["manyhands_outstanding_messages"] == shown["manyhands_outstanding_bytes"]
    assert ["note", "receiving", "committed"] == [line["event"] for line in lines[:3]]
    assert ("notice", "source policy") == (lines[0]["level"], lines[0]["message"][:13])
    assert {"batch", "seconds", "commit_seconds", "rejected", "time", "level"} <= set(batches[0])
    assert PRIVATE not in stderr
    assert 13 == json.loads(stdout)["received"]
    assert [] == list((tmp_path / "temporary").glob("manyhands-*"))


def test_a_warehouse_that_is_gone_makes_it_red_and_not_dead(
    emulator: Emulator, topic: tuple[str, str], tmp_path: Path
) -> None:
    """What waits is shown with its age; when the warehouse is back it is green by itself."""
    events = small(Events()).events
    catalog = tmp_path / "warehouse" / "catalog.sqlite"
    with observed(emulator, tmp_path, topic[1], "--ready-seconds=1") as ingest:
        wait_until(ingest.is_ready, 60, "it is ready")
        shutil.move(catalog, tmp_path / "elsewhere")
        emulator.publish(topic[0], _bodies(events))
        wait_until(lambda: not ingest.is_ready(), 30, "it is red")
        wait_until(
            lambda: ingest.metrics()["manyhands_warehouse_waiting"] == 1,
            30,
            "it says that it waits",
        )
        red, alive, shown = ingest.page("/readyz"), ingest.page("/livez"), ingest.metrics()
        shutil.move(tmp_path / "elsewhere", catalog)
        wait_until(lambda: ingest.metrics().get("manyhands_log_head") == 9, 60, "it is committed")
        wait_until(ingest.is_ready, 30, "it is green again")
        after = ingest.metrics()

    assert (503, 1) == (red[0], len(red[1].splitlines()))
    assert "9 messages are outstanding" in red[1]
    assert (200, "alive\n") == alive
    assert (9, 0) == (shown["manyhands_outstanding_messages"], shown["manyhands_ready"])
    assert sum(map(len, _bodies(events))) <= shown["manyhands_outstanding_bytes"]
    assert 1 < shown["manyhands_oldest_unacknowledged_seconds"] < 60
    assert (0, 1) == (after["manyhands_warehouse_waiting"], after["manyhands_ready"])
    assert 0 == after["manyhands_oldest_unacknowledged_seconds"]


def test_a_service_manager_is_told_when_it_is_ready_and_that_it_turns(
    emulator: Emulator, topic: tuple[str, str], tmp_path: Path
) -> None:
    """Ready once the warehouse is there; then that its loop turns, once a second, until it ends."""
    heard: list[tuple[float, str]] = []
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        with observed(emulator, tmp_path, topic[1], NOTIFY_SOCKET=path) as ingest:
            first = manager.recv(100).decode()
            has_warehouse = (tmp_path / "warehouse" / "catalog.sqlite").exists()
            while len(heard) < 4:
                heard.append((time.monotonic(), manager.recv(100).decode()))
            ingest.process.send_signal(signal.SIGTERM)
            while heard[-1][1] != "STOPPING=1":
                heard.append((time.monotonic(), manager.recv(100).decode()))

    assert ("READY=1", True) == (first, has_warehouse)
    assert {"WATCHDOG=1"} == {state for _, state in heard[:-1]}
    assert 1.5 < heard[3][0] - heard[0][0] < 30


def test_a_port_that_is_taken_ends_it_before_anything_is_done(
    manyhands: Run, tmp_path: Path
) -> None:
    """Exit 1, with what to do; as JSON where that was asked for; no warehouse is made."""
    source = small(Events()).write(tmp_path / "events.ndjson")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = f"--metrics-port={taken.getsockname()[1]}"
        as_text = manyhands("ingest", source, port)
        as_json = manyhands("ingest", source, port, "--log-format=json")

    assert (1, 1) == (as_text.code, as_json.code)
    assert "nothing was done; end what listens there, or name another" in as_text.stderr
    said = json.loads(as_json.stderr)
    assert ("error", "failed", 1) == (said["level"], said["event"], said["exit_code"])
    assert as_text.stderr == f"error: {said['message']}\n"
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ('log-format = "json"\nmetrics-host = "127.0.0.1"\nready-seconds = 2.5', 0),
        ("metrics-port = PORT", 0),
        ('metrics-port = "PORT"', 0),
        ("metrics-port = 0", 2),
        ("metrics-port = true", 2),
        ('log-format = "xml"', 2),
    ],
)
def test_how_it_is_seen_is_set_in_the_file_too(
    manyhands: Run, tmp_path: Path, setting: str, code: int
) -> None:
    """As every flag is, and refused where it is of another kind."""
    source = str(tmp_path / "events.ndjson")
    Path(source).touch()
    (tmp_path / "manyhands.toml").write_text(setting.replace("PORT", str(free_port())))

    ended = manyhands("ingest", source, AS_OF)

    assert code == ended.code, ended.stderr


def test_a_traceback_is_part_of_the_line_as_json(manyhands: Run, tmp_path: Path) -> None:
    """With --debug too each line is one object."""
    ended = manyhands("ingest", str(tmp_path / "gone"), "--log-format=json", "--debug")
    (said,) = map(json.loads, ended.stderr.splitlines())

    assert (3, 3) == (ended.code, said["exit_code"])
    assert "Traceback" in said["traceback"]


def test_a_broker_that_is_gone_is_shown_and_makes_it_neither_red_nor_dead(
    emulator: Emulator, topic: tuple[str, str], tmp_path: Path
) -> None:
    """It waits for it; when the broker is back it is in reach again."""
    with observed(emulator, tmp_path, topic[1], "--patience=1") as ingest:
        wait_until(ingest.is_ready, 60, "it is ready")
        emulator.suspend()
        try:
            shown = ingest.metrics
            name = "manyhands_subscriptions_out_of_reach"
            wait_until(lambda: shown()[name] == 1, 60, "it is out of reach")
            pages = [ingest.page("/livez")[0], ingest.page("/readyz")[0]]
        finally:
            emulator.resume()
        wait_until(lambda: shown()[name] == 0, 60, "it is in reach again")

    assert [200, 200] == pages
