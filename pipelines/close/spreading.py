"""Has the pools of a close split by the workers of a Dask cluster (SPEC §5.2, Splitting).

The driver gives each worker groups of whole pools, takes back what each claim gets, and does all
else itself: what it states is the same, to the byte.
"""

import argparse
import logging
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import duckdb

from pipelines import __version__
from pipelines.close.compute import Instead, Step
from pipelines.errors import ManyhandsError, TryAgainError, UsageError
from pipelines.lake import splitting
from pipelines.lake.splitting import Pools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dask.distributed import Client, Future

PATIENCE_S: Final = 60
"""A cluster may have no worker for so many seconds: one that died is started again, say."""

GROUPS_A_WORKER: Final = 2
"""So many groups of pools are with each worker at once: the one that it splits, and the next."""

_LOOK_S: Final = 5
_VERSIONS: Final = (__version__, duckdb.__version__)


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster, by the options that name its scheduler, as an ingest's name it."""

    options: tuple[str, ...]

    def refuse_unless_usable(self) -> None:
        """Raise UsageError where Dask isn't installed, or the options don't name a scheduler."""
        try:
            import dask.distributed  # noqa: F401
        except ImportError as error:
            message = f"Dask is not installed ({error}); install manyhands with its extra dask"
            raise UsageError(message) from error
        self._named()

    def steps(self, memory_bytes: int) -> Instead:
        """Return what runs instead of a close's own steps where workers split its pools.

        Each worker's database has at most `memory_bytes`.
        """
        split = partial(_split, cluster=self, memory_bytes=memory_bytes)
        return {"claim": (), "claim_share": (Step("claim_share", split),)}

    @contextmanager
    def client(self) -> "Iterator[Client]":
        """Return a client of the cluster, for as long as the context lasts.

        Raises TryAgainError where the scheduler can't be reached.
        """
        from dask import config
        from dask.distributed import Client

        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it is said here
        # the pools of a group are whole, and go to the scheduler with their task
        with config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
            try:
                client = Client(  # type: ignore[no-untyped-call]
                    **self._named(), set_as_default=False
                )
            except OSError as error:
                message = f"Dask's scheduler can't be reached ({error}); close again later"
                raise TryAgainError(message) from error
            with client:
                yield client

    def _named(self) -> dict[str, Any]:
        """Return what names the scheduler to a client."""
        parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False, add_help=False)
        parser.add_argument("--dask_client_address", dest="address")
        parser.add_argument("--dask_scheduler_file", dest="scheduler_file")
        parser.add_argument("--dask_connection_timeout", dest="timeout", type=int)
        try:
            given, unknown = parser.parse_known_args(list(self.options))
        except argparse.ArgumentError as error:
            message = f"an option behind -- is off: {error}"
            raise UsageError(message) from error
        if unknown:
            message = f"{unknown[0]}: what stands behind -- of a close names a Dask scheduler"
            raise UsageError(message)
        if not (given.address or given.scheduler_file):
            message = "name the scheduler behind --, as in -- --dask_client_address=tcp://HOST:8786"
            raise UsageError(message)
        return {name: value for name, value in vars(given).items() if value is not None}


def split_here(pools: Pools, memory_bytes: int, versions: tuple[str, str]) -> bytes:
    """Split pools in this process, which is a worker's, and return what each claim gets.

    Raises ManyhandsError where the driver is of other `versions`: of manyhands and of DuckDB.
    """
    if versions != _VERSIONS:
        message = (
            f"a worker of the cluster has manyhands {__version__} with DuckDB {duckdb.__version__},"
            f" and this close {versions[0]} with {versions[1]}; install the same on both, and close"
            " again"
        )
        raise ManyhandsError(message)
    return splitting.split(pools, memory_bytes)


def _split(connection: duckdb.DuckDBPyConnection, *, cluster: Cluster, memory_bytes: int) -> None:
    """Stage `claim_share` by the workers of a cluster."""
    groups = iter(splitting.groups(connection))
    with cluster.client() as client:
        workers = len(client.nthreads())  # type: ignore[no-untyped-call]

        def submit(group: splitting.Group) -> "tuple[splitting.Group, Future[bytes]]":
            pools = splitting.give(connection, group)
            return group, client.submit(split_here, pools, memory_bytes, _VERSIONS, pure=False)

        waiting = [submit(group) for group in islice(groups, GROUPS_A_WORKER * max(1, workers))]
        while waiting:
            group, future = waiting.pop(0)
            splitting.take(connection, group, _result(client, future))
            waiting += [submit(group) for group in islice(groups, 1)]


def _result(client: "Client", future: "Future[bytes]") -> bytes:
    """Return what a worker returned.

    Raises what it raised, TryAgainError where workers died of it, or there is none.
    """
    from dask.distributed import KilledWorker

    without = 0
    while True:
        try:
            return future.result(timeout=_LOOK_S)
        except TimeoutError:
            workers = len(client.nthreads())  # type: ignore[no-untyped-call]
            without = 0 if workers else without + _LOOK_S
            if without >= PATIENCE_S:
                message = (
                    f"the cluster has had no worker for {without} seconds, and nothing was issued;"
                    " start one, and close again"
                )
                raise TryAgainError(message) from None
        except KilledWorker as error:
            message = (
                "workers of the cluster died of what they were to split, again and again, and"
                " nothing was issued; look at their memory, and close again"
            )
            raise TryAgainError(message) from error
        except (CancelledError, OSError) as error:
            message = "the cluster's scheduler is gone, and nothing was issued; close again later"
            raise TryAgainError(message) from error
