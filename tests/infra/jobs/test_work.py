"""The worker's place: its events, what it is told, and what it may do, by the settings that ask for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.costs.work import FILE_MONTHS
from handlers.aws.table import EVENTS, JOB_ORDER, JOB_STATE, JOBS, LAKE, VERIFICATION
from handlers.jobs.job import FAILED, ORDERS, SUCCEEDED
from handlers.settings import VARIABLES
from infra.jobs.work import TOLD_STATES
from tests.infra.contract import statements
from tests.infra.graph import ACCOUNT, Graph
from tests.infra.program import EVERYTHING, graph, run

SQS, S3, SNS = (f"arn:aws:{service}:us-east-1:{ACCOUNT}" for service in ("sqs", "s3", "sns"))
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:storage-table"
MACHINE = f"arn:aws:sfn:us-east-1:{ACCOUNT}:rebuild-machine"
PLACES = {"JOBS_BUCKET", "JOBS_QUEUE_URL", "DEAD_LETTERS_ARN", "REBUILD_MACHINE_ARN", "LAKE_BUCKET", "TOPIC_ARN"}
MAPPINGS = {"worker_stream_mapping": "stream", "jobs_mapping": "queue", "dead_letters_mapping": "dead-letters"}
OF_JOBS = {"JOBS_BUCKET", "JOBS_QUEUE_URL", "DEAD_LETTERS_ARN", "REBUILD_MACHINE_ARN"}


def rights(seen: Graph, function: str = "worker") -> dict[str, tuple[list[str], list[str]]]:
    """Actions and resources by the statements' names, of all policies of a function's role but those every one has."""
    role = seen.one("Role", f"{function}-identity-role").inputs["name"]
    return {
        statement["Sid"]: (sorted(statement["Action"]), statement["Resource"])
        for node in seen.of("RolePolicy")
        if node.inputs["role"] == role and "-identity-" not in node.name
        for statement in statements(node)
    }


def patterns(seen: Graph) -> list[dict[str, Any]]:
    """The filters of the worker's stream."""
    (node,) = [node for node in seen.of("EventSourceMapping") if node.name == "work-stream"]
    return [json.loads(each["pattern"]) for each in node.at("filterCriteria.filters")]


def test_nothing_of_it_is_there_unless_it_is_asked_for() -> None:
    for stack in ("dev", "prod", "local"):
        seen = graph(stack)
        assert not seen.of("Bucket", "Workgroup", "CatalogTable")
        assert not [node.name for node in seen.nodes if node.name.startswith(("work", "jobs", "lake", "rebuild"))]
        assert {node.at("environment.variables.NOTIFICATIONS") for node in seen.of("Function")} == {"off"}


@pytest.mark.parametrize(
    ("changes", "places", "mappings"),
    [
        ({"jobs": True}, OF_JOBS, {"work-stream", "work-queue", "work-dead-letters"}),
        ({"lake": True}, {"LAKE_BUCKET"}, set[str]()),
        ({"notifications": True}, {"TOPIC_ARN"}, {"work-stream"}),
        (
            {"jobs": True, "lake": True, "notifications": True},
            PLACES,
            {"work-stream", "work-queue", "work-dead-letters"},
        ),
    ],
    ids=["jobs", "lake", "notifications", "all"],
)
def test_the_worker_knows_and_hears_what_it_is_there_for(
    changes: dict[str, Any], places: set[str], mappings: set[str]
) -> None:
    seen = run("dev", changes)
    worker = seen.one("Function", "worker-function")
    given = worker.at("environment.variables")
    assert {*given} & PLACES == places
    assert {*given} <= {name for name, _ in VARIABLES}
    assert not worker.at("vpcConfig")
    assert not worker.at("fileSystemConfig")
    assert {node.name for node in seen.of("EventSourceMapping")} - {"projection-stream"} == mappings


def test_the_stream_lets_orders_ended_jobs_and_new_events_through_and_nothing_else() -> None:
    def of(partition: str, **image: object) -> dict[str, Any]:
        found: dict[str, Any] = {"Keys": {"pk": {"S": [partition]}}}
        return {"dynamodb": found | ({"NewImage": image} if image else {})}

    orders = of(JOBS, **{JOB_ORDER: {"S": [{"exists": True}]}})
    ended = of(JOBS, **{JOB_STATE: {"S": ["failed", "succeeded"]}})
    events = of(EVENTS) | {"eventName": ["INSERT"]}
    assert patterns(graph(EVERYTHING)) == [orders, events, ended]
    assert patterns(run("dev", {"jobs": True})) == [orders]
    assert patterns(run("dev", {"notifications": True})) == [events]
    assert {*TOLD_STATES} == {FAILED, SUCCEEDED}
    assert all(ORDERS)  # the attribute is there for them alone


