"""The catalogs that a warehouse may have, one a file; `catalog_of` says which one it has."""

from pipelines.lake.catalogs import postgres, sqlite
from pipelines.lake.catalogs.catalog import Catalog
from pipelines.lake.warehouse import Warehouse

__all__ = ["Catalog", "catalog_of", "located"]


def catalog_of(warehouse: Warehouse) -> Catalog:
    """Return the catalog of a warehouse: the one place that chooses it."""
    return postgres if warehouse.server else sqlite


def located(warehouse: Warehouse) -> Warehouse:
    """Return the same warehouse with the folder of its files, from the root on.

    Raises NotFoundError where there is no warehouse, or its files are gone.
    """
    catalog = catalog_of(warehouse)
    catalog.require(warehouse)
    return catalog.located(warehouse)
