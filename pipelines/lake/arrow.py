"""The columns of relations as Arrow has them."""

from typing import Final

import pyarrow as pa

from pipelines.lake import sql

_TYPES: Final = {
    "BIGINT": pa.int64(),
    "BLOB": pa.binary(),
    "BOOLEAN": pa.bool_(),
    "DECIMAL(38, 0)": pa.decimal128(38, 0),
    "INTEGER": pa.int32(),
    "STRUCT(reason VARCHAR, events BIGINT)[]": pa.list_(
        pa.struct([("reason", pa.string()), ("events", pa.int64())])
    ),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR": pa.string(),
}


def schema(folder: str, name: str) -> pa.Schema:
    """Return the columns of a relation of `sql/`, in their order."""
    columns = sql.relation(folder, name).columns
    return pa.schema([(column.name, _TYPES[column.type]) for column in columns])
