"""The share of a load that the origin does not see behind nginx: of requests, and of bytes."""

from __future__ import annotations

import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.perf.edge.load import Load, Read, reads
from tests.support.edge.nginx import Edge, edge
from tests.support.edge.origin import Origin, origin_of

ROWS = 10_000
CLIENTS = 50
PUBLISH_S = 2.0  # a row is published so often


class Offload(NamedTuple):
    """What reached the origin of a load, and what its clients got.

    Args:
        max_age_s: for how long a shared cache might give away what was published.
        unchanged: of the origin's answers, those with 304.
    """

    load: Load
    max_age_s: int
    asked: int
    seen: int
    unchanged: int
    asked_bytes: int
    seen_bytes: int

    @property
    def requests_share(self) -> float:
        """Return the share of requests that the origin did not see."""
        return 1 - self.seen / self.asked

    @property
    def bytes_share(self) -> float:
        """Return the share of bytes that it did not send."""
        return 1 - self.seen_bytes / self.asked_bytes


def measure_offload(load: Load, max_age_s: int, seconds: float) -> Offload:
    """Send a load to nginx before an origin of its own, while rows are published."""
    with (
        tempfile.TemporaryDirectory(prefix="edge-") as folder,
        origin_of(Path(folder) / "origin", ROWS) as origin,
        edge(Path(folder), origin.url.removeprefix("http://")) as cache,
    ):
        origin.shared_max_age_s = max_age_s
        sizes = _send(cache, origin, [*reads(load, seconds, origin.bookmark)])
        calls = origin.taken()
        return Offload(
            load,
            max_age_s,
            len(sizes),
            len(calls),
            sum(call.status == 304 for call in calls),
            sum(sizes),
            sum(call.size_bytes for call in calls),
        )


def _send(cache: Edge, origin: Origin, due: list[Read]) -> list[int]:
    """Send each read when it is due; returns the sizes of the answers."""
    is_over = threading.Event()

    def publish() -> None:
        while not is_over.wait(PUBLISH_S):
            origin.publish()

    def ask(path: str) -> int:
        answer = cache.get(f"/api{path}", accept_encoding="gzip")
        answer.raise_for_status()
        return answer.num_bytes_downloaded

    publishing = threading.Thread(target=publish)
    publishing.start()
    start_s = time.perf_counter()
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            sent: list[Future[int]] = []
            for read in due:
                time.sleep(max(0, start_s + read.due_s - time.perf_counter()))
                sent.append(pool.submit(ask, read.path))
            return [each.result() for each in sent]
    finally:
        is_over.set()
        publishing.join()
