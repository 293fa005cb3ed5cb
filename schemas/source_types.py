"""IPTC's digital source types: how an image came to be (SPEC §3.3)."""

from typing import Final

URI: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"

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

GENERATED: Final = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"})
"""What nobody can be named the author of, so it can't be licensed as somebody's image."""


def short_code(code_or_uri: str) -> str:
    """Give the short code of a code or of its URI."""
    return code_or_uri.removeprefix(URI)
