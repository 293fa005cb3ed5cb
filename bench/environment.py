"""The environment of what is measured beside us, `.venv-bench`, and its programs."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pipelines.errors import ManyhandsError

ROOT: Final = Path(__file__).parent.parent
PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
PEERS: Final = Path(__file__).with_name("peers")
PACKAGES: Final = ("dlt", "duckdb", "pandas", "polars", "pyspark", "vl-convert-python")
QUIET: Final = {"RUNTIME__DLTHUB_TELEMETRY": "false"}
"""What keeps peers from telling somebody that they run."""


def command(program: str, *words: str) -> list[str]:
    """Return the command that runs a program of `bench/peers` with the peers' packages.

    Raises ManyhandsError where the environment isn't there.
    """
    if not PYTHON.exists():
        message = f"{PYTHON} isn't there: `make bench` makes the environment of the peers"
        raise ManyhandsError(message)
    return [str(PYTHON), str(PEERS / f"{program}.py"), *words]


def versions() -> dict[str, str]:
    """Return the versions of the peers' packages."""
    found: dict[str, str] = json.loads(_said(command("versions", *PACKAGES)))
    return found


def drawn(
    title: str,
    x: str,
    y: str,
    points: Sequence[tuple[str, float, float]],
    *,
    by_tens: bool = False,
) -> str:
    """Return a plot as SVG: a line for each name, through its points of x and y.

    Both begin at 0; where x goes `by_tens`, each step along it is ten times the one before.
    """
    scale = {"type": "log"} if by_tens else {"zero": True}
    values = [{"name": name, "x": across, "y": up} for name, across, up in points]
    specification: dict[str, Any] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": title,
        "width": 480,
        "height": 300,
        "data": {"values": values},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": x, "scale": scale},
            "y": {"field": "y", "type": "quantitative", "title": y, "scale": {"zero": True}},
            "color": {"field": "name", "type": "nominal", "title": None},
        },
    }
    return _said(command("plot"), json.dumps(specification))


def _said(words: Sequence[str], given: str = "") -> str:
    return subprocess.run(words, input=given, check=True, capture_output=True, text=True).stdout
