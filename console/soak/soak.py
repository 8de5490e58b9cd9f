"""A soak from beginning to end: load and violence, then quiet, then proof that every promise was kept."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import cast

from console.client.client import Client, read_members
from console.client.snapshots import ledger_head, newest_snapshot
from console.data.inside import Inside, in_this_process, look_inside
from console.data.ledger import open_store
from console.data.verification import verify_paths
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.soak.actors import PageReader, RowWriter, keep_acting
from console.soak.outcome import Soaked
from console.soak.promises import Promises
from console.soak.proof import check_ledger
from console.soak.violence import Violence
from console.terminal import Advance

HEALS_WITHIN_S = 120.0
SAMPLE_EVERY_S = 1.0
PAUSES_S = (0.0, 0.1)  # between two acts of an actor


@dataclass(frozen=True, kw_only=True)
class SoakPlan:
    """The length of a soak, its actors and its violence.

    Attributes:
        kill_every_s, restore_every_s: the mean time between two; 0 = never.
        has_postgres: there is PostgreSQL, whose connections end as often as sandboxes.
    """

    seconds: float
    writers: int
    readers: int
    kill_every_s: float
    restore_every_s: float
    seed: int
    has_postgres: bool = False


def soak(stack: BackgroundStack, plan: SoakPlan, promises: Promises, advance: Advance) -> Soaked:
    """Run a plan against a stack that has a projector.

    Args:
        promises: gets what the actors see.
        advance: is told of seconds that have passed.
    """
    violence = Violence(
        stack,
        promises,
        random.Random(plan.seed),  # noqa: S311 - no secret
        kill_every_s=plan.kill_every_s,
        restore_every_s=plan.restore_every_s,
        drop_every_s=plan.kill_every_s if plan.has_postgres else 0.0,
    )
    is_over = threading.Event()
    with Client(stack.url) as client:
        threads = [*_actors(client, plan, promises, is_over), *violence.threads(is_over)]
        for thread in threads:
            thread.start()
        try:
            greatest_lag_s = _sample(client, plan.seconds, advance)
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        healed_in_s = _heal(client)
        published = newest_snapshot(client)
        paths = verify_paths(client, published, lambda _: None)
        inside = _look_inside(stack, client)
    with open_store(stack.environment) as store:
        check_ledger(store.ledger, promises)
        files = len(store.publisher.catalog.look(now=True).chain) if store.publisher else 0
    return Soaked(promises, dict(violence.done), greatest_lag_s, healed_in_s, files, paths, inside)


def _actors(client: Client, plan: SoakPlan, promises: Promises, is_over: threading.Event) -> list[threading.Thread]:
    url, homes = client.url, client.homes()
    actors = [RowWriter(url, homes, promises, _luck(plan, number)) for number in range(plan.writers)]
    readers = [PageReader(url, homes, promises, _luck(plan, plan.writers + number)) for number in range(plan.readers)]
    pauses = _luck(plan, plan.writers + plan.readers)
    return [
        threading.Thread(target=keep_acting, args=(actor, is_over, promises, lambda: pauses.uniform(*PAUSES_S)))
        for actor in (*actors, *readers)
    ]


def _luck(plan: SoakPlan, number: int) -> random.Random:
    return random.Random(plan.seed * 1000 + number + 1)  # noqa: S311 - no secret


def _sample(client: Client, seconds: float, advance: Advance) -> float:
    """Watch the lag for so long. Returns the greatest, in seconds."""
    begun_s, passed_s, greatest_s = time.monotonic(), 0, 0.0
    while (now_s := time.monotonic() - begun_s) < seconds:
        lag = _health(client).get("lag")
        greatest_s = max(greatest_s, cast("dict[str, float]", lag)["seconds"] if lag else 0.0)
        advance(int(now_s) - passed_s)
        passed_s = int(now_s)
        time.sleep(SAMPLE_EVERY_S)
    return greatest_s


def _heal(client: Client) -> float | None:
    """Wait until everything is published, by nobody's asking. Returns after how many seconds; None: it is not."""
    begun_s = time.monotonic()
    while (now_s := time.monotonic() - begun_s) < HEALS_WITHIN_S:
        health = _health(client)
        if health and health["snapshot"] == health["bookmark"]:
            return round(now_s, 1)
        time.sleep(SAMPLE_EVERY_S / 4)
    return None


def _health(client: Client) -> dict[str, object]:
    """Return the command function's health; nothing where its sandbox was killed over it."""
    try:
        return read_members(client.get("/command/health"))
    except ConsoleError:
        return {}


def _look_inside(stack: BackgroundStack, client: Client) -> Inside:
    head = ledger_head(client.get("/command/health"))
    with in_this_process(stack.environment) as step:
        return look_inside(step, head.bookmark, lambda _: None)
