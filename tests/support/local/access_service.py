"""An API with access codes and sessions, as much of it as their owner's console sees."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from tests.support.local.faults import Exchange
from tests.support.local.job_service import refuse

Members = dict[str, Any]


class AccessService:
    """Answers in an API's place, a page of two at a time.

    Attributes:
        codes, sessions: by id, as they are shown.
        late: sessions that the index learns of when it has been asked.
        late_codes: the same of codes.
        ended: ids, in the order in which they were disabled or ended.
    """

    def __init__(self) -> None:
        self.codes: dict[str, Members] = {}
        self.sessions: dict[str, Members] = {}
        self.late: list[Members] = []
        self.late_codes: list[Members] = []
        self.ended: list[str] = []
        self.made: list[Members] = []

    def add_code(self, code_id: str, tenant: str = "acme", state: str = "active") -> None:
        self.codes[code_id] = self.code(code_id, tenant, state)

    def code(self, code_id: str, tenant: str = "acme", state: str = "active") -> Members:
        return {**self._common(code_id, tenant), "max_uses": 5, "uses": 1, "state": state}

    def session(self, session_id: str, code_id: str, tenant: str = "acme") -> Members:
        return {**self._common(session_id, tenant), "code": code_id, "state": "active"}

    def add_session(self, session_id: str, code_id: str, tenant: str = "acme") -> None:
        self.sessions[session_id] = self.session(session_id, code_id, tenant)

    def __call__(self, exchange: Exchange) -> None:
        """Answer a request."""
        path, _, query = exchange.path.partition("?")
        kind, _, record_id = path.removeprefix("/access/").partition("/")
        if exchange.command == "DELETE":
            self._end(exchange, kind, record_id)
        elif exchange.command == "GET":
            self._list(exchange, kind, {name: values[0] for name, values in parse_qs(query).items()})
        elif path == "/sessions":
            session = self.session("s9", "c9")
            exchange.answer(201, json.dumps({"session": session, "token": "t0ken"}))
        else:
            self.made.append(json.loads(exchange.body))
            self.add_code("c9", self.made[-1]["tenant"])
            exchange.answer(201, json.dumps({"access_code": "ABCD-EFGH-JKMN-PQRS", "code": self.codes["c9"]}))

    def _end(self, exchange: Exchange, kind: str, record_id: str) -> None:
        found = (self.codes if kind == "codes" else self.sessions).get(record_id)
        if found is None:
            refuse(exchange, 404, "not-found", f"There is no {kind[:-1]} {record_id}")
            return
        self.ended.append(record_id)
        found["state"] = "disabled" if kind == "codes" else "ended"
        exchange.answer(200, json.dumps({kind[:-1]: found}))

    def _list(self, exchange: Exchange, kind: str, asked: dict[str, str]) -> None:
        """Answer with a page; an index that is late still has sessions that were ended a moment ago."""
        records = self.codes if kind == "codes" else self.sessions
        found = [record for record in records.values() if record["tenant"] == asked["tenant"]]
        begin = int(asked.get("cursor", "0"))
        following = str(begin + 2) if begin + 2 < len(found) else None
        exchange.answer(200, json.dumps({kind: found[begin : begin + 2], "next": following}))
        if following is None:
            records |= {record["id"]: record for record in (self.late_codes if kind == "codes" else self.late)}

    def _common(self, record_id: str, tenant: str) -> Members:
        times = {"created_at": "2026-01-31T12:00:00.000Z", "expires_at": "2026-02-07T12:00:00.000Z"}
        return {"id": record_id, "tenant": tenant, "scopes": ["read"], **times}
