"""The jobs in the table: one partition, newest last, and an index by state that holds jobs alone.

Every save is of the revision that was read, so that of two who change a job at once one has to look again.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import call, write_if
from handlers.aws.table import BY_JOB_STATE, JOB, JOB_ORDER, JOB_STATE, JOBS, PARTITION_KEY, SORT_KEY, TTL
from handlers.jobs.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from handlers.aws.dynamodb import Client, Deadline, Item, QueryArguments

ID = re.compile(r"0[0-9A-HJKMNP-TV-Z]{25}")  # until the year 3084: a number in DynamoDB has 38 digits
# Crockford's base 32, as ULIDs have it, and Python's own.
TO_PYTHONS = str.maketrans("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789abcdefghijklmnopqrstuv")
PAGE_JOBS = 50
GREATEST = 2**125  # no id is as great


class JobChangedError(Exception):
    """Somebody else has saved the job meanwhile.

    Attributes:
        job: what was not saved.
    """

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.id} was changed after its revision {job.revision}")
        self.job = job


class JobTable:
    """The jobs of one table. Every method raises Problem (503) where DynamoDB is away.

    Args:
        now: the time in seconds since 1970.
    """

    def __init__(self, client: Client, table_name: str, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table_name = table_name
        self._now = now

    def get(self, job_id: str, deadline: Deadline) -> Job | None:
        """Return a job; None where there is none, or only one past its time."""
        if not ID.fullmatch(job_id):
            return None
        answer = call(
            lambda: self._client.get_item(TableName=self._table_name, Key=key_of(job_id), ConsistentRead=True), deadline
        )
        item = answer.get("Item")
        return job_from_item(item) if item and _is_in_time(item, self._now()) else None

    def save(self, job: Job, deadline: Deadline) -> Job:
        """Put a job in place of the revision that it was made of. Returns it with its new revision.

        Raises JobChangedError.
        """
        saved = replace(job, revision=job.revision + 1, saved_s=self._now())
        condition = "attribute_not_exists(pk)" if not job.revision else "revision = :seen"
        # An attempt whose answer got lost finds its own item, which is as good as having put it now.
        values: Item = {":text": item_of(saved)[JOB], ":next": {"N": str(saved.revision)}}
        if job.revision:
            values[":seen"] = {"N": str(job.revision)}
        was_put = write_if(
            lambda: self._client.put_item(
                TableName=self._table_name,
                Item=item_of(saved),
                ConditionExpression=f"{condition} OR (revision = :next AND {JOB} = :text)",
                ExpressionAttributeValues=values,
            ),
            deadline,
        )
        if not was_put:
            raise JobChangedError(job)
        return saved

    def newest(self, limit: int, deadline: Deadline, *, state: str = "", before_id: str = "") -> tuple[list[Job], bool]:
        """Return at most `limit` jobs, newest first, without their rejects; and whether more follow.

        Args:
            state: of this state alone; they come from an index that is a moment late.
            before_id: older than this job.
        """
        before = id_number(before_id) - 1 if before_id else GREATEST
        arguments: QueryArguments = {
            "TableName": self._table_name,
            "KeyConditionExpression": "#pk = :pk AND sk <= :before",
            "FilterExpression": f"{TTL} > :now",
            "ProjectionExpression": JOB,
            "ExpressionAttributeNames": {"#pk": JOB_STATE if state else PARTITION_KEY},
            "ExpressionAttributeValues": {
                ":pk": {"S": state or JOBS},
                ":before": {"N": str(before)},
                ":now": {"N": str(int(self._now()))},
            },
            "ScanIndexForward": False,
            "Limit": limit + 1,
        }
        if state:
            arguments["IndexName"] = BY_JOB_STATE
        answer = call(lambda: self._client.query(**arguments), deadline)
        found = [Job.from_texts(item[JOB].get("S", ""), "[]", 0) for item in answer["Items"]]
        return found[:limit], len(found) > limit or "LastEvaluatedKey" in answer

    def every(self, state: str, make_deadline: Callable[[], Deadline]) -> Iterator[Job]:
        """Yield the jobs of a state, newest first, without their rejects, as the index has them.

        Args:
            make_deadline: for each page of them.
        """
        before_id, has_more = "", True
        while has_more:
            found, has_more = self.newest(PAGE_JOBS, make_deadline(), state=state, before_id=before_id)
            yield from found
            before_id, has_more = (found[-1].id, has_more) if found else ("", False)


def id_number(job_id: str) -> int:
    """Return an id as the number that it stands for."""
    return int(job_id.translate(TO_PYTHONS), 32)


def key_of(job_id: str) -> Item:
    """Return where a job stands."""
    return {PARTITION_KEY: {"S": JOBS}, SORT_KEY: {"N": str(id_number(job_id))}}


def item_of(job: Job) -> Item:
    """Return a job as the table keeps it."""
    text, rejects = job.to_texts()
    item: Item = {
        **key_of(job.id),
        JOB: {"S": text},
        "rejects": {"S": rejects},
        "revision": {"N": str(job.revision)},
        JOB_STATE: {"S": job.state},
        TTL: {"N": str(job.expires_s)},
    }
    if job.order:
        item[JOB_ORDER] = {"S": job.order}
    return item


def job_from_item(item: Mapping[str, Mapping[str, object]]) -> Job:
    """Return the job of an item, be it of the table or of its stream."""
    texts = [str(item[name]["S"]) for name in (JOB, "rejects")]
    return Job.from_texts(texts[0], texts[1], int(str(item["revision"]["N"])))


def _is_in_time(item: Item, now_s: float) -> bool:
    return float(item[TTL].get("N", 0)) > now_s
