"""Finds from its first bytes what a source holds: text, compressed text, or what isn't NDJSON.

Names say nothing: a compressed file may be called `events.ndjson`, and standard input has no name.
"""

from dataclasses import dataclass
from typing import Final, Literal

HEAD_BYTES: Final = 512
"""So many first bytes tell; tar's mark ends at byte 262."""

Compression = Literal["gzip", "zstd"]


@dataclass(frozen=True)
class Foreign:
    """What can't be NDJSON: what it is, and what to do with it."""

    what: str
    remedy: str


_UNPACK: Final = "unpack it and ingest the files that it holds"
_EXPORT: Final = "export its events as NDJSON"


def _piped(program: str) -> str:
    return f"ingest what `{program}` makes of it: `{program} FILE | manyhands ingest -`"


_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED: Final = b"\x2a\x4d\x18"
"""Follows 0x50 to 0x5f where a frame begins that says nothing of the content (RFC 8878)."""

_UTF_16: Final = Foreign("UTF-16 text", _piped("iconv -f UTF-16 -t UTF-8"))
_UTF_32: Final = Foreign("UTF-32 text", _piped("iconv -f UTF-32 -t UTF-8"))
_TAR: Final = Foreign("a tar archive", _UNPACK)

_FOREIGN: Final = (
    (b"\x00\x00\xfe\xff", _UTF_32),
    (b"\xff\xfe\x00\x00", _UTF_32),  # before UTF-16's mark, which it begins with
    (b"\xfe\xff", _UTF_16),
    (b"\xff\xfe", _UTF_16),
    (b"PK\x03\x04", Foreign("a ZIP archive", _UNPACK)),
    (b"PK\x05\x06", Foreign("an empty ZIP archive", _UNPACK)),
    (b"PK\x07\x08", Foreign("a part of a ZIP archive", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", Foreign("a 7z archive", _UNPACK)),
    (b"Rar!\x1a\x07", Foreign("a RAR archive", _UNPACK)),
    (b"BZh", Foreign("bzip2 data", _piped("bzcat"))),
    (b"\xfd7zXZ\x00", Foreign("xz data", _piped("xzcat"))),
    (b"\x5d\x00\x00", Foreign("LZMA data", _piped("lzcat"))),
    (b"LZIP", Foreign("lzip data", _piped("lzip -dc"))),
    (b"\x04\x22\x4d\x18", Foreign("LZ4 data", _piped("lz4cat"))),
    (b"\xff\x06\x00\x00sNaPpY", Foreign("Snappy data", _piped("snzip -dc"))),
    (b"\x1f\x9d", Foreign("compress data", _piped("zcat"))),
    (b"PAR1", Foreign("a Parquet file", _EXPORT)),
    (b"PARE", Foreign("an encrypted Parquet file", _EXPORT)),
    (b"ARROW1", Foreign("an Arrow file", _EXPORT)),
    (b"ORC", Foreign("an ORC file", _EXPORT)),
    (b"Obj\x01", Foreign("an Avro file", _EXPORT)),
    (b"SQLite format 3\x00", Foreign("an SQLite database", _EXPORT)),
    (b"%PDF-", Foreign("a PDF document", _EXPORT)),
)


def compression(head: bytes) -> Compression | None:
    """Return what a source is compressed with, by its first bytes."""
    if head.startswith(_GZIP):
        return "gzip"
    skipped = head[1:4] == _ZSTD_SKIPPED and head[0] & 0xF0 == 0x50  # noqa: PLR2004  as told above
    return "zstd" if skipped or head.startswith(_ZSTD) else None


def foreign(head: bytes) -> Foreign | None:
    """Return what a source is by its first `HEAD_BYTES`, where it can't be NDJSON.

    Compressed data counts as foreign within compressed data only, which is the caller's to ask.
    """
    for mark, kind in _FOREIGN:
        if head.startswith(mark):
            return kind
    if head[257:262] == b"ustar":
        return _TAR
    return _wide_text(head[:4])


def _wide_text(start: bytes) -> Foreign | None:
    """Judge text without a byte order mark by where its first NULs are (RFC 4627, section 3)."""
    pattern = [byte != 0 for byte in start]
    if pattern in ([False, False, False, True], [True, False, False, False]):
        return _UTF_32
    if pattern in ([False, True, False, True], [True, False, True, False]):
        return _UTF_16
    return None