def test_messages_come_one_by_one_and_two_jobs_run_at_once() -> None:
    taken = {node.name: node for node in graph(EVERYTHING).of("EventSourceMapping")}
    queue, letters = taken["work-queue"], taken["work-dead-letters"]
    assert (queue.at("eventSourceArn"), queue.at("batchSize")) == (f"{SQS}:jobs-queue", 1)
    assert queue.at("scalingConfig.maximumConcurrency") == 2
    assert (letters.at("eventSourceArn"), letters.at("batchSize")) == (f"{SQS}:jobs-dead-letters", 1)
    dead = graph(EVERYTHING).one("Queue", "jobs-queue").at("redrivePolicy")
    assert json.loads(dead) == {"deadLetterTargetArn": f"{SQS}:jobs-dead-letters", "maxReceiveCount": 3}


def test_a_file_that_arrives_is_a_message_and_only_this_bucket_sends_it() -> None:
    seen = graph(EVERYTHING)
    (told,) = seen.one("BucketNotification").at("queues")
    assert (told["events"], told["filterPrefix"]) == (["s3:ObjectCreated:*"], "imports/")
    assert told["queueArn"] == f"{SQS}:jobs-queue"
    policy = seen.one("QueuePolicy", "jobs-senders")
    allowed, denied = statements(policy)
    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    assert allowed["Resource"] == [f"{SQS}:lambda-sqlite-everything-jobs"]
    assert allowed["Condition"]["ArnLike"] == {
        "aws:SourceArn": f"arn:aws:s3:::{seen.one('Bucket', 'jobs-bucket').at('bucket')}"
    }
    assert denied["Sid"] == "NoPlainText"
    assert policy.urn in seen.one("BucketNotification").dependencies


def test_with_a_key_of_its_own_s3_may_use_it_to_tell_the_queue() -> None:
    (used,) = [each for each in statements(graph(EVERYTHING).one("Key")) if each["Sid"] == "Imports"]
    assert used["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert "Imports" not in {each["Sid"] for each in statements(graph("prod").one("Key"))}


def test_the_worker_of_everything_may_do_its_work_and_no_more() -> None:
    seen = graph(EVERYTHING)
    writes = ["ConditionCheckItem", "GetItem", "PutItem", "Query", "UpdateItem"]
    assert rights(seen) == {
        "Table": ([f"dynamodb:{each}" for each in writes], [TABLE, f"{TABLE}/index/*"]),
        "Files": (["s3:GetObject", "s3:GetObjectVersion"], [f"{S3}:jobs-bucket/imports/*"]),
        "Names": (["s3:ListBucket"], [f"{S3}:lake-bucket"]),
        "GoOn": (["sqs:SendMessage"], [f"{SQS}:jobs-queue"]),
        "Rebuild": (["states:StartExecution"], [MACHINE]),
        "Pages": (["s3:GetObject", "s3:PutObject"], [f"{S3}:lake-bucket/lake/*"]),
        "Topic": (["sns:Publish"], [f"{SNS}:notifications-topic"]),
        "Messages": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            [f"{SQS}:jobs-queue", f"{SQS}:jobs-dead-letters"],
        ),
        "Failures": (["sqs:SendMessage"], [f"{SQS}:projection-failures"]),
        "Stream": (
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            [f"{TABLE}/stream/*"],
        ),
        "Streams": (["dynamodb:ListStreams"], ["*"]),
    }


def test_a_worker_for_the_lake_alone_reads_the_table_and_notes_how_far_it_is() -> None:
    seen = run("dev", {"lake": True})
    assert {*rights(seen)} == {"Table", "Progress", "Pages", "Names"}
    assert rights(seen)["Table"] == (["dynamodb:GetItem", "dynamodb:Query"], [TABLE])
    (noted,) = [each for each in statements(seen.one("RolePolicy", "worker-table")) if each["Sid"] == "Progress"]
    assert noted["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [LAKE]}}


def test_a_worker_that_only_tells_has_no_right_to_the_table() -> None:
    assert {*rights(run("dev", {"notifications": True}))} == {"Topic", "Failures", "Stream", "Streams"}


def test_the_command_function_signs_uploads_and_knows_no_other_place() -> None:
    seen = graph(EVERYTHING)
    assert rights(seen, "command")["Uploads"] == (["s3:PutObject"], [f"{S3}:jobs-bucket/imports/*"])
    for function in ("command", "query", "projector"):
        given = seen.one("Function", f"{function}-function").at("environment.variables")
        assert {*given} & PLACES == ({"JOBS_BUCKET"} if function == "command" else set())
        via = statements(seen.one("RolePolicy", f"{function}-identity-key"))[0]["Condition"]["StringEquals"]
        stores = ["dynamodb", "lambda", *(["s3"] if function == "command" else [])]
        assert via == {"kms:ViaService": [f"{store}.us-east-1.amazonaws.com" for store in stores]}


@pytest.mark.parametrize(
    ("changes", "partitions"),
    [
        ({}, [VERIFICATION]),
        ({"jobs": True}, [VERIFICATION, JOBS]),
        ({"notifications": True}, [VERIFICATION, EVENTS]),
        ({"jobs": True, "notifications": True}, [VERIFICATION, JOBS, EVENTS]),
    ],
    ids=["neither", "jobs", "notifications", "both"],
)
def test_the_projector_puts_down_the_steps_of_a_rebuild_and_what_it_tells(
    changes: dict[str, Any], partitions: list[str]
) -> None:
    """No emulator holds anybody to the leading key: a partition that is missing here would be found on AWS alone."""
    given = statements(run("dev", changes).one("RolePolicy", "projector-data"))
    (puts,) = [each for each in given if each["Sid"] == "Partitions"]
    assert puts["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": partitions}}


