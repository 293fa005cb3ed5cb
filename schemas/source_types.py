"""IPTC's digital source types: how an image came to be (SPEC §3.3)."""

from typing import Final

CODES: Final = (
    "digitalCapture",
    "computationalCapture",
    "negativeFilm",
    "positiveFilm",
    "print",
    "humanEdits",
    "minorHumanEdits",
    "algorithmicallyEnhanced",
    "compositeCapture",
    "composite",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "trainedAlgorithmicMedia",
    "algorithmicMedia",
    "dataDrivenMedia",
    "digitalCreation",
    "digitalArt",
    "softwareImage",
    "screenCapture",
    "virtualRecording",
)

GENERATED: Final = frozenset(
    {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"}
)
"""What nobody can be named the author of, so it can't be licensed as somebody's image."""

_CODE: Final = f"({'|'.join(CODES)})"

PATTERN: Final = (
    f"^(digsrctype:)?{_CODE}$|^https?://cv\\.iptc\\.org/newscodes/digitalsourcetype/{_CODE}/?$"
)
"""A code as it is written: plain, with its scheme's name before it, or as its URI."""


def short_code(written: str) -> str:
    """Return the plain code of one that is written as `PATTERN` allows."""
    return written.removesuffix("/").rpartition("/")[2].removeprefix("digsrctype:")
