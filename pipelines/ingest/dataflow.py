"""The pipeline as Dataflow runs it: from Pub/Sub to parts that wait for their commit (SPEC §10).

What Dataflow has acknowledged lies in its own state, or in a part, before it is in the log (SPEC
§8, promise 1). A batch that is staged twice, as a worker's retry does, has the same name both
times; a message that comes in two batches is a duplicate to the log.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
from apache_beam.io.gcp.pubsub import ReadFromPubSub

from pipelines.ingest.outcome import Piece
from pipelines.ingest.parts import stage_part
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.transforms import Decode, Validate
from pipelines.sources.messages import received
from pipelines.sources.subscriptions import PREFIX

SHARDS: Final = 8
"""So many batches fill at once."""


@dataclass
class StageMessages(beam.PTransform[Any, Any]):
    """Decode, validate and stage batches of messages of a subscription, a part each."""

    subscription: str
    """Its path: `projects/P/subscriptions/S`."""
    folder: str
    """Where parts wait: a folder that the workers share, or `gs://…`."""
    policy: Policy = EVERYONE

    def expand(self, batches: Any) -> Any:  # noqa: ANN401  Beam's
        """Stage each batch; there is nothing to hand on."""
        pieces = batches | "Receive" >> beam.Map(
            partial(_received, PREFIX + self.subscription)
        ).with_output_types(Piece)
        valid = pieces | Decode() | Validate(None, self.policy)
        return valid | "StagePart" >> beam.Map(partial(stage_part, self.folder))


def build(  # noqa: PLR0913  a setting each
    pipeline: beam.Pipeline,
    subscription: str,
    folder: str,
    policy: Policy = EVERYONE,
    *,
    batch_events: int = 5_000,
    batch_seconds: float = 10.0,
) -> Any:  # noqa: ANN401  Beam's
    """Build the graph: read, batch, decode, validate, stage."""
    messages = pipeline | "Read" >> ReadFromPubSub(subscription=subscription, with_attributes=True)
    batches = (
        messages
        | "Shard" >> beam.Map(_sharded)
        | "Batch" >> beam.GroupIntoBatches(batch_events, max_buffering_duration_secs=batch_seconds)
        | "Unshard" >> beam.Values()
    )
    return batches | "Stage" >> StageMessages(subscription, folder, policy)


def _sharded(message: Any) -> tuple[int, Any]:  # noqa: ANN401  Beam's message
    return zlib.crc32(message.message_id.encode()) % SHARDS, message


def _received(origin: str, messages: Iterable[Any]) -> Piece:
    """Return messages in an order that is the same however often they are staged."""
    ordered = sorted(messages, key=lambda message: str(message.message_id))
    records = [received(message, number, origin) for number, message in enumerate(ordered)]
    return Piece(Path(), list(records))
