"""The rules that hold whichever call fails: what the client is told, what readers see, and what comes after.

Each rule is said once, by operation and by where the fault strikes; nothing here was recorded from a run.
"""

from __future__ import annotations

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text
from handlers.ledger.idempotency import LEASE_S
from handlers.upkeep.findings import LEVELS
from tests.faults.calls.kinds import LATER, PASSING, Fault
from tests.faults.calls.scene import ON_FILES, Sandboxes, seen_by
from tests.faults.calls.stage import Play
from tests.support.api import Answer
from tests.support.files import names_in
from tests.support.problems import assert_problem


def is_survived(fault: Fault) -> bool:
    """Tell whether the fault passes by itself within the request, so that nobody but the log hears of it."""
    return not fault.goes_on and fault.name in PASSING


def cannot_know(fault: Fault) -> bool:
    """Tell whether a publisher cannot know that what it did is published: `link` says no, or nothing can be listed."""
    is_answer_lost = fault.name == "no answer" and fault.call.name == "link"
    is_away = fault.goes_on and fault.call.home == "efs"
    return is_answer_lost or is_away or fault.call.site.function == "Catalog._find"


# What the client is told.


def check_insert(play: Play, fault: Fault, answer: Answer) -> None:
    """An acknowledged row is in the ledger, once; of any other the client is told that it may be."""
    added = play.scene.ids()[len(play.ids) :]
    assert play.scene.texts()[: len(play.texts)] == play.texts
    if fault.call.home != "table" or is_survived(fault):
        assert answer.status == (202 if play.operation.is_async else 201), answer.text
    if answer.status == 503:
        problem = assert_problem(answer, "unavailable")
        certain = problem.get("ids", [])
        assert added[: len(certain)] == certain
        told = [*certain, *problem.get("ids_in_doubt", [])]
        assert added == told[: len(added)]
    else:
        check_acknowledged(play, fault, answer, added)


def check_acknowledged(play: Play, fault: Fault, answer: Answer, added: list[str]) -> None:
    head, content = play.scene.head(), answer.json
    assert head is not None
    assert answer.status == (202 if play.operation.is_async else 201)
    assert (content["ids"], len(added)) == (added, play.operation.rows)
    assert content["bookmark"] == answer.headers["snapshot-bookmark"] == str(head.bookmark)
    if play.operation.is_async:
        assert (content["snapshot"], "warning" in content) == (None, False)
        return
    published = play.scene.visible()
    if content["snapshot"] is not None:
        assert content["snapshot"]["bookmark"] == str(published) == str(head.bookmark)
        assert "warning" not in content
    else:
        assert not is_survived(fault), "the ledger was away for a moment only"
        assert "no snapshot is known to hold them yet" in content["warning"]
        assert published < head.bookmark or cannot_know(fault), "the warning is not true"


def check_publish(play: Play, fault: Fault, answer: Answer) -> None:
    """What is said to be published can be read, and is the ledger; 503 says to come again."""
    head = play.scene.head()
    assert head is not None
    assert play.scene.texts() == play.texts
    if answer.status == 503:
        assert_problem(answer, "unavailable")
        assert not is_survived(fault), "the ledger was away for a moment only"
        return
    assert answer.status in (200, 201), answer.text
    snapshot = answer.json["snapshot"]
    assert (snapshot["bookmark"], snapshot["hash"]) == (str(head.bookmark), hash_text(head.hash))
    assert play.scene.visible() == head.bookmark


def check_new_epoch(play: Play, fault: Fault, answer: Answer) -> None:
    """As a publish; where somebody was in the way, nothing has changed."""
    if answer.status == 409:
        assert fault.name == "conflict"
        assert_problem(answer, "conflict", "nothing was changed")
        assert play.head is not None
        assert play.scene.point() == play.head.bookmark
        return
    check_publish(play, fault, answer)
    if answer.status != 503:
        assert answer.status == 201


