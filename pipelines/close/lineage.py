"""Shares what a pool has left between its model version and those it builds on (SPEC §5.2)."""

from collections.abc import Iterable, Iterator
from functools import cache

import duckdb

from pipelines.lake.staging import stage_input
from pipelines.royalties.lineage import Version, Versions, claims
from pipelines.royalties.splitting import split

PoolRest = tuple[str, str, str, str, str, str, int]
"""basis, model, version, reference, origin period, currency, micros left for manifests."""

Part = tuple[str, str, str, str, str | None, str | None, str | None, int]
"""basis, reference, origin period, currency, model and version or reason held, micros."""


def lineage_parts(rests: Iterable[PoolRest], versions: Versions) -> Iterator[Part]:
    """Split each pool's rest over the versions that share it; the parts sum to the rest."""
    claims_of = cache(lambda own: claims(own, versions))
    for basis, model_id, version, reference, origin_period, currency, micros in rests:
        shared = claims_of((model_id, version))
        amounts = split(int(micros), [claim.weight for claim in shared])
        for claim, amount in zip(shared, amounts, strict=True):
            if amount:
                model, number = claim.version or (None, None)
                yield (
                    basis,
                    reference,
                    origin_period,
                    currency,
                    model,
                    number,
                    claim.held,
                    amount,
                )


def share_lineage(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage `lineage_part` from the staged pools and model versions."""
    rests = connection.execute(
        "SELECT basis, model_id, version, reference, origin_period, currency, amount_micros"
        " FROM pool_rest ORDER BY ALL"
    ).fetchall()
    parts = lineage_parts(rests, _versions(connection))
    stage_input(connection, "lineage_part", parts)


def _versions(connection: duckdb.DuckDBPyConnection) -> Versions:
    trained = connection.execute(
        "SELECT seq, model_id, version, trained_at FROM model_version WHERE NOT redeclared"
    ).fetchall()
    bases: dict[int, list[tuple[Version, int]]] = {row[0]: [] for row in trained}
    rows = connection.execute(
        "SELECT base.seq, base.base_model_id, base.base_version, base.share_ppm"
        " FROM in_force.base_model AS base"
        " INNER JOIN model_version ON base.seq = model_version.seq"
        " WHERE NOT model_version.redeclared"
    )
    for seq, model_id, version, share_ppm in rows.fetchall():
        bases[seq].append(((model_id, version), share_ppm))
    return {(model, version): (at, bases[seq]) for seq, model, version, at in trained}
