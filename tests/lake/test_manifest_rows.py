"""What a Parquet file says of itself decides nothing about its rows (SPEC §3.3)."""

import struct
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from pipelines.lake.manifest_rows import ManifestError, checked_rows
from schemas.parts import ManifestEntry
from tests.everyday import one_of

ROWS = [("img-a", "1.5"), ("img-b", None), ("img-c", "2")]
TAKEN = [("img-a", 1500), ("img-b", 1000), ("img-c", 2000)]
OTHER_BYTES = (0x00, 0x02, 0x04, 0x06, 0x7F)
"""As counts they are 0, 1, 2, 3 and many: the file's rows, and its null, among them."""

DRAWN = 150


def parquet_bytes(folder: Path, weight: pa.DataType) -> bytes:
    """Write the rows as Parquet and return its bytes."""
    images, weights = zip(*ROWS, strict=True)
    given = [
        None if text is None else Decimal(text) if pa.types.is_decimal(weight) else text
        for text in weights
    ]
    table = pa.table({"image_id": pa.array(images), "weight": pa.array(given, weight)})
    path = folder / "honest.parquet"
    pq.write_table(table, path, write_page_index=True, row_group_size=2, store_schema=False)
    return path.read_bytes()


def taken(path: Path, rows: int = len(ROWS)) -> list[tuple[str, int]]:
    """Return the rows of a manifest as they are taken."""
    return [
        (row["image_id"], row["weight_milli"])
        for batch in checked_rows(path, rows)
        for row in batch.to_pylist()
    ]


def footers(honest: bytes) -> Iterator[bytes]:
    """Yield the file with another footer: one of its bytes changed, drawn the same every time."""
    (size,) = struct.unpack("<I", honest[-8:-4])
    places = range(len(honest) - 8 - size, len(honest) - 8)
    changes = [(place, other) for place in places for other in OTHER_BYTES]
    for place, other in Random(2026).sample(changes, DRAWN):  # noqa: S311
        yield honest[:place] + bytes([other]) + honest[place + 1 :]


@pytest.mark.parametrize("weight", one_of(2, [pa.decimal128(9, 3), pa.string()]), ids=str)
def test_whatever_a_footer_claims_the_rows_are_those_of_the_pages(
    tmp_path: Path, weight: pa.DataType
) -> None:
    """Null counts, minima, maxima, counts, offsets or types: the rows are taken, or none is."""
    honest = parquet_bytes(tmp_path, weight)
    path = tmp_path / "lying.parquet"
    outcomes: set[object] = set()
    for lying in footers(honest):
        path.write_bytes(lying)
        try:
            outcomes.add(tuple(taken(path)))
        except ManifestError:
            outcomes.add("mismatch")

    assert {tuple(TAKEN), "mismatch"} == outcomes


def test_reading_stops_at_the_first_row_beyond_those_declared(tmp_path: Path) -> None:
    """A file of a few bytes that expands to many rows costs what the declared rows cost."""
    path = tmp_path / "many.parquet"
    table = pa.table({"image_id": pa.array(["same"] * 5_000_000)})
    pq.write_table(table, path, row_group_size=5_000_000)

    with pytest.raises(ManifestError, match="more than 5 rows"):
        taken(path, 5)
    assert path.stat().st_size < 100_000


def test_text_that_is_no_utf8_is_a_mismatch(tmp_path: Path) -> None:
    """It is judged as the file's fault, whatever reads it."""
    path = tmp_path / "bytes.parquet"
    pq.write_table(pa.table({"image_id": pa.array([b"\xff"], pa.binary())}), path)
    honest = parquet_bytes(tmp_path, pa.string())
    path.write_bytes(honest.replace(b"img-a", b"img-\xff"))

    with pytest.raises(ManifestError, match=r"it can't be read|a row is invalid"):
        taken(path)


def test_a_decimal_that_the_engine_has_no_type_for_is_a_mismatch(tmp_path: Path) -> None:
    """One of more than 38 digits refuses the manifest, and doesn't end the command."""
    weights = pa.array([Decimal(1)], pa.decimal256(39, 3))
    pq.write_table(pa.table({"image_id": ["a"], "weight": weights}), tmp_path / "wide.parquet")

    with pytest.raises(ManifestError, match="DECIMAL of up to 38 digits"):
        taken(tmp_path / "wide.parquet", 1)


WEIGHTS = (
    "0 0.0 0.000 00 01 1 1.0 1.50 1. .5 -1 +1 1e2 1_0 0.001 0.0010 0.0001 999.999 1000 1000.0"
    " 1000.001 1001 1.000000000000000000 1.0000000000000000000 0.123000000000000000 \u0661 NaN x"
)
IMAGES = "a A 9 _a -a .a :a ~a a.b a:b a~b a_b a-b a/b a+b é a% a@b"


@pytest.mark.parametrize("image", [*IMAGES.split(), "", " a", "a ", "a\n", "a" * 128, "a" * 129])
def test_a_file_has_the_images_that_an_event_may_have(tmp_path: Path, image: str) -> None:
    """What is an identifier in an event is one in a manifest's file, and nothing else."""
    assert _is_entry({"image_id": image}) == _is_taken(tmp_path, {"image_id": [image]})


@pytest.mark.parametrize("weight", [*WEIGHTS.split(), "", " 1", "1 ", "1\n", None])
def test_a_file_has_the_weights_that_an_event_may_have(tmp_path: Path, weight: str | None) -> None:
    """What is a weight in an event is one in a manifest's file, and nothing else."""
    table = {"image_id": ["a"], "weight": pa.array([weight], pa.string())}

    assert _is_entry({"image_id": "a", "weight": weight}) == _is_taken(tmp_path, table)


def _is_entry(entry: dict[str, object]) -> bool:
    try:
        ManifestEntry.model_validate(entry)
    except ValidationError:
        return False
    return True


def _is_taken(folder: Path, columns: dict[str, object]) -> bool:
    pq.write_table(pa.table(columns), folder / "one.parquet")
    try:
        return 1 == len(taken(folder / "one.parquet", 1))
    except ManifestError:
        return False
