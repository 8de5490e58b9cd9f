"""Check a stack that stands: what no insert publishes becomes visible, schedules and rollout work, nothing failed.

Where it has jobs, notifications or a data lake, a file is imported, all is rebuilt, both are told of, pages are there.
Where its reads need a session, a code is made and exchanged, and the session reads until it is ended. Where it has an
edge, the page is there, and the API answers nobody without the edge's key.

    API_URL="$(pulumi stack output api_url)" AWS_REGION=us-east-1 python tests/rehearsal.py [lambda-sqlite-dev]

What is published in time was published by the projector on the stream, unless somebody else inserts meanwhile or
maintenance runs, which publish it too: so check where nobody else writes. The script appends rows, signs with the
credentials that boto3 finds, and exits with 1 where something is not as it has to be. The stack's name is only needed
where there are several.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

T = TypeVar("T")

API_URL = os.environ["API_URL"].rstrip("/")
EMULATOR = os.environ.get("AWS_ENDPOINT_URL", "")
SESSION = boto3.Session(region_name=os.environ.get("AWS_REGION"))
ROWS = 5
PATIENCE_S, PAUSE_S = 60, 0.5
EDGE_KEY = "x-origin-key"
EDGE: dict[str, str] = {}  # the header that an edge sends, where there is one
# What browsers have to be told that the page's files are.
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
ENDED = ("succeeded", "failed", "cancelled")
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
    named = _named(headers)
    credentials = SESSION.get_credentials()
    if credentials is None:
        raise SystemExit("There are no AWS credentials")
    signed = AWSRequest(method, f"{API_URL}{path}", named, data)
    SigV4Auth(credentials.get_frozen_credentials(), "execute-api", SESSION.region_name).add_auth(signed)
    return _answer(urllib.request.Request(f"{API_URL}{path}", data, dict(signed.headers.items()), method=method))


def visit(method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Send a request without a signature; return its status and its content. Headers as those of `call`."""
    data = None if body is None else json.dumps(body).encode()
    return _answer(urllib.request.Request(f"{API_URL}{path}", data, _named(headers), method=method))


def read(path: str, token: str, **headers: str) -> tuple[int, Any]:
    """Send a read: of a session where there is its token, otherwise signed."""
    return visit("GET", path, authorization=f"Bearer {token}", **headers) if token else call("GET", path, **headers)


