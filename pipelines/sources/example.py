"""A small marketplace's events, made up and always the same: what `manyhands demo` ingests.

Lumen Lab trains `dream` on images of four contributors, and `postcard` on top of it.
When October is closed, one image isn't licensed for training and one contributor isn't registered.
Both are made up for in November, when the last of October's sales arrives too.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Final

Data = Mapping[str, object]
Event = dict[str, object]

SOURCE: Final = "/marketplace"

_ENVELOPE: Final = {"specversion": "1.0", "source": SOURCE}


def ndjson(events: Iterable[Event]) -> str:
    """Write events as NDJSON, one a line."""
    return "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)


def october() -> list[Event]:
    """Give what is sent before October 2026 is closed.

    One event is sent twice, one again with another amount, and one licenses a generated image.
    """
    events = _numbered("oct", [*_agreements(), *_october_licences(), *_october_models()])
    generations = _numbered("oct-gen", _october_generations())
    sent_again = generations[0]
    contradicted = {**generations[1], "data": _generation("a2", "dream", "19.90")}
    return [*events, *generations, sent_again, contradicted]


def november() -> list[Event]:
    """Give what is sent between the two closes; the first four belong to October."""
    return _numbered("nov", [*_late(), *_november_business()])


def _numbered(prefix: str, events: Iterable[tuple[str, str, Data]]) -> list[Event]:
    numbers = count(1)
    return [
        {**_ENVELOPE, "id": f"{prefix}-{next(numbers)}", "type": kind, "time": time, "data": data}
        for time, kind, data in events
    ]


def _agreements() -> Iterable[tuple[str, str, Data]]:
    yield (
        "2026-09-01T09:00:00Z",
        "terms-agreed",
        {
            "terms_id": "terms-2026",
            "scope": {"kind": "platform"},
            "effective_from": "2026-09-01T00:00:00Z",
            "direct_levels": [{"from": 0, "rate": "0.3"}, {"from": 2, "rate": "0.35"}],
            "direct_floor": {"USD": "0.50"},
            "payment_threshold": {"EUR": "25", "JPY": "4000", "USD": "25"},
            "training_share": "0.3",
            "generation_share": "0.2",
            "reserve_rate": "0.1",
            "reserve_periods": 1,
        },
    )
    registered = "2026-09-02T09:00:00Z", "contributor-registered"
    yield (*registered, _contributor("ana", "US", "USD", "0"))
    yield (*registered, _contributor("ben", "DE", "EUR", "0"))
    yield (*registered, _contributor("chie", "JP", "JPY", "0.1021"))
    advance = {"amount": "120", "currency": "EUR"}
    paid = {"advance_id": "advance-1", "contributor_id": "ben", "amount": advance}
    yield "2026-09-15T09:00:00Z", "advance-paid", paid
    yield "2026-10-30T16:00:00Z", "fx-rates-published", _rates("2026-10-30", "1.0840", "164.25")


def _contributor(contributor_id: str, country: str, currency: str, rate: str) -> Data:
    return {
        "contributor_id": contributor_id,
        "country": country,
        "currency": currency,
        "withholding_rate": rate,
    }


def _rates(date: str, dollars: str, yen: str) -> Data:
    return {"base": "EUR", "date": date, "rates": {"JPY": yen, "USD": dollars}}


def _october_licences() -> Iterable[tuple[str, str, Data]]:
    licensed = "2026-10-02T10:00:00Z", "image-licensed"
    yield (*licensed, _training("harbour", {"ana": "1"}))
    yield (*licensed, _training("fjord", {"ana": "0.5", "ben": "0.5"}))
    yield (*licensed, _training("temple", {"chie": "1"}))
    yield (*licensed, _training("market", {"dora": "1"}))
    yield "2026-10-06T14:00:00Z", "image-licensed", _download("D-1", "harbour", "ana", "79")
    yield "2026-10-07T14:00:00Z", "image-licensed", _download("D-2", "harbour", "ana", "79")
    yield "2026-10-08T14:00:00Z", "image-licensed", _download("D-3", "harbour", "ana", "49")
    yield "2026-10-09T14:00:00Z", "image-licensed", _download("D-4", "temple", "chie", "1")
    generated = {"digital_source_type": "trainedAlgorithmicMedia"}
    castle = {**_training("castle", {"ben": "1"}), **generated}
    yield "2026-10-09T15:00:00Z", "image-licensed", castle


def _training(image_id: str, shares: Mapping[str, str]) -> Data:
    licence = _licence(f"T-{image_id}", image_id, shares, "20")
    return {**licence, "licensee_id": "lumen-lab", "use": "training"}


def _download(licence_id: str, image_id: str, contributor_id: str, fee: str) -> Data:
    licence = _licence(licence_id, image_id, {contributor_id: "1"}, fee)
    return {**licence, "licensee_id": "daily-news", "use": "download"}


def _licence(licence_id: str, image_id: str, shares: Mapping[str, str], fee: str) -> Data:
    return {
        "licence_id": licence_id,
        "image_id": image_id,
        "contributors": [{"contributor_id": who, "share": shares[who]} for who in shares],
        "fee": {"amount": fee, "currency": "USD"},
        "digital_source_type": "digitalCapture",
        "valid_from": "2026-10-01T00:00:00Z",
    }


def _october_models() -> Iterable[tuple[str, str, Data]]:
    images = ["fjord", "temple", "market", "lantern"]
    manifest = [{"image_id": "harbour", "weight": "2"}, *({"image_id": i} for i in images)]
    dream = _model("dream", "2000", manifest)
    yield "2026-10-12T08:00:00Z", "model-trained", dream
    base = {"model_id": "dream", "version": "1", "share": "0.7"}
    postcard = _model("postcard", "250", [{"image_id": "harbour"}, {"image_id": "temple"}])
    yield "2026-10-19T08:00:00Z", "model-trained", {**postcard, "base_models": [base]}


def _model(model_id: str, fee: str, manifest: object) -> Data:
    return {
        "model_id": model_id,
        "version": "1",
        "developer_id": "lumen-lab",
        "training_fee": {"amount": fee, "currency": "USD"},
        "manifest": manifest,
    }


def _october_generations() -> Iterable[tuple[str, str, Data]]:
    sold = "asset-generated"
    yield "2026-10-20T11:00:00Z", sold, _generation("a1", "dream", "9.90")
    yield "2026-10-20T11:05:00Z", sold, _generation("a2", "dream", "9.90")
    yield "2026-10-21T12:00:00Z", sold, _generation("a3", "dream", "149", fjord="0.4")
    yield "2026-10-22T12:00:00Z", sold, _generation("a4", "dream", "49", lantern="0.5")
    yield "2026-10-23T12:00:00Z", sold, _generation("a5", "postcard", "12.50")
    yield "2026-10-24T12:00:00Z", sold, _generation("a6", "postcard", "12.50", temple="0.6")
    yield "2026-10-25T12:00:00Z", sold, _generation("a7", "sketch", "5")


def _generation(asset_id: str, model_id: str, revenue: str, **shares: str) -> Data:
    attributions = [{"image_id": image_id, "share": share} for image_id, share in shares.items()]
    return {
        "asset_id": asset_id,
        "model_id": model_id,
        "version": "1",
        "customer_id": "studio-seven",
        "action": "licensed",
        "revenue": {"amount": revenue, "currency": "USD"},
        **({"attributions": attributions} if attributions else {}),
    }


def _late() -> Iterable[tuple[str, str, Data]]:
    yield "2026-10-05T10:00:00Z", "image-licensed", _training("lantern", {"ben": "1"})
    registered = _contributor("dora", "BR", "USD", "0.15")
    yield "2026-11-03T09:00:00Z", "contributor-registered", registered
    yield "2026-10-31T23:30:00Z", "asset-generated", _generation("a8", "dream", "299")
    reversal = {"reversed": {"source": SOURCE, "id": "oct-13"}, "reason": "charged by mistake"}
    yield "2026-11-04T09:00:00Z", "event-reversed", reversal


def _november_business() -> Iterable[tuple[str, str, Data]]:
    yield "2026-11-09T11:00:00Z", "asset-generated", _generation("a9", "dream", "149")
    yield "2026-11-16T11:00:00Z", "asset-generated", _generation("a10", "postcard", "49")
    yield "2026-11-17T11:00:00Z", "image-licensed", _download("D-5", "temple", "chie", "99")
    revoked = {"licence_id": "T-harbour", "effective_at": "2026-11-20T00:00:00Z"}
    yield "2026-11-18T11:00:00Z", "licence-revoked", {**revoked, "reason": "no further training"}
    yield "2026-11-27T16:00:00Z", "fx-rates-published", _rates("2026-11-27", "1.0795", "163.10")
