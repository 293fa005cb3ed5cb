"""Makes the events of a marketplace's October from a seed, always the same (SPEC §3)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

Data = dict[str, object]

DAYS: Final = 31
ATTRIBUTED_OF_TEN: Final = 1
"""So many of ten generations carry attributions."""
FEES: Final = ("9.99", "29.50", "79", "149")
REVENUES: Final = ("0.07", "0.49", "2.99", "9.90", "49")
ACTIONS: Final = ("generated", "downloaded", "licensed")


@dataclass(frozen=True)
class Market:
    """How many there are of what; the events that are left are generations."""

    events: int
    seed: int

    @property
    def contributors(self) -> int:
        """Contributors who own images."""
        return max(self.events // 200, 3)

    @property
    def images(self) -> int:
        """Images licensed for training."""
        return max(self.events // 20, 20)

    @property
    def downloads(self) -> int:
        """Licences to download."""
        return self.events // 10

    @property
    def models(self) -> int:
        """Models trained, each on its own manifest."""
        return 5

    @property
    def manifest_images(self) -> int:
        """Images of one manifest."""
        return min(self.images, 2_000)


def write(market: Market, path: Path) -> int:
    """Write the market's events as NDJSON and give how many there are."""
    with path.open("w", encoding="ascii") as file:
        for number, (kind, time, data) in enumerate(_events(market)):
            envelope = {"specversion": "1.0", "source": "/bench", "id": f"e{number}"}
            json.dump({**envelope, "type": kind, "time": time, "data": data}, file)
            file.write("\n")
    return number + 1


def _events(market: Market) -> Iterator[tuple[str, str, Data]]:
    random = Random(market.seed)
    count = 0
    for event in _before(market, random):
        count += 1
        yield event
    for _ in range(market.events - count):
        yield "asset-generated", _time(random), _generation(market, random)


def _before(market: Market, random: Random) -> Iterator[tuple[str, str, Data]]:
    start = "2026-10-01T00:00:00Z"
    yield "terms-agreed", start, _terms()
    for number in range(market.contributors):
        yield "contributor-registered", start, _contributor(number)
    for day in range(1, DAYS + 1):
        rates = {"base": "EUR", "date": f"2026-10-{day:02}", "rates": {"USD": f"1.08{day:02}"}}
        yield "fx-rates-published", f"2026-10-{day:02}T16:00:00Z", dict(rates)
    for number in range(market.images):
        licence = _licence(market, random, f"T{number}", number)
        yield "image-licensed", start, {**licence, "use": "training", "licensee_id": "lab"}
    for number in range(market.models):
        yield "model-trained", f"2026-10-01T0{number + 1}:00:00Z", _model(market, number)
    for number in range(market.downloads):
        licence = _licence(market, random, f"D{number}", random.randrange(market.images))
        yield "image-licensed", _time(random), {**licence, "use": "download", "licensee_id": "news"}


def _time(random: Random) -> str:
    day, second = random.randint(1, DAYS), random.randrange(86_400)
    hour, minute = divmod(second // 60, 60)
    return f"2026-10-{day:02}T{hour:02}:{minute:02}:{second % 60:02}.{random.randrange(1_000):03}Z"


def _terms() -> Data:
    return {
        "terms_id": "terms",
        "scope": {"kind": "platform"},
        "effective_from": "2026-10-01T00:00:00Z",
        "direct_levels": [{"from": 0, "rate": "0.25"}, {"from": 50, "rate": "0.3"}],
        "direct_floor": {"USD": "0.10"},
        "payment_threshold": {"EUR": "25", "USD": "25"},
        "training_share": "0.3",
        "generation_share": "0.2",
        "reserve_rate": "0.1",
        "reserve_periods": 2,
    }


def _contributor(number: int) -> Data:
    currency = ("USD", "EUR")[number % 2]
    country = {"USD": "US", "EUR": "FR"}[currency]
    about = {"country": country, "currency": currency, "withholding_rate": "0.1"}
    return {"contributor_id": f"c{number}", **about}


def _licence(market: Market, random: Random, licence_id: str, image: int) -> Data:
    owner = image % market.contributors
    shares = [{"contributor_id": f"c{owner}", "share": "1"}]
    if image % 5 == 0:
        other = (owner + 1) % market.contributors
        shares = [
            {"contributor_id": f"c{owner}", "share": "0.6"},
            {"contributor_id": f"c{other}", "share": "0.4"},
        ]
    return {
        "licence_id": licence_id,
        "image_id": f"i{image}",
        "contributors": shares,
        "fee": {"amount": random.choice(FEES), "currency": "USD"},
        "digital_source_type": "digitalCapture",
        "valid_from": "2026-10-01T00:00:00Z",
    }


def _model(market: Market, number: int) -> Data:
    images = (_manifest_image(market, number, place) for place in range(market.manifest_images))
    manifest = [{"image_id": f"i{image}", "weight": f"{image % 3 + 1}"} for image in images]
    bases = [{"model_id": f"m{number - 1}", "version": "1", "share": "0.4"}] if number else []
    return {
        "model_id": f"m{number}",
        "version": "1",
        "developer_id": "lab",
        "training_fee": {"amount": "50000", "currency": "USD"},
        "manifest": manifest,
        "base_models": bases,
    }


def _manifest_image(market: Market, model: int, place: int) -> int:
    """Return an image of a model's manifest; the manifests of two models overlap by half."""
    return (model * market.manifest_images // 2 + place) % market.images


def _generation(market: Market, random: Random) -> Data:
    model = random.randrange(market.models)
    sold: Data = {
        "asset_id": f"a{random.randrange(market.events)}",
        "model_id": f"m{model}",
        "version": "1",
        "customer_id": f"customer-{random.randrange(5_000)}",
        "action": random.choice(ACTIONS),
        "revenue": {"amount": random.choice(REVENUES), "currency": "USD"},
    }
    if random.randrange(10) < ATTRIBUTED_OF_TEN:
        places = random.sample(range(market.manifest_images), 3)
        images = [_manifest_image(market, model, place) for place in places]
        sold["attributions"] = [{"image_id": f"i{image}", "share": "0.1"} for image in images]
    return sold
