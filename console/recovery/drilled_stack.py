"""The stack of a drill: a local one with rows in it, what is asked of it, and the proof that all of it is back."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from console.client.client import Client
from console.client.failures import unexpected
from console.client.health import ask_health
from console.client.snapshots import ledger_head, newest_snapshot
from console.data.agreement import compare_answers, list_queries
from console.data.inside import complain_of_inside, in_this_process, look_inside
from console.data.loading import LoadPlan, load
from console.data.verification import compare_hashes, complain, verify_paths
from console.data.writers import ApiWriter
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.paths import PROGRAM
from console.recovery.clocked import Clocked, Phase
from handlers.domain.bookmark import Bookmark
from handlers.routes import MAX_INSERT_ROWS

SEED = 1


class DrilledStack:
    """A local stack under a drill.

    Attributes:
        local: the stack itself.
        client: of its API.
        clocked: the steps of the drill.
    """

    def __init__(self, stack: BackgroundStack, client: Client, clocked: Clocked) -> None:
        self.local = stack
        self.client = client
        self.clocked = clocked
        self._rows = 0

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the functions' environment."""
        return self.local.environment

    def insert(self, what: str, count: int) -> Bookmark:
        """Insert rows and publish them. Returns the bookmark after them. Raises ConsoleError."""
        with self.clocked(Phase.BEFORE, what, count) as advance:
            plan = LoadPlan(count, SEED, self._rows + 1, "drill", MAX_INSERT_ROWS)
            try:
                load(ApiWriter(self.client), plan, advance, "")
            except ConsoleError as error:  # there is nothing to go on with: the stack ends with the drill
                raise ConsoleError(str(error), f"{PROGRAM} drill", error.code) from error
        self._rows += count
        return self.head()

    def head(self) -> Bookmark:
        """Return the ledger's newest point. Raises ConsoleError."""
        return ledger_head(ask_health(self.client, "/command/health")).bookmark

    def expect(self, status: int, method: str, path: str, at_least: Bookmark | None = None) -> httpx.Response:
        """Return an answer of this status. Raises ConsoleError where it is another."""
        headers = {} if at_least is None else {"min-bookmark": str(at_least)}
        response = self.client.once(self.client.prepared(method, path, headers=headers))
        if response.status_code != status:
            raise unexpected(response, f"{response.status_code}, not {status}")
        return response

    def prove(self) -> Bookmark:
        """Prove that all of it is back. Returns the point that was proven. Raises ConsoleError."""
        published, head = newest_snapshot(self.client), ledger_head(ask_health(self.client, "/command/health"))
        shown_rows = published.bookmark.seq * len(self.client.homes())
        with self.clocked(Phase.PROOF, "verify each path against the snapshot", shown_rows) as go_on:
            compare_hashes(head, published)
            complain(verify_paths(self.client, published, go_on))
        with (
            self.clocked(Phase.PROOF, "verify the whole ledger and every segment", head.bookmark.seq) as go_on,
            in_this_process(self.environment) as step,
        ):
            complain_of_inside(look_inside(step, head.bookmark, go_on))
        asked = list_queries(self.client)
        with self.clocked(Phase.PROOF, "ask all paths the same", len(asked), "queries") as go_on:
            equal_bytes = compare_answers(self.client, asked, go_on)
            self.clocked.note(f"{len(asked)} queries, {equal_bytes:,} bytes, alike to the byte")
        return head.bookmark

    def prove_replaced(self, old: Bookmark) -> None:
        """Prove that every path refuses a bookmark of the history that was left. Raises ConsoleError."""
        with self.clocked(Phase.PROOF, f"ask each path for the old bookmark {old}, which has to be refused"):
            for source in self.client.homes():
                self.expect(409, "GET", f"/{source}", old)
