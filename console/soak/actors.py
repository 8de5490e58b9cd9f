"""The actors of a soak: writers that read their own writes, and readers that hold the paths against each other.

Every request is sent until it is answered, as a careful client does: an insert always with the same Idempotency-Key.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import httpx

from console.client.client import is_temporary, read_members
from console.client.pages import member_text
from console.client.retry import Retry, retry_after_s
from console.soak.promises import Acknowledged, Promises
from handlers.domain.bookmark import NOTHING, Bookmark

TIMEOUT = httpx.Timeout(40.0, connect=5.0)
PATIENCE_S = 90.0  # for one request, with all its attempts
MOST_ROWS = 90  # of one insert: one transaction, so its rows follow each other
OK, GONE = 200, 409

Headers = dict[str, str]


class PatientClient:
    """A client that sends a request until it is answered for good."""

    def __init__(self, url: str, promises: Promises) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=False)
        self._promises = promises

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, headers: Headers, content: object = None) -> httpx.Response | None:
        """Send until it is answered with something that will not change; None: not within `PATIENCE_S`."""
        retry = Retry(PATIENCE_S)
        while True:
            try:
                response = self._http.request(method, path, headers=headers, json=content)
            except httpx.TransportError:
                self._promises.lost(method)
                pause_s = 0.0
            else:
                self._promises.answered(response)
                if response.status_code < 500 and not is_temporary(response):
                    return response
                pause_s = retry_after_s(response)
            if not retry.pause(pause_s):
                return None


class Actor(ABC):
    """Somebody who asks the API for one thing after another.

    Args:
        homes: of the API.
        luck: draws what is done.
    """

    def __init__(self, url: str, homes: Sequence[str], promises: Promises, luck: random.Random) -> None:
        self._caller = PatientClient(url, promises)
        self._homes = homes
        self._promises = promises
        self._luck = luck

    @abstractmethod
    def act(self) -> None:
        """Do one thing."""

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()


class RowWriter(Actor):
    """Appends rows, and reads back what it wrote, on any path."""

    def act(self) -> None:
        """Insert once, and mostly read one of the rows."""
        luck = self._luck
        headers = {"idempotency-key": str(uuid.UUID(int=luck.getrandbits(128)))}
        if luck.random() < 0.5:
            headers["prefer"] = "respond-async"
        count = luck.choice((1, 1, 1, 5, MOST_ROWS))
        response = self._caller.send("POST", "/insert", headers, {"count": count})
        if response is None or not response.is_success:
            self._promises.give_up()
            return
        members = read_members(response)
        ids = tuple(str(each) for each in members["ids"])  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType, reportUnknownArgumentType] - JSON
        insert = Acknowledged(Bookmark.parse(str(members["bookmark"])), ids)
        self._promises.acknowledge(insert)
        if luck.random() < 0.7:
            self._read_back(insert)

    def _read_back(self, insert: Acknowledged) -> None:
        """Ask for one of its rows at its bookmark: it has to be there, unless the ledger went back meanwhile."""
        row_id, source = self._luck.choice(insert.ids), self._luck.choice(self._homes)
        path = f"/{source}/{row_id}"
        response = self._caller.send("GET", path, {"min-bookmark": str(insert.bookmark)})
        if response is None:
            self._promises.check(False, f"{path} was not there at {insert.bookmark} within {PATIENCE_S:g} s")
        elif response.status_code != GONE:
            self._promises.check(response.status_code == OK, f"{path} at {insert.bookmark}: {response.text[:200]}")


class PageReader(Actor):
    """Reads pages, never goes back, and holds two paths against each other at one bookmark."""

    _seen = NOTHING

    def act(self) -> None:
        """Read a page, then the same of another path."""
        one, other = self._luck.sample(self._homes, 2)
        query = f"limit={self._luck.choice((1, 10, 100, 1000))}&order={self._luck.choice(('asc', 'desc'))}"
        page = self._page(f"/{one}?{query}", {"min-bookmark": str(self._seen)})
        if page is None:
            return
        bookmark = page[0]
        self._promises.check(bookmark >= self._seen, f"/{one} went back from {self._seen} to {bookmark}")
        self._seen = bookmark
        same = self._page(f"/{other}?{query}&as_of={bookmark}", {})
        if same is not None:
            self._promises.check(same == page, f"/{one} and /{other} differ at {bookmark}: {query}")

    def _page(self, path: str, headers: Headers) -> tuple[Bookmark, str] | None:
        """Return a page's bookmark and rows; None where the ledger went back meanwhile, or nobody answers."""
        response = self._caller.send("GET", path, headers)
        if response is None:
            self._promises.defect(f"{path} was not answered within {PATIENCE_S:g} s")
            return None
        if response.status_code != OK:
            self._seen = NOTHING
            return None
        return Bookmark.parse(str(read_members(response)["bookmark"])), member_text(response.text, "data")


def keep_acting(actor: Actor, is_over: threading.Event, promises: Promises, pause_s: Callable[[], float]) -> None:
    """Let an actor act again and again until it is over; what it raises is a defect."""
    try:
        while not is_over.is_set():
            actor.act()
            time.sleep(pause_s())
    except Exception as error:  # noqa: BLE001 - whatever it is, the outcome has to tell
        promises.defect(f"{type(actor).__name__}: {error!r}")
    finally:
        actor.close()
