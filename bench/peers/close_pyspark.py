"""Does the sums of a close in PySpark, local[2]: `close_pyspark.py FOLDER OUT`.

Pools by model version, weights by model version and contributor, and each one's floored part. What
a close does beside isn't done: leftovers, earlier statements, held parts, checks, seals.
"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812  as Spark's own documentation has it

MODEL = ["model_id", "version"]


def peak_mib(spark: SparkSession) -> int:
    """Return the most memory that Spark's own process held, where the system says it (Linux)."""
    pid = spark._jvm.java.lang.ProcessHandle.current().pid()  # noqa: SLF001
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return max(
        (int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM")), default=0
    )


def main(folder: str, out: str) -> None:
    """Write what each contributor gets of each pool, and print what it sums to."""
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "12g")
        .config("spark.ui.enabled", "false")
        .config("spark.local.dir", out)
        .config("spark.sql.shuffle.partitions", "16")  # 200 are for a cluster
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    generation = spark.read.parquet(f"{folder}/generation.parquet")
    licence = spark.read.parquet(f"{folder}/licence.parquet")
    manifest = spark.read.parquet(f"{folder}/manifest.parquet")

    owed = F.sum(F.col("revenue_micros").cast("decimal(19,0)") * F.col("share_ppm"))
    pool = generation.groupBy(MODEL).agg(owed.alias("owed"))
    pool = pool.select(*MODEL, F.expr("owed div 1000000").cast("decimal(19,0)").alias("pool"))

    in_force = (
        (manifest.image_id == licence.image_id)
        & (manifest.trained_at >= licence.valid_from)
        & (licence.valid_until.isNull() | (manifest.trained_at < licence.valid_until))
    )
    share = F.coalesce(F.col("share_ppm"), F.lit(1_000_000))
    weight = (
        manifest.join(licence, in_force, "left")
        .groupBy(*MODEL, "contributor_id")
        .agg(F.sum(F.col("weight_milli").cast("long") * share).alias("weight"))
    )
    total = weight.groupBy(MODEL).agg(F.sum("weight").alias("total"))
    part = (
        weight.join(total, MODEL)
        .join(pool, MODEL)
        .where("contributor_id IS NOT NULL")
        .withColumn("amount", F.expr("(pool * CAST(weight AS decimal(18,0))) div total"))
    )
    part.select(*MODEL, "contributor_id", "amount").write.parquet(f"{out}/part")

    written = spark.read.parquet(f"{out}/part")
    ((claimants, allocated),) = written.agg(F.count("*"), F.sum("amount")).collect()
    ((pools,),) = pool.agg(F.sum("pool")).collect()
    sums = {"pools": int(pools), "claimants": claimants, "allocated": int(allocated)}
    print(json.dumps(sums | {"peak_mib": peak_mib(spark)}))
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
