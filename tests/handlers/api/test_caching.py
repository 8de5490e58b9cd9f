"""What an answer tells the caches on its way: by what was asked, and whether it was asked by somebody."""

from __future__ import annotations

import pytest

from handlers.api.read import VARY, caching_of
from handlers.reads.question import FIXED, NEWEST, PUBLISHED, WORK
from handlers.settings import OPEN, READ_AUTHS
from tests.support.api import SOURCES, Answer, Api, event

SHARED = "public, max-age=0, s-maxage=5, must-revalidate, stale-if-error=0"
FOR_EVER = "public, max-age=31536000, immutable"
SOMEBODY = {"iam": {"userId": "me"}}
A_SESSION = {"lambda": {"session": "0", "tenant": "acme", "scopes": "read"}}


@pytest.fixture
def shared(environ: dict[str, str]) -> Api:
    return Api(environ | {"SHARED_MAX_AGE_S": "5"})


def read(api: Api, path: str, *, method: str = "GET", authorizer: object = None, **headers: str) -> Answer:
    """Ask for a path with its query; header names with underscores for hyphens."""
    path, _, query = path.partition("?")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    made = event(method, path, headers=named, raw_query=query)
    if authorizer:
        made["requestContext"]["authorizer"] = authorizer
    return Answer(api.function(made)(made, None))


def test_nothing_is_shared_unless_the_setting_says_for_how_long() -> None:
    assert caching_of(OPEN, 0)[False] == {
        FIXED: FOR_EVER,
        PUBLISHED: "no-cache",
        NEWEST: "no-cache",
        WORK: "no-store",
    }


def test_shared_is_what_was_published_and_nothing_that_has_to_be_the_newest() -> None:
    assert caching_of(OPEN, 5)[False] == caching_of(OPEN, 0)[False] | {PUBLISHED: SHARED}


@pytest.mark.parametrize("shared_max_age_s", [0, 5])
@pytest.mark.parametrize("read_auth", READ_AUTHS)
def test_nothing_of_somebody_lets_a_shared_cache_keep_it(read_auth: str, shared_max_age_s: int) -> None:
    """Source: RFC 9111, section 3.5: any of these three would, whatever the request had of Authorization.

    Nor does anything where not everybody may read, even if the gateway did not say who asks.
    """
    caching = caching_of(read_auth, shared_max_age_s)
    answers = caching[True] if read_auth == OPEN else caching[True] | caching[False]
    for value in answers.values():
        directives = {each.strip().partition("=")[0] for each in value.split(",")}
        assert not directives & {"public", "s-maxage", "must-revalidate"}
        assert directives & {"private", "no-store"}


@pytest.mark.parametrize("source", SOURCES)
def test_an_answer_says_for_how_long_others_may_have_it(shared: Api, source: str) -> None:
    row_id = shared.post("/insert", {}).json["ids"][0]
    for path in ("", "/stats", f"/{row_id}"):
        answer = read(shared, f"{source}{path}")
        assert answer.headers["cache-control"] == ("no-cache" if source == "/ddb" else SHARED)
        assert read(shared, f"{source}{path}?fresh=1").headers["cache-control"] == "no-cache"
        as_of = f"{source}{path}?as_of={answer.json['bookmark']}"
        assert read(shared, as_of).headers["cache-control"] == FOR_EVER
        assert read(shared, f"{as_of}&fresh=1").headers["cache-control"] == FOR_EVER


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("read_auth", "authorizer"),
    [("none", SOMEBODY), ("iam", SOMEBODY), ("session", A_SESSION), ("session", None), ("jwt", {"lambda": None})],
    ids=["open", "iam", "session", "session, unsaid", "jwt, unsaid"],
)
def test_what_somebody_asks_is_nobody_elses_and_asked_for_each_time(
    shared: Api, environ: dict[str, str], source: str, read_auth: str, authorizer: object
) -> None:
    """A browser that has left, or whose session was ended, shows nothing of what it has kept."""
    bookmark = shared.post("/insert", {}).json["bookmark"]
    api = Api(environ | {"SHARED_MAX_AGE_S": "5", "READ_AUTH": read_auth})
    for path in ("", "/stats", "?fresh=1", f"?as_of={bookmark}"):
        answer = read(api, f"{source}{path}", authorizer=authorizer)
        assert (answer.status, answer.headers["cache-control"]) == (200, "private, no-cache")
        known = read(api, f"{source}{path}", authorizer=authorizer, if_none_match=answer.headers["etag"])
        assert known.status == 304


@pytest.mark.parametrize("path", ["/sqlite-efs", "/sqlite-efs/stats", "/sqlite-efs?as_of=0.0", "/ddb"])
@pytest.mark.parametrize("authorizer", [None, SOMEBODY], ids=["anybody", "somebody"])
def test_304_and_head_say_what_the_answer_says(shared: Api, path: str, authorizer: object) -> None:
    """A cache that asks again goes by what the 304 says."""
    shared.post("/insert", {})
    answer = read(shared, path, authorizer=authorizer)
    known = read(shared, path, authorizer=authorizer, if_none_match=answer.headers["etag"])
    head = read(shared, path, authorizer=authorizer, method="HEAD")
    assert (answer.status, known.status, head.status, head.text) == (200, 304, 200, "")
    for name in ("cache-control", "etag", "vary"):
        assert answer.headers[name] == known.headers[name] == head.headers[name]


def test_a_copy_made_anew_is_work_that_no_cache_does(shared: Api) -> None:
    bookmark = shared.post("/insert", {}).json["bookmark"]
    for path in ("/sqlite-tmp?refresh=1", f"/sqlite-tmp?refresh=1&as_of={bookmark}"):
        assert read(shared, path).headers["cache-control"] == "no-store"


def test_whoever_wants_a_later_point_gets_no_answer_from_before_it(shared: Api) -> None:
    """A cache that knows the URL alone keeps an answer for each Min-Bookmark."""
    bookmark = shared.post("/insert", {}).json["bookmark"]
    answer = read(shared, "/sqlite-efs", min_bookmark=bookmark)
    assert answer.headers["vary"] == VARY
    assert "min-bookmark" in VARY
    assert answer.headers["cache-control"] == SHARED


@pytest.mark.parametrize(
    "path", ["/", "/health", "/snapshots", "/sqlite-efs?limit=0", "/sqlite-efs/nothing", "/nowhere"]
)
def test_everything_else_is_kept_by_nobody(shared: Api, path: str) -> None:
    shared.post("/insert", {})
    assert read(shared, path).headers["cache-control"] == "no-store"
    statement = shared.post("/sqlite-efs/sql", {"sql": "SELECT 1"})
    assert (statement.status, statement.headers["cache-control"]) == (200, "no-store")
