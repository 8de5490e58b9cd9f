from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest

import handlers
from handlers import query
from handlers.openapi.description import description
from handlers.routes import RELATIONAL, ROUTES, SESSIONS
from tests.support.api import SOURCES, Answer, Api, event
from tests.support.problems import assert_problem

CODE = str(Path(handlers.__file__).parent)


def files_entered(api: Api, path: str, raw_query: str = "") -> list[str]:
    """The files of the functions that have code run by a request."""
    made = event("GET", path, raw_query=raw_query)
    function = api.function(made)
    entered: set[str] = set()

    def note(frame: FrameType, what: str, _: object) -> None:
        if what == "call" and frame.f_code.co_filename.startswith(CODE):
            entered.add(os.path.relpath(frame.f_code.co_filename, CODE))

    tracer = sys.getprofile()
    sys.setprofile(note)
    try:
        function(made, None)
    finally:
        sys.setprofile(tracer)
    return sorted(entered)


@pytest.mark.parametrize(("path", "raw_query"), [("/sqlite-tmp", ""), ("/sqlite-tmp", "limit=10"), ("/sqlite-efs", "")])
def test_a_warm_read_enters_ten_files_at_most(environ: dict[str, str], path: str, raw_query: str) -> None:
    api = Api({**environ, "CHECK_INTERVAL_MS": "1000000000"})
    api.post("/insert", {"count": 20})
    assert api.get(path, raw_query).status == 200
    assert len(files_entered(api, path, raw_query)) <= 10, files_entered(api, path, raw_query)


STARTING = """
import gc, sys
switch_off = gc.disable
def disable():
    print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("handlers", "boto3")))
    switch_off()
gc.disable = disable
import handlers.{0}
print(gc.isenabled(), gc.get_freeze_count() > 1000)
"""


@pytest.mark.parametrize("function", ["command", "projector", "query"])
def test_no_garbage_is_looked_for_while_a_function_loads(function: str) -> None:
    program = STARTING.format(function)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    # At its end, Python switches it off once more.
    assert done.stdout.splitlines()[:2] == [f"handlers handlers.{function}", "True True"]


def test_the_collector_is_on_again_once_the_ledgers_reader_is_loaded(api: Api, environ: dict[str, str]) -> None:
    assert api.get("/ddb").status == 200
    assert gc.isenabled()
    broken = query.make_handler({**environ, "AWS_REGION": "no region"})
    assert broken(event("GET", "/ddb"), None)["statusCode"] == 500
    assert gc.isenabled()


def test_without_the_file_system_all_say_so_and_the_ledger_still_answers(api: Api, environ: dict[str, str]) -> None:
    os.rmdir(environ["EFS_DIR"])
    assert_problem(api.get("/health"), "unavailable", "cannot be listed")
    assert_problem(api.get("/snapshots"), "unavailable", "cannot be listed")
    for path in ("/sqlite-efs", "/sqlite-tmp"):
        assert_problem(api.get(path), "unavailable", "cannot be read")
    assert_problem(api.get("/sqlite-tmp", "refresh=1"), "unavailable", "cannot be read")
    assert api.get("/ddb").status == 200


def test_without_a_table_the_sqlite_paths_answer_and_ddb_says_why_not(api: Api, environ: dict[str, str]) -> None:
    api.post("/insert", {"count": 2})
    handler = query.make_handler({name: value for name, value in environ.items() if name != "TABLE_NAME"})
    for source, status in zip(SOURCES, (200, 200, 503), strict=True):
        answer = Answer(handler(event("GET", source), None))
        assert answer.status == status
    assert_problem(Answer(handler(event("GET", "/ddb/stats"), None)), "unavailable", "TABLE_NAME")


# The query function and the command's paths


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/insert", "POST"),
        ("HEAD", "/insert", "POST"),
        ("PUT", "/snapshots", "GET, HEAD, POST"),
        ("DELETE", "/command/health", "GET, HEAD"),
        ("POST", "/sqlite-efs", "GET, HEAD"),
        ("OPTIONS", "/sqlite-tmp/stats", "GET, HEAD"),
        ("PATCH", "/ddb/x", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(api: Api, method: str, path: str, allow: str) -> None:
    answer = api(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_the_description_is_served(api: Api) -> None:
    answer = api.get("/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == description(has_postgres=False)


SESSION_ROUTES = [(verb, path) for verb, path, function, _ in ROUTES if function == SESSIONS]


@pytest.mark.parametrize(("verb", "path"), SESSION_ROUTES)
def test_where_reads_need_no_session_there_are_none(api: Api, verb: str, path: str) -> None:
    answer = api(verb, path)
    assert answer.status == 404
    assert "Reads need no session here" in answer.json["detail"]


def test_where_there_is_postgresql_the_query_function_leaves_its_routes_to_another(environ: dict[str, str]) -> None:
    handler = query.make_handler({**environ, "POSTGRES": "on", "DB_PROVIDER": "postgres"})
    for path in [path for _, path, function, _ in ROUTES if function == RELATIONAL] + ["/rows", "/rows/1"]:
        assert_problem(Answer(handler(event("GET", path), None)), "method-not-allowed")


def test_where_they_need_one_other_methods_say_which_there_are(environ: dict[str, str]) -> None:
    api = Api({**environ, "READ_AUTH": "session"})
    for path, allowed in {"/sessions": "POST", "/access/codes": "GET, HEAD, POST", "/access/codes/1": "DELETE"}.items():
        answer = api("PATCH", path)
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
