"""The operations whose every call fails in turn, and the state of things that each of them finds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from handlers.domain.bookmark import Bookmark
from tests.faults.calls.scene import Sandboxes, Scene
from tests.support.api import SOURCES, Answer, record
from tests.support.drafts import items
from tests.support.files import flip_bit

Patches = dict[str, object]
Task = dict[str, object]

SMALL: Patches = {"handlers.snapshots.chain.SMALL_ROWS": 3, "handlers.snapshots.chain.GROWTH": 2}
KEY = "the key of this call"


@dataclass(frozen=True)
class State:
    """A state of things.

    Attributes:
        build: makes it; its files and its table are kept.
        then: what others do once the sandboxes are warm.
        environ: variables beside the folders.
        patches: constants of the code that are other ones here.
        damaged: how many files are.
        is_lost: whether nothing that is published can be read, until the next publish.
    """

    build: Callable[[Scene], None]
    then: Callable[[Scene], None] = lambda _scene: None
    environ: dict[str, str] = field(default_factory=dict[str, str])
    patches: Patches = field(default_factory=Patches)
    damaged: int = 0
    is_lost: bool = False


@dataclass(frozen=True)
class Operation:
    """A request, or an event of the projector.

    Attributes:
        kind: which rules hold for its answer: "insert", "publish", "page", "row", "stats", "snapshots", "health",
            "batch", "maintenance", "verification".
        is_warm: whether the sandbox has answered before.
        path: with the query.
        body: what is posted; None: it is a GET.
        has_key: whether it has an Idempotency-Key.
        rows: how many rows it appends.
        task: of the projector; empty: a batch of the stream; None: it is a request.
    """

    kind: str
    state: State
    is_warm: bool
    path: str = ""
    body: object = None
    has_key: bool = False
    is_async: bool = False
    rows: int = 0
    task: Task | None = None

    @property
    def is_write(self) -> bool:
        return self.body is not None or self.task is not None

    def ask(self, api: Sandboxes, oldest: str, points: Sequence[Bookmark] = ()) -> Answer:
        """Send the request; `oldest` is the oldest row's id, and a batch tells that the head has moved to `points`."""
        if self.task is not None:
            return api.invoke(self.task or {"Records": [*itertools.starmap(record, enumerate(points, 1))]})
        path, _, raw_query = self.path.replace("{oldest}", oldest).partition("?")
        if not self.is_write:
            return api.get(path, raw_query)
        headers = {"idempotency_key": KEY} if self.has_key else {}
        return api.post(path, self.body, **headers | ({"prefer": "respond-async"} if self.is_async else {}))

    def warm_up(self, api: Sandboxes) -> None:
        """Let a sandbox answer before."""
        if not self.is_write:
            assert self.ask(api, "").status == 200
        else:
            assert api.post("/snapshots").status in (200, 201)


def insert(scene: Scene, count: int, **headers: str) -> None:
    assert scene.sandbox().post("/insert", {"items": items(count)}, **headers).status in (201, 202)


def one_segment_each(scene: Scene) -> None:
    """Rows 1 … 20, 21 … 26 and 27."""
    for count in (20, 6, 1):
        insert(scene, count)


def not_compacted(scene: Scene) -> None:
    one_segment_each(scene)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("handlers.snapshots.chain.MERGED_ROWS", 1)
        insert(scene, 2)
        insert(scene, 2)


def damaged(scene: Scene) -> None:
    """The segment in the middle is damaged, and a publisher was killed some time ago."""
    one_segment_each(scene)
    flip_bit(scene.efs / "snapshots" / scene.names("snapshots")[-2], 8 * 5000)
    (scene.efs / "staging" / "orphan.tmp").touch()
    scene.age()


def only_one_damaged(scene: Scene) -> None:
    insert(scene, 2)
    flip_bit(scene.efs / "snapshots" / scene.names("snapshots")[-1], 8 * 5000)
    for name in scene.names("snapshots")[:-1]:
        (scene.efs / "snapshots" / name).unlink()


def all_in_quarantine(scene: Scene) -> None:
    insert(scene, 2)
    (scene.efs / "snapshots").rename(scene.efs / "quarantine")
    (scene.efs / "snapshots").mkdir()


def others_append(scene: Scene) -> None:
    insert(scene, 3, prefer="respond-async")


def others_publish(scene: Scene) -> None:
    insert(scene, 2)


