"""Scans and groups the rows of a close in DuckDB, each relation by itself: a limit, no close.

`close_duckdb.py FOLDER OUT`
"""

import json
import sys

import duckdb

POOLS = """
SELECT model_id, version, sum(CAST(revenue_micros AS HUGEINT) * share_ppm) // 1000000 AS pool
FROM read_parquet($path) GROUP BY ALL
"""
OWNERS = """
SELECT contributor_id, count(*) AS images, sum(share_ppm) AS share FROM read_parquet($path)
GROUP BY ALL
"""
WEIGHTS = """
SELECT model_id, version, image_id, sum(weight_milli) AS weight FROM read_parquet($path)
GROUP BY ALL
"""


def main(folder: str) -> None:
    """Group each relation by what a close groups it by, and print what the pools sum to."""
    with duckdb.connect() as connection:
        for name, query in (("pool", POOLS), ("owner", OWNERS), ("weight", WEIGHTS)):
            file = {"pool": "generation", "owner": "licence", "weight": "manifest"}[name]
            path = {"path": f"{folder}/{file}.parquet"}
            connection.execute(f"CREATE TABLE {name} AS {query}", path)
        ((pools,),) = connection.execute("SELECT sum(pool) FROM pool").fetchall()
    print(json.dumps({"pools": int(pools)}))


if __name__ == "__main__":
    main(sys.argv[1])