def check_read(play: Play, fault: Fault, answer: Answer) -> None:
    """One failure is survived; where more fail, the answer may be 503, and never a wrong one."""
    if answer.status == 503:
        assert_problem(answer, "unavailable")
        assert fault.goes_on or fault.name == "denied", answer.text
        return
    assert answer.status == 200, answer.text
    content = answer.json
    bookmark = Bookmark.parse(content["bookmark"])
    is_exact = play.operation.path.startswith("/ddb") or "fresh=1" in play.operation.path
    assert bookmark in ({play.scene.point()} if is_exact else {play.stage.published, play.scene.point()})
    if play.operation.kind == "page":
        assert f'"data":{play.scene.data(bookmark)},"next":null' in answer.text
    elif play.operation.kind == "row":
        assert f'"data":{play.texts[0]}' in answer.text
    else:
        assert content["stats"]["count"] == bookmark.seq


def check_lost(_play: Play, _fault: Fault, answer: Answer) -> None:
    """Where nothing can be proven, 503 and never an empty list."""
    assert_problem(answer, "unavailable")


def check_snapshots(play: Play, fault: Fault, answer: Answer) -> None:
    """A list of what can be read; where the directory cannot, 503."""
    if answer.status == 503:
        assert_problem(answer, "unavailable")
        assert fault.goes_on or fault.call.site.function == "Catalog._find"
        return
    assert answer.status == 200, answer.text
    undisturbed = play.scene.sandbox().get("/snapshots").json["snapshots"]
    assert [entry for entry in undisturbed if entry in answer.json["snapshots"]] == answer.json["snapshots"]


def check_health(play: Play, fault: Fault, answer: Answer) -> None:
    """The command function is healthy as long as the ledger is; the query function where snapshots can be listed."""
    if answer.status == 503:
        assert_problem(answer, "unavailable")
        is_command = play.operation.path == "/command/health"
        assert fault.call.home == ("table" if is_command else "efs")
        assert not is_survived(fault)
        return
    assert answer.status == 200, answer.text
    shown = answer.json
    if play.operation.path == "/command/health":
        assert shown["bookmark"] == str(play.scene.point())
        assert shown["snapshot"] in (None, str(play.stage.published))
    else:
        assert shown["bookmark"] == str(play.scene.point())


def check_batch(play: Play, fault: Fault, answer: Answer) -> None:
    """What is not named as failed can be read; where the ledger is away, the whole batch comes again."""
    assert play.scene.texts() == play.texts
    if answer.status == 503:
        assert fault.call.home == "table"
        assert not is_survived(fault), "the ledger was away for a moment only"
        return
    assert answer.status == 200, answer.text
    failed = [failure["itemIdentifier"] for failure in answer.json["batchItemFailures"]]
    assert failed in ([], ["1"], ["2"])
    assert not failed or not is_survived(fault), "the ledger was away for a moment only"
    assert failed != ["1"] or fault.call.home == "efs", "the first record was published before"
    assert play.scene.visible() >= (play.stage.published if failed else play.scene.point())


def check_task(play: Play, fault: Fault, answer: Answer) -> None:
    """What was done is true; an error says to come again, and divergence is only told of where there is some."""
    assert play.scene.texts() == play.texts
    if answer.status != 200:
        assert not is_survived(fault) or play.stage.state.damaged, "the ledger was away for a moment only"
        assert answer.status == 503 or play.stage.state.damaged, answer.text
        return
    point, done = str(play.scene.point()), answer.json
    assert done["bookmark"] == point
    findings = [done] if play.operation.kind == "verification" else [done[level] for level in LEVELS if level in done]
    assert findings
    assert all((finding["bookmark"], finding["is_right"]) == (point, True) for finding in findings)
    if play.operation.kind == "maintenance":
        assert str(play.scene.visible()) == point


CHECKS = {
    "insert": check_insert,
    "publish": check_publish,
    "new epoch": check_new_epoch,
    "page": check_read,
    "row": check_read,
    "stats": check_read,
    "lost": check_lost,
    "snapshots": check_snapshots,
    "health": check_health,
    "batch": check_batch,
    "maintenance": check_task,
    "verification": check_task,
}


# What readers see.


