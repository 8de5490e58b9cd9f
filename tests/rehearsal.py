"""Check a stack that stands: what no insert publishes becomes visible, schedules and rollout work, nothing failed.

    API_URL="$(pulumi stack output api_url)" AWS_REGION=us-east-1 python tests/rehearsal.py [lambda-sqlite-dev]

What is published in time was published by the projector on the stream, unless somebody else inserts meanwhile or
maintenance runs, which publish it too: so check where nobody else writes. The script appends rows, signs with the
credentials that boto3 finds, and exits with 1 where something is not as it has to be. The stack's name is only needed
where there are several.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar, cast

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

T = TypeVar("T")

API_URL = os.environ["API_URL"].rstrip("/")
SESSION = boto3.Session(region_name=os.environ.get("AWS_REGION"))
ROWS = 5
PATIENCE_S, PAUSE_S = 60, 0.5
EXPECTED = {"keep-command", "keep-query"}
OF_THE_PROJECTOR = {"maintain", "keep-projector"}  # the latter with `maintenanceMinutes: 0`


def client(service: str) -> Any:
    """Make a client; its types are not known here."""
    return cast("Any", SESSION.client(service))  # pyright: ignore[reportUnknownMemberType, reportCallIssue, reportArgumentType]


class Report:
    """Counts what is as it has to be."""

    def __init__(self) -> None:
        self.outcomes: list[bool] = []

    def check(self, claim: str, is_so: bool, seen: object) -> None:
        """Say whether a claim holds and, where it does not, what was seen."""
        self.outcomes.append(is_so)
        print(f"  ok    {claim}" if is_so else f"  FAIL  {claim}: got {str(seen)[:500]}", flush=True)

    def close(self) -> int:
        """Say how many claims hold. Returns the exit code."""
        print(f"tests/rehearsal.py {sum(self.outcomes)} of {len(self.outcomes)}")
        return 0 if all(self.outcomes) else 1


def call(method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Send a signed request; return its status and its content. Headers have underscores for hyphens."""
    data = None if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"content-type": "application/json"}
    credentials = SESSION.get_credentials()
    if credentials is None:
        raise SystemExit("There are no AWS credentials")
    signed = AWSRequest(method, f"{API_URL}{path}", named, data)
    SigV4Auth(credentials.get_frozen_credentials(), "execute-api", SESSION.region_name).add_auth(signed)
    request = urllib.request.Request(f"{API_URL}{path}", data, dict(signed.headers.items()), method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status or 0, json.loads(answer.read() or b"null")


def until(look: Callable[[], T], is_good: Callable[[T], bool]) -> T:
    """Look until it is good, or patience ends; return what was seen last."""
    end_s = time.monotonic() + PATIENCE_S
    while not is_good(seen := look()) and time.monotonic() < end_s:
        time.sleep(PAUSE_S)
    return seen


def check_the_stream(report: Report) -> None:
    """Append rows without a publish, and wait until they are read from a snapshot."""
    status, added = call("POST", "/insert", {"count": ROWS}, prefer="respond-async")
    report.check("an insert with respond-async answers 202 without a snapshot", status == 202, (status, added))
    if status != 202:
        return
    begun_s, bookmark = time.monotonic(), str(added["bookmark"])

    def look() -> tuple[int, Any]:
        return call("GET", f"/sqlite-efs/{added['ids'][0]}", min_bookmark=bookmark)

    status, row = until(look, lambda seen: seen[0] == 200)
    took_s = time.monotonic() - begun_s
    report.check(f"sqlite-efs has its rows at that bookmark ({took_s:.1f} s)", status == 200, (status, row))
    status, health = call("GET", "/command/health")
    report.check("no row of the ledger is behind", status == 200 and health["lag"]["rows"] == 0, (status, health))


def check_the_schedules(report: Report, stack: str) -> None:
    """Look at each schedule, and make its call."""
    scheduler, functions = client("scheduler"), client("lambda")
    group = f"{stack}-schedules"
    found = scheduler.list_schedules(GroupName=group)["Schedules"]
    names = {str(item["Name"]).removeprefix(f"{stack}-"): str(item["State"]) for item in found}
    are_there = names.keys() >= EXPECTED and len(names.keys() & OF_THE_PROJECTOR) == 1
    report.check("the schedules are there", are_there, names)
    for name, state in names.items():
        report.check(f"{name} is enabled", state == "ENABLED", state)
        target = scheduler.get_schedule(GroupName=group, Name=f"{stack}-{name}")["Target"]
        answer = functions.invoke(FunctionName=target["Arn"], Payload=str(target["Input"]).encode())
        content = cast("dict[str, object]", json.loads(answer["Payload"].read()))
        is_well = "FunctionError" not in answer and content.get("statusCode", 200) == 200
        report.check(f"its call succeeds: {target['Input']}", is_well, content)


def check_the_queue(report: Report, stack: str) -> None:
    """See that nothing has failed without a caller."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack}-failures")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    report.check("the queue of failures is empty", attributes == {"ApproximateNumberOfMessages": "0"}, attributes)


def check_the_rollout(report: Report, stack: str) -> None:
    """Have the state machine roll out what is live already, where there is one: it looks, and does nothing."""
    states = client("stepfunctions")
    machines = [page["stateMachines"] for page in states.get_paginator("list_state_machines").paginate()]
    for machine in (each for page in machines for each in page if each["name"] == f"{stack}-rollout"):
        function = f"{stack}-query"
        version = client("lambda").get_alias(FunctionName=function, Name="live")["FunctionVersion"]
        order = json.dumps({"function": function, "version": version})
        name = states.start_execution(stateMachineArn=machine["stateMachineArn"], input=order)["executionArn"]
        seen = until(
            lambda name=name: str(states.describe_execution(executionArn=name)["status"]),
            lambda seen: seen != "RUNNING",
        )
        report.check(f"the rollout finds version {version} live", seen == "SUCCEEDED", seen)


def the_stack() -> str:
    """Return the only stack of this project that the account has in this region."""
    groups = client("scheduler").list_schedule_groups(NamePrefix="lambda-sqlite-")["ScheduleGroups"]
    stacks = [str(group["Name"]).removesuffix("-schedules") for group in groups]
    if len(stacks) != 1:
        raise SystemExit(f"Which stack? python tests/rehearsal.py NAME, one of: {', '.join(stacks) or 'none is here'}")
    return stacks[0]


def main() -> int:
    """Check all of it."""
    stack, report = sys.argv[1] if len(sys.argv) > 1 else the_stack(), Report()
    check_the_stream(report)
    check_the_schedules(report, stack)
    check_the_rollout(report, stack)
    check_the_queue(report, stack)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
