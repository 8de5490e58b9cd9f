"""The columns of the lake's table in Glue, from the data model: as the SerDe org.openx.data.jsonserde reads the lines.

Names are in lower case, as Glue wants them; the SerDe does not tell A from a.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.model.column import ModelError
from handlers.model.model import Model
from handlers.rows import MODEL

PARTITION = "root"  # a part of each object's key, a text: the epoch that the rows were written in
TYPES = {
    "text": "string",
    "number": "double",
    "integer": "bigint",
    "boolean": "boolean",
    "timestamp": "string",  # its texts sort as time does; from_iso8601_timestamp makes a time of them
    "json": "string",  # JSON within JSON: json_extract reads it
}


def lake_columns(model: Model = MODEL) -> Sequence[tuple[str, str]]:
    """Return names and types of the columns, in their order, without the partition.

    Raises ModelError where a column has the partition's name.
    """
    columns = [(column.name.lower(), TYPES[column.kind]) for column in model.columns]
    if PARTITION in dict(columns):
        raise ModelError(
            f"the data lake has a column {PARTITION} of its own: call yours otherwise, or leave `lake` out"
        )
    return [("seq", "bigint"), ("id", "string"), *columns, ("created_at", "string")]