GRADUAL: Patches = {"handlers.reads.sqlite_tmp.WHOLE_BYTES": 0, "handlers.reads.sqlite_tmp.STEP_BYTES": 10_000}
NOTHING = State(lambda _scene: None)
PUBLISHED = State(one_segment_each)
BEHIND = State(
    not_compacted,
    others_append,
    {"RETAIN_S": "0", "NOTIFICATIONS": "on"},
    {"handlers.snapshots.retention.NEVER_BEFORE_S": 0},
)
DAMAGED = State(damaged, others_append, damaged=1)
TO_REBUILD = State(one_segment_each, others_append, patches={"handlers.snapshots.maker.RANGE_ROWS": 16})
LOST = State(all_in_quarantine, damaged=2)
ALL_DAMAGED = State(only_one_damaged, damaged=1, is_lost=True)
NEWER = State(one_segment_each, others_publish)
AHEAD = State(one_segment_each, others_append)
ONE_SEGMENT = State(lambda scene: insert(scene, 2), others_append, {"FULL_VERIFICATION": "1", "NOTIFICATIONS": "on"})
LARGE = State(one_segment_each, others_publish, {"VERIFY_MAX_BYTES": "0"}, GRADUAL)

WRITES = {
    "the first insert": Operation("insert", NOTHING, False, "/insert", {"items": items(2)}, True, rows=2),
    "an insert": Operation("insert", PUBLISHED, True, "/insert", {"items": items(2)}, rows=2),
    "an insert with a key": Operation("insert", PUBLISHED, False, "/insert", {"items": items(2)}, True, rows=2),
    "a long insert": Operation("insert", PUBLISHED, True, "/insert", {"count": 99}, False, True, 99),
    "a long insert with a key": Operation("insert", PUBLISHED, False, "/insert", {"count": 99}, True, True, 99),
    "a publish": Operation("publish", BEHIND, False, "/snapshots", {}),
    "a publish of nothing": Operation("publish", PUBLISHED, True, "/snapshots", {}),
    "a publish over damage": Operation("publish", DAMAGED, False, "/snapshots", {}),
    "a publish where all is damaged": Operation("publish", ALL_DAMAGED, False, "/snapshots", {}),
    "a rebuild": Operation("publish", TO_REBUILD, True, "/snapshots", {"full": True}),
    "a new epoch": Operation("new epoch", PUBLISHED, True, "/snapshots", {"new_epoch": True}),
}
MAINTAIN: Task = {"task": "maintain"}
VERIFY: Task = {"task": "verify", "level": "full"}
JOBS = {
    "a batch": Operation("batch", ONE_SEGMENT, False, task={}),
    "maintenance that verifies": Operation("maintenance", ONE_SEGMENT, False, task=MAINTAIN),
    "a verification": Operation("verification", PUBLISHED, False, task=VERIFY),
    "a verification over damage": Operation("verification", DAMAGED, False, task=VERIFY),
}
PAGE = "?limit=1000&order=asc"
READS = {
    **{f"a page of {path[1:]}, cold": Operation("page", NEWER, False, path + PAGE) for path in SOURCES},
    **{f"a page of {path[1:]}, warm": Operation("page", NEWER, True, path + PAGE) for path in SOURCES},
    **{
        f"a fresh page of {path[1:]}, cold": Operation("page", AHEAD, False, f"{path}{PAGE}&fresh=1")
        for path in SOURCES[:2]
    },
    "a filtered page of sqlite-efs": Operation("page", NEWER, False, f"/sqlite-efs{PAGE}&min_value=0"),
    "a page of sqlite-tmp, large, cold": Operation("page", LARGE, False, "/sqlite-tmp" + PAGE),
    "a page of sqlite-tmp, large, warm": Operation("page", LARGE, True, "/sqlite-tmp" + PAGE),
    **{f"a row of {path[1:]}": Operation("row", PUBLISHED, False, path + "/{oldest}") for path in SOURCES},
    **{f"statistics of {path[1:]}": Operation("stats", PUBLISHED, False, path + "/stats") for path in SOURCES},
    "a page of nothing": Operation("page", NOTHING, False, "/sqlite-efs" + PAGE),
    "a page of what is lost": Operation("lost", LOST, False, "/sqlite-efs" + PAGE),
    "snapshots, cold": Operation("snapshots", NEWER, False, "/snapshots"),
    "snapshots, warm": Operation("snapshots", NEWER, True, "/snapshots"),
    "health": Operation("health", NEWER, False, "/health"),
    "the command function's health": Operation("health", AHEAD, False, "/command/health"),
}