def check_read_on(play: Play, fault: Fault) -> None:
    """A read has changed nothing on the file system, and the same sandbox answers the next one as ever."""
    assert play.scene.files() == play.files
    if play.operation.kind == "page":
        path, _, raw_query = play.operation.path.partition("?")
        seen, newest = seen_by(play.api, path, raw_query), play.scene.point()
        assert (seen.bookmark, seen.data) == (newest, play.scene.data(newest))
        can_delete = fault.call.home != "tmp" or (fault.call.name != "unlink" and not fault.goes_on)
        assert not can_delete or len(names_in(play.api.tmp / "snapshots")) <= len(play.scene.names("snapshots"))


def check_seen(play: Play) -> None:
    """An exact prefix, the old or the new one, in a warm sandbox and in a new one; a warm one never goes back."""
    newest, new = play.scene.point(), play.scene.sandbox()
    for api, path in ((play.others, play.warm_path), (new, play.cold_path), (new, "/ddb")):
        seen = seen_by(api, path)
        if seen.status == 503:
            assert play.stage.state.is_lost
            continue
        assert seen.data == play.scene.data(seen.bookmark)
        assert seen.bookmark in points(play, newest) if path in ON_FILES else seen.bookmark == newest
        assert api is new or seen.bookmark >= play.seen.bookmark


def points(play: Play, newest: Bookmark) -> set[Bookmark]:
    """Return the points that readers may be at: before, after, or at the beginning of a ledger just made.

    A new epoch's history comes into sight segment by segment, the oldest first.
    """
    found = {play.stage.published} | {newest, Bookmark(newest.epoch, 0)}
    if play.head is not None and newest.epoch != play.head.epoch:
        found |= {Bookmark(newest.epoch, seq) for seq in (20, 26)}
    return found | ({Bookmark(newest.epoch, 20)} if play.stage.state.damaged else set())


# What comes after.


def check_retried(play: Play, answer: Answer | None) -> None:
    """The same call with the same key puts the rows in once; a late attempt of the first one changes nothing."""
    play.scene.clock.pass_s(LEASE_S + 1)
    again = play.operation.ask(play.api, "")
    LATER.land()
    assert again.status in (201, 202), again.text
    assert play.scene.ids()[len(play.ids) :] == again.json["ids"]
    assert len(again.json["ids"]) == play.operation.rows
    if answer is not None and answer.status != 503:
        assert (answer.json["ids"], again.headers["idempotent-replayed"]) == (again.json["ids"], "true")


def check_run_again(play: Play) -> None:
    """The service tries again: then all is done. What damage there is, one run may tell of before."""
    answer = play.ask()
    if play.stage.state.damaged and answer.status == 500:
        answer = play.ask()
    assert answer.status == 200, answer.text
    assert answer.json.get("batchItemFailures", []) == []
    assert play.scene.visible() == play.scene.point() or play.operation.kind == "verification"


def check_healed(play: Play) -> None:
    """The next publish in the same sandbox shows everything, and a later one leaves nothing lying around."""
    scene = play.scene
    LATER.land()
    published = play.api.post("/snapshots", {})
    assert published.status in (200, 201), published.text
    head = scene.head()
    assert head is not None
    snapshot = published.json["snapshot"]
    assert (snapshot["bookmark"], snapshot["hash"]) == (str(head.bookmark), hash_text(head.hash))
    check_complete(play, play.others, play.warm_path)
    if scene.names("staging") or scene.names("rebuild") or names_in(play.api.tmp / "build"):
        check_tidied(play)
    assert len(scene.names("quarantine")) <= play.stage.state.damaged


def check_tidied(play: Play) -> None:
    """A month later, what died in the middle is gone with the first publish of a new process in the same sandbox."""
    play.scene.age()
    successor = play.scene.sandbox(play.api.tmp)
    inserted = successor.post("/insert", {})
    assert inserted.json["snapshot"] is not None, inserted.text
    assert (play.scene.names("staging"), play.scene.names("rebuild")) == ([], [])
    assert names_in(play.api.tmp / "build") == []
    check_complete(play, successor, play.warm_path)
    check_complete(play, successor, play.cold_path)


def check_complete(play: Play, api: Sandboxes, path: str) -> None:
    newest, seen = play.scene.point(), seen_by(api, path)
    assert (seen.bookmark, seen.data) == (newest, play.scene.data(newest))
