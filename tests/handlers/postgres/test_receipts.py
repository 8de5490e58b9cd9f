from __future__ import annotations

from typing import Any

from handlers.ledger.ledger import Ledger
from handlers.telemetry.usage import RECEIPT_MEMBERS
from tests.support.api import Answer, Api
from tests.support.database.feeding import fill
from tests.support.drafts import items

OWN = ["database_rows", "database_ms", "database_connections"]


def consumed(answer: Answer) -> dict[str, Any]:
    return answer.json["consumed"]


def test_a_receipt_tells_rows_time_and_new_connections(api: Api, ledger: Ledger, environ: dict[str, str]) -> None:
    ids: list[str] = api.post("/insert", {"items": items(30)}).json["ids"]
    fill(environ["DATABASE_URL"], ledger)
    first, second = api.get("/postgres", "limit=20"), api.get("/postgres", "limit=20")
    assert list(consumed(first)) == [*RECEIPT_MEMBERS, *OWN]
    assert [consumed(answer)["database_connections"] for answer in (first, second)] == [1, 0]
    assert [consumed(answer)["database_rows"] for answer in (first, second)] == [20, 20]
    assert consumed(first)["database_ms"] > 0
    assert consumed(api.get("/postgres/stats"))["database_rows"] == 0  # kept with the home
    assert consumed(api.get(f"/postgres/{ids[0]}"))["database_rows"] == 1


def test_the_header_tells_the_same(api: Api, ledger: Ledger, environ: dict[str, str]) -> None:
    api.post("/insert", {"items": items(3)})
    fill(environ["DATABASE_URL"], ledger)
    answer = api.get("/postgres")
    members = dict(part.split("=") for part in answer.headers["consumed"].split(", "))
    assert [float(members[name.replace("_", "-")]) for name in OWN] == [consumed(answer)[name] for name in OWN]
    assert list(members)[-3:] == [name.replace("_", "-") for name in OWN]


def test_the_time_that_it_took_to_connect_is_a_phase_of_its_own(
    api: Api, ledger: Ledger, environ: dict[str, str]
) -> None:
    api.post("/insert", {"items": items(3)})
    fill(environ["DATABASE_URL"], ledger)
    assert list(api.get("/postgres").json["timings_ms"]) == ["connect", "check", "query", "total"]
    assert list(api.get("/postgres").json["timings_ms"]) == ["check", "query", "total"]


def test_other_homes_have_no_database_on_theirs(api: Api) -> None:
    api.post("/insert", {"items": items(3)})
    for path in ("/sqlite-efs", "/sqlite-tmp", "/ddb", "/rows"):
        answer = api.get(path)
        assert tuple(consumed(answer)) == RECEIPT_MEMBERS
        assert "database" not in answer.headers["consumed"]
