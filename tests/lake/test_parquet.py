"""Parquet files are read by their own columns and by a literal path, whatever it looks like."""

from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lake.parquet import select
from tests.conftest import run
from tests.marketplace import Events

NAMES = [
    *("weight_milli=7", "image_id=img-a", "seq=1", "amount_micros=5"),
    *("w?", "w*", "w**", "w[1]", "w[a-z]", "w[", "w]", "w{h}", "it's", "%41 #;", "ä"),
    *("a\\b", '"', "a\nb", "a;b", " a ", "\udcff", "a%20b", "~", "$x", "'; DROP"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_path_is_taken_as_it_stands(tmp_path: Path, name: str) -> None:
    """No sibling's file is read, and nothing of the path stands in for a column."""
    for folder, weight in (("w1", 1), ("wh", 2), ("w", 3), (name, 4)):
        (tmp_path / folder).mkdir()
        table = pa.table({"image_id": ["i"], "weight_milli": [weight]})
        with (tmp_path / folder / "rows.parquet").open("wb") as file:
            pq.write_table(table, file)

    path = tmp_path / name / "rows.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(select(path, "image_id", "weight_milli")).fetchall()
        columns = [column for column, *_ in connection.execute(select(path, "*")).description]

    assert [("i", 4)] == rows
    assert ["image_id", "weight_milli"] == columns


@pytest.mark.thorough
def test_a_close_is_the_same_wherever_the_warehouse_lies(tmp_path: Path) -> None:
    """Money, counts and digests don't depend on the names of the folders above."""
    (tmp_path / "root").mkdir()
    weights = pa.table({"image_id": ["i1", "i2"], "weight": ["1", "500"]})
    pq.write_table(weights, tmp_path / "root/m.parquet")
    source = _money_over_a_manifest(tmp_path / "root/m.parquet").write(tmp_path / "a.ndjson")
    places = [tmp_path / "plain", tmp_path.joinpath(*NAMES), tmp_path.joinpath(*NAMES[:-1], "w1")]

    outcomes = [_closed(place / "warehouse", tmp_path / "root", source) for place in places]

    assert ["2", "ana 1.000000", "ben 500.000000"] == outcomes[0][:3]
    assert [outcomes[0]] * len(places) == outcomes


def _money_over_a_manifest(path: Path) -> Events:
    events = Events()
    events.terms(training_share="1")
    for image, contributor in (("i1", "ana"), ("i2", "ben")):
        events.contributor(contributor)
        events.licence(image, contributor)
    manifest = {"uri": path.name, "sha256": sha256(path.read_bytes()).hexdigest(), "rows": 2}
    events.model("1", manifest, training_fee={"amount": "501", "currency": "USD"})
    return events


def _closed(folder: Path, root: Path, source: str) -> list[str]:
    """Ingest and close; return the rows of the manifest, what is paid and the digest."""
    warehouse, as_of = f"--warehouse={folder}", "--as-of=2026-02-10T00:00:00Z"
    ingested = run(["ingest", warehouse, f"--manifest-roots={root}", as_of, source])
    assert 0 == ingested.code, ingested.stderr
    closed = run(["close", "--period=2026-01", warehouse, as_of, "--json"])
    assert 0 == closed.code, closed.stderr
    query = (
        "SELECT count(*)::VARCHAR FROM manifest_entry UNION ALL SELECT contributor_id || ' '"
        " || (payable_micros * 0.000001)::DECIMAL(38, 6) FROM statement ORDER BY ALL"
    )
    answer = run(["query", warehouse, "--json", query])
    return [
        *(value for row in answer.json for value in row.values()),
        closed.json["closes"][0]["digest"],
    ]
