"""deploy/dataflow/: the graph as it would be sent, its template, and the parts that it stages."""

import json
import pickle
import re
import runpy
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.ingest.dataflow import StageMessages, build
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
from tests.cli.processes import started
from tests.conftest import Run
from tests.emulator import wait_until
from tests.feed import binary, bodies
from tests.lake.sending import rows
from tests.marketplace import Events, small

FOLDER = Path(__file__).parents[2] / "deploy" / "dataflow"
SUBSCRIPTION = "projects/marketplace/subscriptions/events"
AS_OF = "--as-of=2026-12-01T00:00:00Z"
LETTERS_FROM = "SELECT DISTINCT origin FROM dead_letter"
LETTERS = "SELECT origin, origin_item, reason FROM dead_letter ORDER BY ALL"


@dataclass(frozen=True)
class Message:
    """A message as Beam's reader gives it."""

    data: bytes
    message_id: str
    attributes: dict[str, str] = field(default_factory=dict)


class _Visitor(PipelineVisitor):
    def __init__(self) -> None:
        self.leaves: list[AppliedPTransform] = []

    def visit_transform(self, node: AppliedPTransform) -> None:
        """Collect what does the work."""
        self.leaves.append(node)


def _graph(folder: str = "gs://bucket/staged") -> list[AppliedPTransform]:
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(streaming=True))
    build(pipeline, SUBSCRIPTION, folder)
    visitor = _Visitor()
    pipeline.visit(visitor)
    return visitor.leaves


def test_the_graph_reads_batches_and_stages() -> None:
    """In this order, and nothing else ends it."""
    names = [node.full_label.split("/")[0] for node in _graph()]

    assert ["Read", "Shard", "Batch", "Unshard", "Stage"] == list(dict.fromkeys(names))
    inner = [node.full_label for node in _graph() if node.full_label.startswith("Stage/")]
    assert "Receive" in inner[0]
    assert "StagePart" in inner[-1]


def test_the_graph_captures_no_lambda_and_no_connection() -> None:
    """Python's own pickle takes each of our functions: they are found by their names."""
    transforms: list[Any] = [node.transform for node in _graph()]
    wrappers = [one.fn._fn for one in transforms if hasattr(getattr(one, "fn", None), "_fn")]
    given = [  # to beam.Map, which wraps it
        cell.cell_contents
        for wrapper in wrappers
        for cell in wrapper.__closure__ or ()
        if callable(cell.cell_contents)
    ]
    ours = [one for one in given if getattr(one, "func", one).__module__.startswith("pipelines.")]

    assert 5 == len(ours)
    assert all(pickle.dumps(one) for one in ours)


