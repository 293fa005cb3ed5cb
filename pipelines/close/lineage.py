"""Shares what a pool has left between its model version and those it builds on (SPEC §5.2)."""

from collections.abc import Iterable, Iterator
from functools import cache

import duckdb

from pipelines.lake import staged
from pipelines.lake.staged import PoolRest
from pipelines.lake.staging import stage_input
from pipelines.royalties.lineage import Version, Versions, claims
from pipelines.royalties.splitting import split

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
    parts = lineage_parts(staged.pool_rests(connection), _versions(connection))
    stage_input(connection, "lineage_part", parts)


def _versions(connection: duckdb.DuckDBPyConnection) -> Versions:
    trained = staged.trained_versions(connection)
    bases: dict[int, list[tuple[Version, int]]] = {seq: [] for seq, *_ in trained}
    for seq, model_id, version, share_ppm in staged.base_shares(connection):
        bases[seq].append(((model_id, version), share_ppm))
    return {(model, version): (at, bases[seq]) for seq, model, version, at in trained}