def _named(headers: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {**EDGE, **named, "content-type": "application/json"}


def _answer(request: urllib.request.Request) -> tuple[int, Any]:
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


def check_the_stream(report: Report, token: str) -> None:
    """Append rows without a publish, and wait until they are read from a snapshot."""
    status, added = call("POST", "/insert", {"count": ROWS}, prefer="respond-async")
    report.check("an insert with respond-async answers 202 without a snapshot", status == 202, (status, added))
    if status != 202:
        return
    begun_s, bookmark = time.monotonic(), str(added["bookmark"])

    def look() -> tuple[int, Any]:
        return read(f"/sqlite-efs/{added['ids'][0]}", token, min_bookmark=bookmark)

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


def environment_of(stack: str, function: str) -> dict[str, str]:
    """Return a function's environment, which says what the stack has; nothing where there is no such function."""
    functions = client("lambda")
    try:
        found = functions.get_function_configuration(FunctionName=f"{stack}-{function}")
    except functions.exceptions.ResourceNotFoundException:
        return {}
    return cast("dict[str, str]", found["Environment"]["Variables"])


def edge_key_of(stack: str) -> str:
    """Return what the stack's edge sends to the API; nothing where there is no edge."""
    secrets = client("secretsmanager")
    try:
        return str(secrets.get_secret_value(SecretId=f"{stack}-edge-key")["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        return ""


def check_the_edge(report: Report, stack: str, key: str) -> None:
    """See that the API takes nobody for its edge, that the page is there, and that CloudFront has the key."""
    status, content = visit("GET", "/ddb?limit=1")
    report.check("without the edge's key a read is refused before any function runs", status == 401, (status, content))
    status, content = visit("GET", "/ddb?limit=1", x_origin_key="x" * len(key), authorization="Bearer any")
    report.check("with another key it is forbidden", status == 403, (status, content))
    EDGE[EDGE_KEY] = key
    status, content = visit("GET", "/openapi.json")
    wanted = 401 if environment_of(stack, "sessions") else 200
    report.check(f"with the edge's key, and no session, it is {wanted}", status == wanted, (status, str(content)[:100]))
    distribution = distribution_of(stack)
    headers = [
        header
        for origin in distribution["Origins"]["Items"]
        for header in origin.get("CustomHeaders", {}).get("Items", [])
    ]
    sent = {str(header["HeaderName"]): str(header["HeaderValue"]) for header in headers}
    report.check("CloudFront sends a key", EDGE_KEY in sent, [*sent])
    if not EMULATOR:  # a rehearsal runs the program before there is a secret to look up
        report.check("it is the key as it is now", sent.get(EDGE_KEY) == key, "another: `pulumi up` hands it over")
    check_the_page(report, stack)
    check_the_viewer(report, str(distribution["DomainName"]))


def distribution_of(stack: str) -> dict[str, Any]:
    """Return the configuration of the stack's distribution, and its domain's name."""
    cloudfront = client("cloudfront")
    pages = cloudfront.get_paginator("list_distributions").paginate()
    found = [item for page in pages for item in page["DistributionList"].get("Items", [])]
    (own,) = [item for item in found if item["Comment"] == f"{stack}-edge"]
    config = cloudfront.get_distribution_config(Id=own["Id"])["DistributionConfig"]
    return {**config, "DomainName": own["DomainName"]}


def check_the_page(report: Report, stack: str) -> None:
    """See that the page's files are what browsers take them for."""
    s3, bucket = client("s3"), f"{stack}-dashboard-{client('sts').get_caller_identity()['Account']}"
    keys = [str(item["Key"]) for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    report.check("the page is in its bucket", "dashboard/index.html" in keys, keys)
    types = {key: str(s3.head_object(Bucket=bucket, Key=key)["ContentType"]) for key in keys}
    wrong = {key: kind for key, kind in types.items() if not kind.startswith(TYPES.get(os.path.splitext(key)[1], ""))}
    report.check(f"its {len(keys)} files have their types", not wrong, wrong)


def check_the_viewer(report: Report, host: str) -> None:
    """See that the edge leads to the page. An emulator's answers at its own address, by the host that is asked for."""
    status, location = _led_to(EMULATOR or f"https://{host}", host)
    report.check("the edge leads to the page", (status, location) == (302, "/dashboard/"), (status, location))
    if not EMULATOR:
        with urllib.request.urlopen(f"https://{host}/dashboard/", timeout=60) as answer:
            policy = answer.headers["content-security-policy"]
        report.check("the page comes with its policy", "default-src 'none'" in policy, policy)


def _led_to(url: str, host: str) -> tuple[int, str]:
    """Return the status and the location of a host's root."""
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=60)
    try:
        connection.request("GET", "/", headers={"host": host, "x-forwarded-proto": "https"})
        answer = connection.getresponse()
        return answer.status, answer.getheader("location", "")
    finally:
        connection.close()


def enter(report: Report, scopes: list[str]) -> tuple[str, dict[str, Any]]:
    """Make an access code and exchange it; return the code, and what the visitor gets."""
    _, made = call("POST", "/access/codes", {"tenant": "rehearsal", "scopes": scopes})
    code = str(made["access_code"])
    status, entered = visit("POST", "/sessions", {"code": code})
    report.check(f"a code for {' and '.join(scopes)} is exchanged for a session", status == 201, (status, entered))
    status, again = visit("POST", "/sessions", {"code": code})
    report.check("its only use is used up", status == 403, (status, again))
    return code, entered


def check_the_sessions(report: Report, stack: str) -> str:
    """See that reads need a session, and that one that is ended is one no more; return the token of another."""
    status, content = visit("GET", "/ddb?limit=1")
    report.check("a read without a session is refused", status in (401, 403), (status, content))
    status, content = read("/ddb?limit=1", "no-token")
    report.check("a read with any token is refused", status == 403, (status, content))
    code, reader = enter(report, ["read"])
    _, analyst = enter(report, ["read", "sql"])
    status, content = read("/ddb?limit=1", reader["token"])
    report.check("a session reads", status == 200, (status, content))
    for scopes, session, expected in (("read", reader, 403), ("read and sql", analyst, 200)):
        bearer = f"Bearer {session['token']}"
        status, content = visit("POST", "/sqlite-tmp/sql", {"sql": "SELECT 1"}, authorization=bearer)
        report.check(f"a statement of a session for {scopes} is {expected}", status == expected, (status, content))
    status, ended = call("DELETE", f"/access/sessions/{reader['session']['id']}")
    report.check("its owner ends it", status < 300, (status, ended))
    status, content = until(lambda: read("/ddb?limit=1", reader["token"]), lambda seen: seen[0] == 403)
    report.check("it reads no more within a minute", status == 403, (status, content))
    check_what_is_kept(report, stack, [code, code.replace("-", ""), reader["token"], analyst["token"]])
    return str(analyst["token"])


def check_what_is_kept(report: Report, stack: str, secrets: list[str]) -> None:
    """See that the table of codes and sessions holds no code and no token as it was handed out."""
    table = environment_of(stack, "sessions")["SESSIONS_TABLE"]
    items = json.dumps(client("dynamodb").scan(TableName=table)["Items"])
    report.check("the table has items", len(items) > len("[]"), items)
    report.check("none holds a code or a token", not any(secret in items for secret in secrets), items)


def job_of(job_id: str, token: str) -> dict[str, Any]:
    """Return a job as the API shows it; nothing where it does not."""
    status, seen = read(f"/jobs/{job_id}", token)
    return seen["job"] if status == 200 else {}


def check_an_import(report: Report, token: str) -> None:
    """Send a file of rows as S3's URL wants it, and wait until they are read."""
    _, page = read(f"/sqlite-efs?limit={ROWS}", token)
    given = [
        {name: value for name, value in row.items() if name not in ("seq", "id", "created_at")} for row in page["data"]
    ]
    content = "".join(f"{json.dumps(row)}\n" for row in given).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    order = {"format": "ndjson", "bytes": len(content), "sha256": sha256, "name": "rehearsal"}
    status, taken = call("POST", "/imports", order)
    report.check("POST /imports answers 201 with an upload", status == 201, (status, taken))
    if status != 201:
        return
    upload = taken["upload"]
    request = urllib.request.Request(upload["url"], content, upload["headers"], method=upload["method"])
    with urllib.request.urlopen(request, timeout=60) as answer:
        report.check("S3 takes the file without anybody's credentials", answer.status == 200, answer.status)
    job = until(lambda: job_of(taken["job"]["id"], token), lambda seen: seen.get("state") in ENDED)
    report.check("its job succeeds", job.get("state") == "succeeded", job)
    report.check("all of its rows are appended", job.get("rows_done") == len(given), job)


def check_a_rebuild(report: Report, token: str) -> None:
    """Have all segments made anew by the state machine."""
    status, taken = call("POST", "/snapshots", {"full": True}, prefer="respond-async")
    report.check("POST /snapshots of all rows with respond-async answers 202", status == 202, (status, taken))
    if status == 202:
        job = until(lambda: job_of(taken["job"]["id"], token), lambda seen: seen.get("state") in ENDED)
        report.check("the rebuild's job succeeds", job.get("state") == "succeeded", job)


@contextmanager
def told_by(topic_arn: str, stack: str) -> Generator[Callable[[], list[str]]]:
    """Listen to a topic by a queue that is gone afterwards; yields what tells the types of the events so far."""
    sqs, sns = client("sqs"), client("sns")
    url = sqs.create_queue(QueueName=f"{stack}-rehearsal")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    from_the_topic = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [from_the_topic]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscribed = sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    heard: list[str] = []

    def listen() -> list[str]:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            heard.append(str(json.loads(json.loads(message["Body"])["Message"])["type"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return heard

    try:
        yield listen
    finally:
        sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=url)


def check_the_work(report: Report, stack: str, token: str) -> None:
    """Check jobs, notifications and the lake, each where the stack has it."""
    there = environment_of(stack, "worker")
    with ExitStack() as stacked:
        topic_arn = there.get("TOPIC_ARN")
        heard = stacked.enter_context(told_by(topic_arn, stack)) if topic_arn else list
        if there.get("JOBS_BUCKET"):
            check_an_import(report, token)
            check_a_rebuild(report, token)
        else:
            call("POST", "/snapshots", {})
        if topic_arn:
            wanted = {"snapshot.published", *(["job.succeeded"] if there.get("JOBS_BUCKET") else [])}
            seen = until(heard, lambda seen: wanted <= {*seen})
            report.check(f"the topic tells of {', '.join(sorted(wanted))}", wanted <= {*seen}, seen)
    if bucket := there.get("LAKE_BUCKET"):
        pages = client("s3").list_objects_v2(Bucket=bucket, Prefix="lake/root=").get("Contents", [])
        report.check("the lake has pages", bool(pages), pages)


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
    if key := edge_key_of(stack):
        check_the_edge(report, stack, key)
    token = check_the_sessions(report, stack) if environment_of(stack, "sessions") else ""
    check_the_stream(report, token)
    check_the_schedules(report, stack)
    check_the_work(report, stack, token)
    check_the_rollout(report, stack)
    check_the_queue(report, stack)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