def test_the_template_asks_for_what_the_script_takes() -> None:
    """Each parameter is a flag, required where the script needs it."""
    parameters = json.loads((FOLDER / "metadata.json").read_text(encoding="utf-8"))["parameters"]
    script = (FOLDER / "pipeline.py").read_text(encoding="utf-8")
    flags = set(re.findall(r'"--([a-z-]+)"', script))
    required = set(re.findall(r'"--([a-z-]+)", required=True', script))

    assert {one["name"] for one in parameters} <= flags
    assert required == {one["name"] for one in parameters if not one.get("isOptional")}
    assert "pipeline.py" in (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def test_the_script_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a program; without a subscription it ends."""
    monkeypatch.setattr(sys, "argv", ["pipeline.py"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(FOLDER / "pipeline.py"), run_name="__main__")
    assert "--subscription" in capsys.readouterr().err


def _messages() -> list[Message]:
    """Return messages in both modes, some of which are refused, and one twice."""
    events = Events()
    sent = bodies(small(events).events)
    structured = [Message(body, f"s{number}") for number, body in enumerate(sent)]
    body, attributes = binary(events.events[-1])
    return [
        *structured,
        Message(body, "b1", attributes),
        Message(b"{", "x1"),
        Message(b'{"id": 1}', "x2"),
        structured[0],
    ]


def _stage(folder: Path, batches: list[list[Message]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        made = pipeline | beam.Create(batches)
        made | StageMessages(SUBSCRIPTION, str(folder))


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Return where parts wait."""
    return tmp_path / "warehouse" / "staged" / "dataflow"


def test_parts_are_committed_once(manyhands: Run, tmp_path: Path, staged: Path) -> None:
    """By their names, however often they are staged; then they are gone."""
    assert 0 == manyhands("init").code
    messages = _messages()
    _stage(staged, [messages[:5], messages[5:]])
    _stage(staged, [messages[:5]])
    assert 2 == len(list(staged.iterdir()))
    first = manyhands("ingest", f"staged:{staged}", AS_OF, "--json")
    assert [] == list(staged.iterdir())
    _stage(staged, [messages[:5]])
    again = manyhands("ingest", f"staged:{staged}", AS_OF, "--json")

    assert (0, 0) == (first.code, again.code), first.stderr
    assert (len(messages), 2) == (first.json["received"], sum(first.json["rejected"].values()))
    assert [(first.json["accepted"],)] == rows(tmp_path / "warehouse", "SELECT seq FROM head")
    assert 2 == len(rows(tmp_path / "warehouse", "FROM ingest_batch"))
    assert [(f"pubsub:{SUBSCRIPTION}",)] == rows(tmp_path / "warehouse", LETTERS_FROM)
    assert ["x1", "x2"] == [item for _, item, _ in rows(tmp_path / "warehouse", LETTERS)]


@pytest.mark.processes
def test_the_committer_follows_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """What comes while it runs is committed within a second or two; SIGTERM ends it with 0."""
    folder = tmp_path / "parts"
    folder.mkdir()
    process = started(["ingest", f"staged:{folder}", AS_OF, "--follow", "--json"], tmp_path)
    wait_until((tmp_path / "warehouse" / "catalog.sqlite").exists, 60, "it has begun")
    _stage(folder, [_messages()])
    wait_until(lambda: not list(folder.iterdir()), 60, "the part is committed")
    process.terminate()
    stdout, stderr = process.communicate(timeout=20)

    assert 0 == process.returncode, stderr
    assert len(_messages()) == json.loads(stdout)["received"]


def test_a_manifest_is_fetched_by_the_committer(
    manyhands: Run, tmp_path: Path, staged: Path
) -> None:
    """Workers elsewhere have no warehouse; a manifest that isn't there refuses its event alone."""
    assert 0 == manyhands("init").code
    events = Events()
    for event in small(events).events:
        if event["type"] == "model-trained":
            event["data"]["manifest"] = {"uri": "m.ndjson", "sha256": "0" * 64, "rows": 1}
    sent = [Message(body, f"{number}") for number, body in enumerate(bodies(events.events))]
    _stage(staged, [sent])
    done = manyhands("ingest", f"staged:{staged}", AS_OF, "--json")

    assert 0 == done.code, done.stderr
    reasons = {reason for _, _, reason in rows(tmp_path / "warehouse", LETTERS)}
    assert {"manifest_unavailable"} == reasons


def test_a_part_that_is_damaged_stays_and_is_named(
    manyhands: Run, tmp_path: Path, staged: Path
) -> None:
    """Nothing of it is committed."""
    assert 0 == manyhands("init").code
    _stage(staged, [_messages()])
    (path,) = staged.iterdir()
    path.write_bytes(path.read_bytes()[:-2_000])
    refused = manyhands("ingest", f"staged:{staged}", AS_OF)

    assert 1 == refused.code
    assert str(path) in refused.stderr
    assert path.exists()
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        assert [] == connection.execute("FROM warehouse.ingest_batch").fetchall()


@pytest.mark.parametrize("words", [["staged:"], ["staged:a", "."], ["staged:a", "--runner=dask"]])
def test_staged_parts_are_a_source_by_themselves(manyhands: Run, words: list[str]) -> None:
    """And they need a folder, and no other runner."""
    assert 2 == manyhands("ingest", *words).code
