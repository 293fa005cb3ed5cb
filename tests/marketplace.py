"""Builds events for tests: one function an event type, with what a test leaves open filled in."""

import json
from itertools import count
from pathlib import Path
from typing import Any

Event = dict[str, Any]

TIME = "2026-01-15T12:00:00Z"


class Events:
    """Collects events with ids of their own, all from one source."""

    def __init__(self, source: str = "/market") -> None:
        """Start with no events."""
        self.source = source
        self.events: list[Event] = []
        self._ids = count(1)

    def add(self, event_type: str, data: Event, time: str = TIME) -> str:
        """Add an event and give its id."""
        event_id = f"e{next(self._ids)}"
        envelope = {"specversion": "1.0", "id": event_id, "source": self.source}
        self.events.append({**envelope, "type": event_type, "time": time, "data": data})
        return event_id

    def terms(self, time: str = TIME, **fields: object) -> str:
        """Add platform terms that hold from the start of 2026."""
        always = {"terms_id": "t", "scope": {"kind": "platform"}}
        return self.add(
            "terms-agreed", {**always, "effective_from": "2026-01-01T00:00:00Z", **fields}, time
        )

    def contributor(self, contributor_id: str, currency: str = "USD", rate: str = "0") -> str:
        """Register a contributor."""
        data = {"contributor_id": contributor_id, "country": "SE", "currency": currency}
        return self.add("contributor-registered", {**data, "withholding_rate": rate})

    def licence(self, image_id: str, contributor_id: str, fee: str = "0", **fields: object) -> str:
        """License an image for training by the developer `lab`, or as `fields` say."""
        data = {
            "licence_id": f"L-{image_id}",
            "image_id": image_id,
            "contributors": [{"contributor_id": contributor_id, "share": "1"}],
            "licensee_id": "lab",
            "use": "training",
            "fee": {"amount": fee, "currency": "USD"},
            "digital_source_type": "digitalCapture",
            "valid_from": "2026-01-01T00:00:00Z",
        }
        return self.add("image-licensed", {**data, **fields})

    def model(self, version: str, manifest: object, time: str = TIME, **fields: object) -> str:
        """Train a version of the model `m` by the developer `lab`."""
        data = {
            "model_id": "m",
            "version": version,
            "developer_id": "lab",
            "training_fee": {"amount": "0", "currency": "USD"},
            "manifest": manifest,
        }
        return self.add("model-trained", {**data, **fields}, time)

    def generation(
        self, version: str, revenue: str, time: str = TIME, currency: str = "USD", **fields: object
    ) -> str:
        """Sell what a version of the model `m` generated."""
        data = {
            "asset_id": "a",
            "model_id": "m",
            "version": version,
            "customer_id": "c",
            "action": "downloaded",
            "revenue": {"amount": revenue, "currency": currency},
        }
        return self.add("asset-generated", {**data, **fields}, time)

    def reversal(self, event_id: str, time: str = TIME) -> str:
        """Reverse an event of the same source."""
        reversed_event = {"source": self.source, "id": event_id}
        return self.add("event-reversed", {"reversed": reversed_event, "reason": "mistake"}, time)

    def write(self, path: Path) -> str:
        """Write the events as NDJSON, forget them, and give the path."""
        path.write_text("".join(json.dumps(event) + "\n" for event in self.events))
        self.events = []
        return str(path)


def small(events: Events) -> Events:
    """Add a marketplace with a model, two contributors, an unlicensed image and some revenue."""
    events.terms(training_share="0.5", generation_share="0.2")
    events.contributor("ana")
    events.contributor("ben", currency="EUR", rate="0.1")
    events.licence("i1", "ana")
    events.licence("i2", "ben")
    rates = {"base": "EUR", "date": "2026-01-20", "rates": {"USD": "1.1"}}
    events.add("fx-rates-published", rates)
    manifest = [{"image_id": "i1", "weight": "2"}, {"image_id": "i2"}, {"image_id": "gone"}]
    fee = {"amount": "1000", "currency": "USD"}
    events.model("1", manifest, training_fee=fee)
    events.generation("1", "9.99", attributions=[{"image_id": "i2", "share": "0.25"}])
    events.generation("1", "0.07")
    return events
