"""The currencies that money may be in: ISO 4217's of today and those withdrawn since 2000.

Only codes with a minor unit are among them (SPEC §3.2, `currencies.csv`).
"""

import csv
from importlib.resources import files


def _minor_digits() -> dict[str, int]:
    text = (files(__package__) / "currencies.csv").read_text(encoding="ascii")
    return {row["code"]: int(row["minor_digits"]) for row in csv.DictReader(text.splitlines())}


MINOR_DIGITS: dict[str, int] = _minor_digits()
"""Digits after the point of each currency's minor unit, by code: 2 for USD, 0 for JPY."""
