"""Runs a worked case of tests/vectors/ as a user would: files in, command line, exports out."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from pipelines.cli import main

VECTORS = Path(__file__).parent / "vectors"
NAMES = sorted(path.name.removesuffix(".expected.json") for path in VECTORS.glob("*.expected.json"))

Call = Callable[[Sequence[str]], str]
"""Runs `manyhands` with these words and gives its stdout; fails where it does not exit with 0."""

MICROS_PER_UNIT = 1_000_000


def in_process(words: Sequence[str]) -> str:
    """Run a command through the command line's entry point."""
    stdout = StringIO()
    with redirect_stdout(stdout):
        code = main(list(words))
    assert code == 0, words
    return stdout.getvalue()


def read(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a case: the scenario and what is expected of it."""
    scenario = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    expected = json.loads((VECTORS / f"{name}.expected.json").read_text(encoding="utf-8"))
    return scenario, expected


def run(
    scenario: dict[str, Any],
    folder: Path,
    call: Call,
    warehouse: Sequence[str] = (),
    data_path: str = "",
) -> dict[str, Any]:
    """Run a scenario in an empty folder, and give what it came to in the shape of the expected.

    `warehouse` are the words that name one whose catalog isn't in the folder, and `data_path` is
    where its data is, where that isn't there either.
    """
    place = [f"--data-path={data_path or folder / 'warehouse'}"] if warehouse else []
    warehouse = warehouse or [f"--warehouse={folder / 'warehouse'}"]
    call(["init", *warehouse, *place, *_settings(scenario)])
    counts: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    closes = []
    for number, step in enumerate(scenario["steps"]):
        if "close" in step:
            closes.append(_close(step, folder, warehouse, call))
            continue
        source = folder / f"step-{number}.ndjson"
        source.write_bytes(b"".join(line(item) + b"\n" for item in step["ingest"]))
        as_of = f"--as-of={step['recorded_at']}"
        outcome = json.loads(call(["ingest", *warehouse, str(source), as_of, "--json"]))
        rejected.update(outcome["rejected"])
        counts.update(
            {key: outcome[key] for key in ("accepted", "conflict", "duplicate", "received")}
        )
    return {"closes": closes, "ingest": {**counts, "rejected": dict(rejected)}}


def line(item: dict[str, Any] | str) -> bytes:
    """Write an item of a scenario as the line that a file has for it."""
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _settings(scenario: dict[str, Any]) -> list[str]:
    flags = {"cadence": "--cadence", "grace_days": "--grace-days", "first_period": "--first-period"}
    return [
        f"{flag}={scenario[key]}" for key, flag in flags.items() if scenario.get(key) is not None
    ]


def _close(
    step: dict[str, Any], folder: Path, warehouse: Sequence[str], call: Call
) -> dict[str, Any]:
    period = f"--period={step['close']}"
    as_of = f"--as-of={step['as_of']}"
    (closed,) = json.loads(call(["close", *warehouse, period, as_of, "--json"]))["closes"]
    out = folder / f"export-{step['close']}"
    export = ["statements", "export", *warehouse, period, "--format=json", f"--out={out}"]
    call(export)
    sealed = (out / f"statements-{step['close']}.ndjson").read_text(encoding="ascii")
    pools = json.loads(call(["query", *warehouse, _POOLS, "--json"]))
    return {
        "digest": closed["digest"],
        "held": json.loads(call(["held", *warehouse, period, "--json"])),
        "log_digest": closed["log_digest"],
        "log_seq": closed["log_seq"],
        "period": closed["period"],
        "pools": sorted(map(_with_amount, pools), key=_sorted_json),
        "statements": [json.loads(text) for text in sealed.splitlines()],
    }


_POOLS = (
    "SELECT CAST(amount_micros AS VARCHAR) AS amount, basis, currency, origin_period, reference"
    " FROM standing_pool"
)


def _with_amount(pool: dict[str, str]) -> dict[str, str]:
    units, micros = divmod(int(pool["amount"]), MICROS_PER_UNIT)
    return {**pool, "amount": f"{units}.{micros:06d}"}


def _sorted_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
