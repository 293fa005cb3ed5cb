"""Draws marketplaces by months, in which every kind of event comes in time, late, twice or back.

Names are few, so that everything meets everything: a licence is revoked, declared again or comes
after the training that needed it; terms of a narrow scope come late; a model is trained anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from tests import scenario
from tests.conftest import run
from tests.marketplace import Event, Events

MONTHS = (1, 2, 3, 4)
AS_OF = "--as-of=2027-03-01T00:00:00Z"

_CONTRIBUTORS = st.sampled_from(["ana", "ben", "cho"])
_IMAGES = st.sampled_from(["i1", "i2", "i3", "i4"])
_DEVELOPERS = st.sampled_from(["lab", "lab", "lab", "studio"])
_VERSIONS = ["1", "2", "3"]
_CURRENCIES = st.sampled_from(["USD", "USD", "EUR", "JPY"])
_RATES = st.sampled_from(["0", "0.1", "0.25", "0.333333", "0.5", "1"])
_AMOUNTS = st.one_of(
    st.sampled_from(["0", "0.000001", "0.07", "9.99", "1000"]),
    st.integers(1, 10**9).map(lambda micros: f"{micros // 10**6}.{micros % 10**6:06d}"),
)
_SHARES: dict[str, st.SearchStrategy[object]] = {
    "training_share": _RATES,
    "generation_share": _RATES,
}
_NARROW: dict[str, st.SearchStrategy[object]] = {
    "direct_levels": st.tuples(_RATES, _RATES).map(
        lambda rates: [{"from": level, "rate": rate} for level, rate in enumerate(rates)]
    ),
    "direct_floor": st.fixed_dictionaries({"USD": _AMOUNTS}),
    "payment_threshold": st.fixed_dictionaries({"USD": _AMOUNTS, "EUR": _AMOUNTS}),
    "reserve_rate": _RATES,
    "reserve_periods": st.integers(1, 2),
}
"""Fields of terms by the scopes that may have them."""


def month_name(month: int) -> str:
    """Return a month's period; a new year begins in the middle of a history."""
    return ("2026-11", "2026-12", "2027-01", "2027-02")[month - 1]


@dataclass
class History:
    """A marketplace by months: what is sent before each close."""

    batches: list[list[Event]] = field(default_factory=list)


@dataclass
class _Drawing:
    """A history that is being drawn, and what it has so far."""

    draw: st.DrawFn
    events: Events = field(default_factory=Events)
    month: int = 1
    sent: list[str] = field(default_factory=list)
    """Ids of the events that may be reversed."""
    licences: int = 0

    def add(self, event_type: str, data: Event, time: str) -> None:
        self.sent.append(self.events.add(event_type, data, time))

    def time(self) -> str:
        """Draw an instant of this month, or of an earlier one: then the event is late."""
        month = self.draw(st.sampled_from([self.month, self.month, *range(1, self.month + 1)]))
        return self.instant(month)

    def instant(self, month: int | None = None) -> str:
        month = month or self.draw(st.sampled_from(MONTHS))
        day, hour = self.draw(st.integers(1, 28)), self.draw(st.sampled_from([0, 12]))
        return f"{month_name(month)}-{day:02d}T{hour:02d}:00:00Z"

    def money(self) -> Event:
        return {"amount": self.draw(_AMOUNTS), "currency": self.draw(_CURRENCIES)}

    def contributors(self) -> list[Event]:
        owners = self.draw(st.lists(_CONTRIBUTORS, unique=True, min_size=1, max_size=2))
        shares = ["1"] if len(owners) == 1 else ["0.333333", "0.666667"]
        return [{"contributor_id": o, "share": s} for o, s in zip(owners, shares, strict=True)]

    def licence_id(self) -> str:
        """Draw a new licence's id, or now and then one that was declared before."""
        if self.licences and self.draw(st.integers(0, 4)) == 0:
            return f"L{self.draw(st.integers(1, self.licences))}"
        self.licences += 1
        return f"L{self.licences}"


def _generation(of: _Drawing) -> None:
    images = of.draw(st.lists(_IMAGES, unique=True, max_size=2))
    data = {
        "asset_id": "a",
        "model_id": "m",
        "version": of.draw(st.sampled_from([*_VERSIONS, "1", "1", "never"])),
        "customer_id": of.draw(st.sampled_from(["c1", "c2"])),
        "action": "downloaded",
        "revenue": of.money(),
        "attributions": [{"image_id": image_id, "share": "0.4"} for image_id in images],
    }
    of.add("asset-generated", data, of.time())


def _training(of: _Drawing) -> None:
    version = of.draw(st.sampled_from(_VERSIONS))
    images = of.draw(st.lists(_IMAGES, unique=True, min_size=1))
    weights = of.draw(st.lists(st.integers(1, 2_000), min_size=4, max_size=4))
    others = [name for name in _VERSIONS if name != version]
    bases = of.draw(st.lists(st.sampled_from(others), unique=True, max_size=1))
    data = {
        "model_id": "m",
        "version": version,
        "developer_id": of.draw(_DEVELOPERS),
        "training_fee": of.money(),
        "manifest": [
            {"image_id": image_id, "weight": f"{weight // 1000}.{weight % 1000:03d}"}
            for image_id, weight in zip(images, weights, strict=False)
        ],
        "base_models": [
            {"model_id": "m", "version": one, "share": of.draw(_RATES)} for one in bases
        ],
    }
    of.add("model-trained", data, of.time())