def test_pages_of_the_stacks_origins_may_send_files() -> None:
    (rule,) = graph(EVERYTHING).one("BucketCorsConfiguration").at("corsRules")
    assert (rule["allowedOrigins"], rule["allowedMethods"]) == (["https://app.example.com"], ["PUT"])
    assert not run("dev", {"jobs": True}).of("BucketCorsConfiguration")


@pytest.mark.parametrize("protect", [True, False])
def test_files_that_wait_go_with_their_bucket_so_that_jobs_can_be_switched_off(protect: bool) -> None:
    bucket = run("dev", {"jobs": True, "protect": protect}).one("Bucket")
    assert bucket.at("forceDestroy") is True
    assert "protect" not in bucket.options


def test_a_file_is_gone_for_good_a_day_after_its_two_weeks() -> None:
    """With versions, what expires is a version first."""
    given = {
        rule["id"]: rule for rule in graph(EVERYTHING).one("BucketLifecycleConfiguration", "jobs-lifecycle").at("rules")
    }
    assert given["files"]["expiration"] == {"days": 14}
    assert given["files"]["noncurrentVersionExpiration"] == {"noncurrentDays": 1}
    assert given["unfinished-uploads"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    assert pytest.approx(15 / 30) == FILE_MONTHS


def test_queues_of_one_name_in_other_accounts_and_regions_are_subscribed_each_by_itself() -> None:
    arns = [f"arn:aws:sqs:{place}:mine" for place in ("us-east-1:123456789012", "eu-west-1:123456789012")]
    arns.append("arn:aws:sqs:us-east-1:210987654321:mine")
    seen = run("dev", {"notifications": True, "notificationQueueArns": arns})
    assert {node.at("endpoint") for node in seen.of("TopicSubscription")} == {*arns}
    assert len({node.name for node in seen.of("TopicSubscription")}) == 3


def test_the_clock_sweeps_each_hour_and_writes_the_lake_as_often_as_is_said() -> None:
    calls = {node.name: node for node in graph(EVERYTHING).of("Schedule")}
    sweep, lake = calls["schedules-sweep"], calls["schedules-lake"]
    assert (sweep.at("scheduleExpression"), sweep.at("target.input.task")) == ("rate(60 minutes)", "sweep")
    assert (lake.at("scheduleExpression"), lake.at("target.input.task")) == ("rate(15 minutes)", "lake")
    assert {sweep.at("target.arn"), lake.at("target.arn")} == {f"arn:aws:lambda:us-east-1:{ACCOUNT}:worker-live"}


def test_the_outputs_say_where_the_work_is_done() -> None:
    outputs = graph(EVERYTHING).outputs
    assert outputs["imports_bucket"] == f"lambda-sqlite-everything-imports-{ACCOUNT}"
    assert outputs["lake_bucket"] == f"lambda-sqlite-everything-lake-{ACCOUNT}"
    assert outputs["lake_database"] == "lambda_sqlite_everything_lake"
    assert outputs["athena_workgroup"] == "lambda-sqlite-everything-lake"
    for output, mapping in MAPPINGS.items():
        assert outputs[output] == f"work-{mapping}-id"
    assert outputs["worker_function"] == "lambda-sqlite-everything-worker"
    assert outputs["topic_arn"] == f"{SNS}:notifications-topic"
    assert outputs["rebuild_machine_arn"] == MACHINE
    assert outputs["log_groups"]["rebuild"].endswith("/rebuild")
    assert outputs["jobs_queue_url"].endswith("/jobs-queue")
    assert outputs["dead_letters_url"].endswith("/jobs-dead-letters")
