"""Does the sums of a close in pandas: `close_pandas.py FOLDER OUT`; as `close_pyspark.py`.

A product of a pool and a weight doesn't fit 64 bits, so the parts are Python's own integers.
"""

import json
import sys
from pathlib import Path

import pandas as pd

MODEL = ["model_id", "version"]


def main(folder: Path, out: Path) -> None:
    """Write what each contributor gets of each pool, and print what it sums to."""
    generation = pd.read_parquet(folder / "generation.parquet")
    licence = pd.read_parquet(folder / "licence.parquet")
    manifest = pd.read_parquet(folder / "manifest.parquet")

    # the same share for all generations of a model version, so that 64 bits hold the sum
    owed = generation.groupby([*MODEL, "share_ppm"])["revenue_micros"].sum().reset_index()
    owed["pool"] = owed["revenue_micros"].astype(object) * owed["share_ppm"]
    pool = (owed.groupby(MODEL)["pool"].sum() // 1_000_000).reset_index()

    joined = manifest.merge(licence, on="image_id", how="left")
    holds = (joined["trained_at"] >= joined["valid_from"]) & (
        joined["valid_until"].isna() | (joined["trained_at"] < joined["valid_until"])
    )
    joined["contributor_id"] = joined["contributor_id"].where(holds)
    share = joined["share_ppm"].where(holds, 1_000_000).astype("int64")
    joined["weight"] = joined["weight_milli"].astype("int64") * share
    grouped = joined.groupby([*MODEL, "contributor_id"], dropna=False)["weight"]
    weight = grouped.sum().reset_index()
    total = weight.groupby(MODEL)["weight"].sum().rename("total").reset_index()
    part = weight.dropna(subset="contributor_id").merge(total, on=MODEL).merge(pool, on=MODEL)
    part["amount"] = part["pool"] * part["weight"].astype(object) // part["total"].astype(object)
    part["amount"] = part["amount"].astype("int64")
    part[[*MODEL, "contributor_id", "amount"]].to_parquet(out / "part.parquet")

    sums = {"pools": int(pool["pool"].sum()), "claimants": len(part)}
    print(json.dumps(sums | {"allocated": int(part["amount"].sum())}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
