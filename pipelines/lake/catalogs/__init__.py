"""The catalogs that a warehouse may have, one a file; `catalog_of` says which one it has."""

from pipelines.lake.catalogs import sqlite
from pipelines.lake.catalogs.catalog import Catalog
from pipelines.lake.warehouse import Warehouse

__all__ = ["Catalog", "catalog_of"]


def catalog_of(warehouse: Warehouse) -> Catalog:  # noqa: ARG001  there is one kind so far
    """Return the catalog of a warehouse: the one place that chooses it."""
    return sqlite
