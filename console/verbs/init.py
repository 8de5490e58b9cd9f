"""The verb `init`: the table, the ledger in it, and its empty snapshot."""

from __future__ import annotations

import os

from console import terminal
from console.client.target import JsonOption
from console.data.ledger import make_ledger


def init(*, as_json: JsonOption = False) -> None:
    """Create the table TABLE_NAME where boto3's own environment points to, and the ledger in it.

    Safe to repeat: what is there already stays as it is. The ledger is made here if EFS_DIR is a folder on this machine
    (its empty snapshot belongs there), else by the first write to the API.
    """
    made = make_ledger(os.environ)
    if as_json:
        terminal.print_json(made)
        return
    found = "made" if made["is_new"] else "there already"
    ledger = f"ledger at bookmark {made['bookmark']}" if made["bookmark"] else "the first write makes the ledger"
    terminal.results().print(f"Table {made['table']}: {found}; {ledger}.")
