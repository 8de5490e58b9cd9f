"""POST /snapshots, and what a published snapshot looks like in an answer."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

from handlers.domain.hashes import hash_text
from handlers.domain.lag import Lag
from handlers.domain.problem import Problem, field_error, invalid, unavailable
from handlers.gateway.negotiation import prefers_async
from handlers.gateway.response import json_response
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.published import DivergedError, Proof
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.dynamodb import Deadline
    from handlers.domain.bookmark import Bookmark
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.jobs.job import Job
    from handlers.ledger.appender import Appender
    from handlers.ledger.head import Head
    from handlers.snapshots.publish import Publisher
    from handlers.snapshots.published import Published
    from handlers.snapshots.rebuild import Rebuild
    from handlers.telemetry.usage import Timings

REMEDY = "`python -m console ledger new-epoch` goes on with this ledger (docs/recovery.md, 'A restored table')"
FULL, NEW_EPOCH = WANTED = ("full", "new_epoch")

_log = logging.getLogger(__name__)


class Publishing:
    """The operation `publish`.

    Args:
        appender: knows the head, and makes a ledger where there is none.
        publisher: makes snapshots of the same ledger.
        rebuild: makes them anew.
        new_epoch: makes the ledger at hand the newest history.
        order_rebuild: returns the job of a rebuild that nobody waits for; None where there are no jobs.
        make_deadline: gives each request the limit of its work on the ledger.
    """

    def __init__(
        self,
        appender: Appender,
        publisher: Publisher,
        rebuild: Rebuild,
        new_epoch: Callable[[Deadline], Head],
        *,
        order_rebuild: Callable[[Deadline], Job] | None,
        make_deadline: Callable[[], Deadline],
    ) -> None:
        self._appender = appender
        self._publisher = publisher
        self._rebuild = rebuild
        self._new_epoch = new_epoch
        self._order_rebuild = order_rebuild
        self._make_deadline = make_deadline

    def publish(self, request: Request) -> Response:
        """POST /snapshots: publish the ledger as it is now."""
        usage = Usage()
        request.parameters(())
        wanted = wanted_of(request.json_object())
        deadline = self._make_deadline()
        head = self._new_epoch(deadline) if wanted == NEW_EPOCH else self._appender.head(deadline)
        usage.lap("head")
        if wanted == FULL and self._order_rebuild and prefers_async(request.headers.get("prefer", "")):
            return ordered_response(self._order_rebuild(deadline))
        try:
            if wanted == FULL:
                published = self._rebuild.go_on(head.bookmark, usage)
            else:
                published = self._publisher.publish(head.bookmark, usage, compact=True, proof=Proof.WHOLLY)
        except DivergedError as error:
            raise Problem("diverged", f"{error}; {REMEDY}") from error
        except (OSError, sqlite3.Error, UnprovenError) as error:
            _log.exception("publishing failed")
            raise unavailable("The snapshot cannot be written now") from error
        summary = summary_of(published) | {"hash": hash_text(published.hash)}
        status = 201 if published.written_bytes or wanted == NEW_EPOCH else 200
        headers = {} if published.missing_rows else Lag().header()
        return written_response(status, published.bookmark, {"snapshot": summary}, usage.timings(), headers)


def ordered_response(job: Job) -> Response:
    """Return the answer for work that nobody waits for: the job that tells of it."""
    headers = {"location": f"/jobs/{job.id}", "preference-applied": "respond-async"}
    return json_response(202, {"job": job.answer(job.saved_s)}, headers)


def summary_of(published: Published) -> dict[str, object]:
    """Return a snapshot as the answers to writes show it."""
    return {
        "bookmark": str(published.bookmark),
        "rows": published.bookmark.seq,
        "bytes": published.size_bytes,
        "segments": len(published.chain),
        "build": published.build,
        "written_bytes": published.written_bytes,
    }


def written_response(
    status: int, bookmark: Bookmark, content: dict[str, object], timings: Timings, headers: dict[str, str]
) -> Response:
    """Return a write's answer, with the point that it has reached, its times, and further headers."""
    headers |= {"snapshot-bookmark": str(bookmark), "server-timing": timings.header}
    response = json_response(status, content, headers)
    response.measured = f'"timings_ms":{timings.member}'
    return response


def wanted_of(body: dict[str, object]) -> str:
    """Return the one of `WANTED` that a body sets; "" for none. Raises Problem (422) for anything else."""
    errors = [field_error(name, body[name], f"only {' or '.join(WANTED)}") for name in body if name not in WANTED]
    errors += [
        field_error(name, body[name], "true or false")
        for name in WANTED
        if name in body and not isinstance(body[name], bool)
    ]
    chosen = [name for name in WANTED if body.get(name) is True]
    if len(chosen) > 1:
        errors.append(field_error(chosen[0], True, f"not together with {chosen[1]}"))
    if errors:
        raise invalid("invalid-content", errors)
    return chosen[0] if chosen else ""
