"""Does the sums of a close in polars: `close_polars.py FOLDER OUT`; as `close_pyspark.py`."""

import json
import sys
from pathlib import Path

import polars as pl

MODEL = ["model_id", "version"]


def main(folder: Path, out: Path) -> None:
    """Write what each contributor gets of each pool, and print what it sums to."""
    generation = pl.scan_parquet(folder / "generation.parquet")
    licence = pl.scan_parquet(folder / "licence.parquet")
    manifest = pl.scan_parquet(folder / "manifest.parquet")

    owed = (pl.col("revenue_micros").cast(pl.Int128) * pl.col("share_ppm")).sum()
    pool = generation.group_by(MODEL).agg((owed // 1_000_000).alias("pool")).collect()

    joined = manifest.join(licence, on="image_id", how="left")
    holds = (pl.col("trained_at") >= pl.col("valid_from")) & (
        pl.col("valid_until").is_null() | (pl.col("trained_at") < pl.col("valid_until"))
    )
    share = pl.when(holds).then(pl.col("share_ppm")).otherwise(1_000_000)
    owner = pl.when(holds).then(pl.col("contributor_id")).alias("contributor_id")
    weight = (
        joined.group_by(*MODEL, owner)
        .agg((pl.col("weight_milli").cast(pl.Int64) * share).sum().alias("weight"))
        .collect(engine="streaming")
    )
    total = weight.group_by(MODEL).agg(pl.col("weight").sum().alias("total"))
    amount = pl.col("pool") * pl.col("weight").cast(pl.Int128) // pl.col("total").cast(pl.Int128)
    part = (
        weight.drop_nulls("contributor_id")
        .join(total, on=MODEL)
        .join(pool, on=MODEL)
        .select(*MODEL, "contributor_id", amount.cast(pl.Int64).alias("amount"))
    )
    part.write_parquet(out / "part.parquet")

    sums = {"pools": pool["pool"].sum(), "claimants": part.height}
    print(json.dumps(sums | {"allocated": part["amount"].sum()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
