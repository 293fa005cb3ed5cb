"""The countries that a contributor may be taxed in (SPEC §3.3, `countries.csv`)."""

from importlib.resources import files
from typing import Final


def _codes() -> tuple[str, ...]:
    text = (files(__package__) / "countries.csv").read_text(encoding="ascii")
    return tuple(text.split()[1:])


COUNTRIES: Final = _codes()
"""ISO 3166-1's codes of two letters: those in use, those withdrawn since 2000, and XK."""

OTHER_NAMES: Final = {"EL": "GR", "UK": "GB"}
"""Codes that the European Union writes, by which ISO 3166-1 has another."""