def _licence(of: _Drawing) -> None:
    data = {
        "licence_id": of.licence_id(),
        "image_id": of.draw(_IMAGES),
        "contributors": of.contributors(),
        "licensee_id": of.draw(_DEVELOPERS),
        "use": of.draw(st.sampled_from(["training", "training", "download"])),
        "fee": of.money(),
        "digital_source_type": "digitalCapture",
        "valid_from": "2026-01-01T00:00:00Z",
    }
    if of.draw(st.integers(0, 3)) == 0:
        data["valid_from"] = f"{month_name(of.draw(st.sampled_from(MONTHS[:2])))}-10T00:00:00Z"
    if of.draw(st.integers(0, 3)) == 0:
        data["valid_until"] = f"{month_name(of.draw(st.sampled_from(MONTHS[1:])))}-15T00:00:00Z"
    of.add("image-licensed", data, of.time())


def _revocation(of: _Drawing) -> None:
    licence_id = f"L{of.draw(st.integers(1, of.licences + 1))}"  # or of one that is still to come
    data = {"licence_id": licence_id, "effective_at": of.instant(), "reason": "left"}
    of.add("licence-revoked", data, of.time())


def _terms(of: _Drawing) -> None:
    scope: Event = of.draw(
        st.sampled_from(
            [
                {"kind": "platform"},
                {"kind": "contributor", "id": "ana"},
                {"kind": "model", "id": "m"},
            ]
        )
    )
    fields = {"contributor": _NARROW, "model": _SHARES, "platform": _SHARES | _NARROW}
    values = fields[scope["kind"]]
    names = of.draw(st.lists(st.sampled_from(sorted(values)), unique=True, min_size=1))
    data = {"terms_id": "t", "scope": scope, "effective_from": of.instant()}
    of.add("terms-agreed", data | {name: of.draw(values[name]) for name in names}, of.time())


def _registration(of: _Drawing) -> None:
    data = {
        "contributor_id": of.draw(_CONTRIBUTORS),
        "country": "SE",
        "currency": of.draw(_CURRENCIES),
        "withholding_rate": of.draw(_RATES),
    }
    of.add("contributor-registered", data, of.time())


def _fx(of: _Drawing) -> None:
    rates = {"USD": f"1.{of.draw(st.integers(1, 9))}", "JPY": "160.7"}
    quoted = of.draw(st.sampled_from([["USD", "JPY"], ["USD"]]))
    month = of.draw(st.sampled_from([of.month, *range(1, of.month + 1)]))
    data = {
        "base": "EUR",
        "date": f"{month_name(month)}-{of.draw(st.integers(1, 28)):02d}",
        "rates": {currency: rates[currency] for currency in quoted},
    }
    of.add("fx-rates-published", data, of.time())


def _advance(of: _Drawing) -> None:
    amount = of.draw(_AMOUNTS.filter(lambda text: text != "0"))
    data = {
        "advance_id": of.draw(st.sampled_from(["v1", "v2", "v3"])),
        "contributor_id": of.draw(_CONTRIBUTORS),
        "amount": {"amount": amount, "currency": of.draw(_CURRENCIES)},
    }
    of.add("advance-paid", data, of.time())


def _reversal(of: _Drawing) -> None:
    """Reverse an event that was sent, or the next one, which comes after its reversal."""
    number = of.draw(st.integers(1, len(of.sent) + 2))
    of.sent.append(of.events.reversal(f"e{number}", of.time()))


_KINDS = [
    *[_generation] * 6,
    *[_training] * 2,
    *[_licence] * 5,
    _revocation,
    *[_terms] * 2,
    *[_registration] * 2,
    _fx,
    _advance,
    *[_reversal] * 3,
]


@st.composite
def histories(draw: st.DrawFn, most: int = 9) -> History:
    """Draw a history of four months, of each at most so many events.

    The first month begins with what lets money flow in most of them.
    """
    of, history = _Drawing(draw), History()
    of.events.terms(training_share="0.5", generation_share="0.3", reserve_rate=draw(_RATES))
    of.events.terms(direct_levels=[{"from": 0, "rate": "0.2"}], reserve_periods=1)
    of.sent += ["e1", "e2"]
    for _ in range(2):
        _registration(of)
        _licence(of)
    _training(of)
    for month in MONTHS:
        of.month = month
        _fx(of)
        _generation(of)
        for kind in draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=most)):
            kind(of)
        history.batches.append(of.events.events)
        of.events.events = []
    return history


def ingest_monthly(history: History, folder: Path) -> Iterator[str]:
    """Ingest month after month into the warehouse `folder/warehouse`; yield each one's period."""
    warehouse = f"--warehouse={folder / 'warehouse'}"
    assert run(["init", warehouse, f"--first-period={month_name(1)}"]).code == 0
    for month, batch in zip(MONTHS, history.batches, strict=True):
        source = folder / f"{month}.ndjson"
        source.write_bytes(b"".join(scenario.line(event) + b"\n" for event in batch))
        ingested = run(["ingest", warehouse, str(source), AS_OF, "--json"])
        assert (ingested.code, ingested.json["accepted"]) == (0, len(batch)), ingested.stderr
        yield month_name(month)


def close_all(history: History, folder: Path, *flags: str) -> list[str]:
    """Ingest each month and close it in the warehouse `folder/warehouse`; return the digests."""
    warehouse = f"--warehouse={folder / 'warehouse'}"
    digests = []
    for period in ingest_monthly(history, folder):
        closed = run(["close", warehouse, f"--period={period}", AS_OF, "--json", *flags])
        assert closed.code == 0, closed.stderr
        digests += [one["digest"] for one in closed.json["closes"]]
    return digests
