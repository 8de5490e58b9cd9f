"""The data model of products.csv: one file in place of handlers/rows.py."""

from __future__ import annotations

from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model

MODEL = Model(
    "products",
    Text("sku", min_length=1, max_length=20, filter=True, description="The product's own number"),
    Text("name", min_length=1, max_length=200),
    Text("category", choices=("book", "game", "tool", "garden", "music"), filter=True),
    Number("price", minimum=0, maximum=1_000_000, statistics=True, description="In euros, with tax"),
    Integer("stock", minimum=0, default=0, description="How many are on the shelf"),
    Boolean("discontinued", default=False, filter=True),
    Timestamp("updated_at", required=False, filter=True, description="The last change in the shop's own system"),
    Json("tags", required=False, max_bytes=2000),
)
