"""The relational function behind the gateway, and `/rows`, which any home may answer."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from handlers import relational
from handlers.aws.dynamodb import Deadline
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.openapi.description import description
from handlers.postgres import failures
from handlers.postgres.reader import NOT_READ
from handlers.routes import HOMES, SOURCES
from handlers.settings import SettingsError
from tests.support.api import Answer, Api, Context
from tests.support.database.feeding import fill
from tests.support.drafts import items
from tests.support.problems import assert_problem


@pytest.fixture
def with_postgres(environ: dict[str, str], database_url: str) -> dict[str, str]:
    return {**environ, "POSTGRES": "on", "DATABASE_URL": database_url, "DATABASE_AUTH": "trust"}


@pytest.fixture
def related(with_postgres: dict[str, str]) -> Iterator[Api]:
    """All functions, with PostgreSQL."""
    api = Api(with_postgres)
    yield api
    api.database.close()


def data(answer: Answer) -> str:
    assert answer.status == 200, answer.text
    return answer.text.partition(",")[2].partition(',"timings_ms"')[0]


# Its own routes


def test_it_answers_pages_rows_and_statistics(related: Api, ledger: Ledger, with_postgres: dict[str, str]) -> None:
    inserted = related.post("/insert", {"items": items(7)}).json
    fill(with_postgres["DATABASE_URL"], ledger)
    for path in ("", "/stats", f"/{inserted['ids'][3]}"):
        answer = related.get(f"/postgres{path}")
        assert answer.json["source"] == "postgres"
        assert answer.headers["snapshot-bookmark"] == inserted["bookmark"]
        assert data(answer) == data(related.get(f"/ddb{path}"))
    known = related.get("/postgres").headers["etag"]
    assert related.get("/postgres", if_none_match=known).status == 304


def test_it_says_what_it_is_and_which_rows_it_knows(
    related: Api, ledger: Ledger, with_postgres: dict[str, str]
) -> None:
    inserted = related.post("/insert", {"items": items(2)}).json
    fill(with_postgres["DATABASE_URL"], ledger)
    found = related.get("/relational/health").json
    assert (found["status"], found["role"], found["retries"]) == ("ok", "relational", 0)
    assert found["bookmark"] == inserted["bookmark"]


def test_a_fresh_read_holds_what_was_just_inserted(related: Api) -> None:
    inserted = related.post("/insert", {"items": items(5)}).json
    answer = related.get("/postgres", "fresh=1&limit=2")
    assert answer.json["bookmark"] == inserted["bookmark"]
    assert data(answer) == data(related.get("/ddb", "limit=2"))
    assert "feed" in answer.json["timings_ms"]


@pytest.mark.parametrize("query", ["", "fresh=1"])
def test_a_read_with_a_bookmark_is_fed_by_itself_and_asks_the_ledger_once(
    related: Api, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    asked: list[str] = []
    head = Ledger.head

    def counted(ledger: Ledger, deadline: Deadline) -> Head | None:
        asked.append(ledger.table_name)
        return head(ledger, deadline)

    related.get("/postgres", "fresh=1")
    inserted = related.post("/insert", {"items": items(5)}).json
    monkeypatch.setattr(Ledger, "head", counted)
    answer = related.get("/postgres", query, min_bookmark=inserted["bookmark"])
    assert (answer.json["bookmark"], answer.json["count"]) == (inserted["bookmark"], 5)
    assert len(asked) == 1
    assert related.get("/postgres", min_bookmark=inserted["bookmark"]).status == 200
    assert len(asked) == 1


def test_before_anything_is_fed_it_is_unavailable_and_an_empty_ledger_is_no_fault(related: Api) -> None:
    assert_problem(related.get("/postgres"), "unavailable", NOT_READ)
    assert related.get("/postgres", "fresh=1").json["count"] == 0
    assert related.get("/postgres").json["count"] == 0


def test_a_statement_of_ones_own_has_no_route(related: Api) -> None:
    assert_problem(related("POST", "/postgres/sql", "{}"), "method-not-allowed")


def test_without_a_database_it_does_not_begin() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL: got nothing"):
        relational.make_handler({"TABLE_NAME": "rows"})


def test_what_comes_from_elsewhere_is_a_task(with_postgres: dict[str, str]) -> None:
    function = relational.make_handler(with_postgres)
    with pytest.raises(ValueError, match="task: got 'nothing'"):
        function({"task": "nothing"}, Context())


# /rows


@pytest.mark.parametrize("provider", HOMES)
def test_rows_are_answered_by_the_home_that_a_setting_names(
    with_postgres: dict[str, str], ledger: Ledger, provider: str
) -> None:
    api = Api({**with_postgres, "DB_PROVIDER": provider})
    ids = api.post("/insert", {"items": items(9)}).json["ids"]
    fill(with_postgres["DATABASE_URL"], ledger)
    for path in ("", "/stats", f"/{ids[1]}"):
        answer, own = api.get(f"/rows{path}"), api.get(f"/{provider}{path}")
        assert answer.json["source"] == provider
        assert data(answer) == data(own)
        assert answer.headers["etag"] == own.headers["etag"]
    page = api.get("/rows", "limit=4&fresh=1")
    assert page.json["source"] == provider
    assert api.get("/rows", f"limit=4&cursor={page.json['next']}").json["count"] == 4
    assert_problem(api.get("/rows", "refresh=1"), "malformed-request")  # one home's own: any other may be named
    assert_problem(api.get("/rows/nothing"), "not-found")
    api.database.close()


def test_a_cursor_goes_on_in_another_home(related: Api, ledger: Ledger, with_postgres: dict[str, str]) -> None:
    related.post("/insert", {"items": items(9)})
    fill(with_postgres["DATABASE_URL"], ledger)
    cursor = related.get("/rows", "limit=4").json["next"]
    assert data(related.get("/postgres", f"limit=4&cursor={cursor}")) == data(
        related.get("/sqlite-tmp", f"limit=4&cursor={cursor}")
    )


# Where there is PostgreSQL, and where there is none


PATHS = ("/postgres", "/postgres/stats", "/postgres/1", "/relational/health")


@pytest.mark.parametrize("path", PATHS)
def test_where_there_is_none_its_routes_say_so(api: Api, path: str) -> None:
    assert_problem(api.get(path), "not-found", "the stack's setting postgres is none")


def test_the_index_and_the_description_list_what_is_there(api: Api, related: Api) -> None:
    for one, homes in ((api, [*SOURCES]), (related, [*HOMES])):
        index = one.get("/").json
        assert index["homes"] == homes
        listed = {link["href"] for link in index["links"]}
        described = set(one.get("/openapi.json").json["paths"])
        assert ("postgres" in listed, "/postgres" in described) == ("postgres" in homes,) * 2
        assert "rows" in listed
        assert "/rows" in described
    assert "/postgres" in description()["paths"]  # pyright: ignore[reportOperatorIssue] - a dictionary


# Bad days


def test_a_connection_that_the_server_ended_is_made_anew_and_counted(
    related: Api, ledger: Ledger, with_postgres: dict[str, str]
) -> None:
    related.post("/insert", {"items": items(3)})
    fill(with_postgres["DATABASE_URL"], ledger)
    assert related.get("/postgres").status == 200
    with psycopg.connect(with_postgres["DATABASE_URL"], autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    answer = related.get("/postgres")
    assert (answer.json["count"], answer.json["consumed"]["database_connections"]) == (3, 1)
    assert related.get("/relational/health").json["retries"] == 1


def test_a_database_without_a_connection_left_says_so_and_works_again_after_that(
    related: Api, with_postgres: dict[str, str]
) -> None:
    url = with_postgres["DATABASE_URL"]
    name = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("CREATE ROLE reader_of_few LOGIN CONNECTION LIMIT 0")
        other.execute(f"GRANT CONNECT ON DATABASE {name} TO reader_of_few".encode())
    user = conninfo_to_dict(url)["user"]
    api = Api({**with_postgres, "DATABASE_URL": url.replace(f"{user}@", "reader_of_few@")})
    answer = api.get("/postgres")
    assert_problem(answer, "unavailable", failures.CROWDED)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER ROLE reader_of_few CONNECTION LIMIT 5")
        other.execute("GRANT SELECT ON home TO reader_of_few")
    assert_problem(api.get("/postgres"), "unavailable", NOT_READ)  # it was asked
    api.database.close()


@pytest.mark.parametrize("path", ["/postgres", "/postgres/stats", "/postgres/1", "/relational/health"])
def test_a_server_that_is_away_is_named_without_secrets(with_postgres: dict[str, str], path: str) -> None:
    api = Api({**with_postgres, "DATABASE_URL": "postgresql://somebody@127.0.0.1:1/nowhere"})
    problem = assert_problem(api.get(path), "unavailable", failures.UNREACHABLE)
    assert "somebody" not in str(problem)
    assert "127.0.0.1" not in str(problem)
