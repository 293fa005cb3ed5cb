"""Lets the engine read and write the data files of a warehouse in an object store."""

import re
from types import ModuleType
from typing import Final

import duckdb

from pipelines.errors import ManyhandsError, TryAgainError
from pipelines.lake.literals import quoted
from pipelines.lake.warehouse import DATA, Warehouse
from pipelines.stores.clients import is_outage, not_installed
from pipelines.stores.errors import CREDENTIALS_CODES
from pipelines.stores.objects import WHAT, keys_of
from pipelines.stores.place import Place

_TYPES: Final = {"gs": "gcs", "s3": "s3"}
_STATUS: Final = re.compile(r"HTTP (?:code )?(\d{3})\b")
_DENIED: Final = {401, 403}
_CUT_SHORT: Final = "Content-Length from server mismatches requested range"
_OF_FILES: Final = {404: "is missing", 416: "is damaged"}


def extension(place: Place) -> ModuleType:
    """Return the package of the DuckDB extension that speaks to object stores.

    Raises UsageError where the place's extra isn't installed.
    """
    try:
        import duckdb_extension_httpfs
    except ImportError as error:
        raise not_installed(place, WHAT, error) from error
    module: ModuleType = duckdb_extension_httpfs
    return module


def give_keys(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """Give a connection the keys for a warehouse's place; they stay in its memory."""
    if warehouse.place is not None:
        connection.execute(_secret(warehouse.place))


def fault(error: Exception, place: Place | None) -> ManyhandsError | None:
    """Return what a store said to the engine, and what to do; None: nothing.

    The text is the store's own in part, which decides nothing and isn't repeated.
    """
    text = str(error)
    if place is None or not isinstance(error, duckdb.IOException) or "HTTP" not in text:
        return None
    first, _, more = text.partition("\n")
    said = _STATUS.search(first)
    status = int(said[1]) if said else None
    what = "no connection" if status is None else f"HTTP {status}"
    if _CUT_SHORT in first:
        return ManyhandsError(f"a file in {place} is damaged (cut short); restore it from a backup")
    if status is None or is_outage(status):
        message = f"the {WHAT} {place} can't be reached now ({what}); run the command again later"
        return TryAgainError(message)
    if status in _OF_FILES:
        named = re.search(rf"{re.escape(place.key(DATA))}/\S+?[.]parquet", text)
        path = f"{place.scheme}://{place.bucket}/{named[0]}" if named else f"a file in {place}"
        message = f"{path} {_OF_FILES[status]} ({what}); restore it from a backup"
        return ManyhandsError(message)
    if status in _DENIED or more.strip().partition(":")[0] in CREDENTIALS_CODES:
        message = f"the {WHAT} {place} denies access, or doesn't know the keys ({what}); mend them"
        return ManyhandsError(message)
    message = f"the {WHAT} {place} refuses a request ({what}); run it again with --debug"
    return ManyhandsError(message)


def _secret(place: Place) -> str:
    keys = keys_of(place)
    options = {
        "KEY_ID": keys.key_id,
        "SECRET": keys.secret,
        "SESSION_TOKEN": keys.token,
        "REGION": keys.region,
        "ENDPOINT": keys.host,
        "URL_STYLE": "path",
        "SCOPE": str(place),
    }
    given = [f"{name} {quoted(value)}" for name, value in options.items() if value]
    given.append(f"USE_SSL {str(keys.is_encrypted).lower()}")
    return f"CREATE SECRET data_path (TYPE {_TYPES[place.scheme]}, {', '.join(given)})"
