"""The data model: the one file to change for your own data (docs/your-data.md walks through it).

Every row has a sequence number, an id and a time; the columns declared here are yours. Everything else follows from
them: what a client may send, the items of the ledger, the tables and indexes of SQLite, the filters, the JSON of the
answers, the API's description, random rows (`handlers/model`).
"""

from __future__ import annotations

from handlers.model.columns import Number
from handlers.model.model import Model

MODEL = Model(
    "randoms",
    Number("random_value", statistics=True, description="Any number; those that the API makes are from 0 to 1"),
)
