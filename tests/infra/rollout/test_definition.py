from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from infra.compute.function import ALIAS_DESCRIPTION, MOVED_BY_OTHERS
from infra.rollout.calls import TrialCall
from infra.rollout.definition import (
    LIVE_STATE,
    MARK,
    MARK_CHARACTERS,
    MOST_BEFORE,
    NOT_LIVE,
    ONE_VERSION,
    SHARE,
    TEST,
    Canary,
    definition_of,
)
from infra.rollout.tasks import BACK
from tests.support.local.processes import PATIENCE_S
from tests.support.local.versions import (
    DOES_LATER,
    FAILS,
    GOOD,
    ONE_CALL,
    REFUSES,
    Versioned,
    client,
    make_machine,
    quick_emulator,
)

WATCHED = Canary(calls={"query": ONE_CALL}, alarms=["slow"], percent=10, bake_s=45)
THROTTLED = {"Throw": {"Error": "Lambda.TooManyRequestsException", "Cause": "Rate exceeded"}}
# The tasks of the machine that fail, by the name of a test: all of them lead to the old version.
BROKEN = {
    "share": [SHARE],
    "alarms": ["See whether an alarm rings"],
    "errors": ["Count its errors"],
    "the look back": ["See whether an alarm rings", BACK],
    "all calls": ["Give it all calls"],
    "all calls, and the look back": ["Give it all calls", BACK],
}
MOCKED = {
    "StateMachines": {
        "broken": {"TestCases": {name: dict.fromkeys(states, "throttled") for name, states in BROKEN.items()}},
        "busy": {"TestCases": {"calls": {"Call": "throttled"}}},
    },
    "MockedResponses": {"throttled": {"0-99": THROTTLED}},
}


class Ran(NamedTuple):
    """How an execution ended, and the steps that it took, but those within a test."""

    status: str
    reason: str
    steps: list[str]


@pytest.fixture(scope="module", autouse=True)
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with quick_emulator(tmp_path_factory.mktemp("account"), MOCKED):
        yield


@pytest.fixture(scope="module")
def machine(account: None) -> str:
    return make_machine("machine", ["query"], alarms=["slow", "broken"])


@pytest.fixture(scope="module")
def query(account: None) -> Versioned:
    for name in ("slow", "broken"):
        client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="test",
            MetricName=name,
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
        )
    return Versioned("query")


def run(machine: str, version: object, case: str = "", name: str = "") -> Ran:
    states = client("stepfunctions")
    asked = {"input": json.dumps({"function": "query", "version": version}), **({"name": name} if name else {})}
    name = states.start_execution(stateMachineArn=f"{machine}{case and '#'}{case}", **asked)["executionArn"]
    end_s = time.monotonic() + PATIENCE_S
    while (found := states.describe_execution(executionArn=name))["status"] == "RUNNING":
        assert time.monotonic() < end_s
        time.sleep(0.02)
    events = states.get_execution_history(executionArn=name, maxResults=1000)["events"]
    steps = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    known = states_of(WATCHED)
    return Ran(found["status"], found.get("cause", ""), [step for step in steps if step in known])


# On the emulator


def test_a_good_version_gets_a_share_is_watched_and_goes_live(query: Versioned, machine: str) -> None:
    before = query.live()[0]
    version = query.publish()
    ran = run(make_machine("two-rounds", ["query"], alarms=["slow"], bake_s=30), version)
    assert (ran.status, query.live()) == ("SUCCEEDED", (version, {}))
    a_round = ["Watch", "Test it again", "See whether an alarm rings", "Count its errors", "Judge"]
    begin = ["Read the order", "Find its test", "Look at the alias", "Is there anything to do", "See which alarms ring"]
    assert ran.steps == [*begin, TEST, SHARE, *a_round, *a_round, "Give it all calls", LIVE_STATE]
    assert query.alias()["Description"] == f"{ALIAS_DESCRIPTION}; before: {before}"


def test_a_version_that_is_live_is_left_alone(query: Versioned, machine: str) -> None:
    before = query.alias()
    ran = run(machine, query.live()[0])
    assert (ran.status, ran.steps[-2:]) == ("SUCCEEDED", ["Is there anything to do", LIVE_STATE])
    assert query.alias() == before


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param(REFUSES, "the test failed: TestFailed: HEAD /health was answered with 503", id="refuses"),
        pytest.param(FAILS, "too large", id="fails"),
    ],
)
def test_a_version_that_fails_its_test_gets_no_call(query: Versioned, machine: str, code: str, reason: str) -> None:
    before = query.alias()
    ran = run(machine, query.publish(code))
    assert ran.status == "FAILED"
    assert reason in ran.reason
    assert ran.steps[-4:] == [TEST, BACK, "Is it to go back", NOT_LIVE]
    assert query.alias() == before


def test_a_version_that_is_not_there_gets_no_call(query: Versioned, machine: str) -> None:
    before = query.alias()
    assert "ResourceNotFoundException" in run(machine, 999).reason
    assert query.alias() == before


@pytest.mark.parametrize(
    ("statuses", "is_live"), [((422,), True), ((400, 422), True), ((200,), False), ((400, 403), False)]
)
def test_a_call_has_statuses_of_its_own_that_are_well(
    query: Versioned, statuses: tuple[int, ...], is_live: bool
) -> None:
    machine = make_machine(
        f"refused-{'-'.join(map(str, statuses))}", ["query"], calls=[TrialCall(event={}, statuses=statuses)]
    )
    version = query.publish(GOOD.replace("200", "422"))
    ran = run(machine, version)
    assert (ran.status == "SUCCEEDED", query.live()[0] == version) == (is_live, is_live)
    assert ("was answered with 422" in ran.reason) is not is_live


def test_what_is_no_function_of_the_stack_is_not_touched(query: Versioned) -> None:
    ran = run(make_machine("another", ["command"]), query.publish())
    assert (ran.status, ran.steps[-1]) == ("FAILED", "Find its test")


# A version that does something, or has something happen, while it has its share.
RING = "boto3.client('cloudwatch').set_alarm_state(AlarmName='slow', StateValue='ALARM', StateReason='test')"
COUNT = """import datetime; boto3.client('cloudwatch').put_metric_data(Namespace='AWS/Lambda', MetricData=[
            dict(MetricName=name, Value=value, Dimensions=[dict(Name=key, Value=text) for key, text in (
                ('FunctionName', 'query'), ('Resource', 'query:live'), ('ExecutedVersion', '{version}'))])
            for name, value in (('Errors', {errors}), ('Invocations', 100))])"""
TOUCH = "boto3.client('lambda').update_alias(FunctionName='query', Name='live', Description='touched')"
DIVIDE = """boto3.client('lambda').update_alias(
            FunctionName='query', Name='live', RoutingConfig=dict(AdditionalVersionWeights={{'{version}': 0.1}}),
            Description='any; before: 3 1; share by {name}')"""
MOVE = """boto3.client('lambda').update_alias(
            FunctionName='query', Name='live', FunctionVersion='{to}', RoutingConfig=dict())"""


def later(query: Versioned, tmp_path: Path, deed: str, **values: object) -> int:
    """Publish a version that passes its first test and does something in the next."""
    deed = deed.format(version=query.newest() + 1, **values)
    return query.publish(DOES_LATER.format(path=str(tmp_path / "first"), deed=deed))


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        pytest.param("return {{'statusCode': 500}}", "HEAD /health was answered with 500", id="fails a later test"),
        pytest.param(RING, "alarms ring that did not before: slow", id="has an alarm ring"),
        pytest.param(COUNT, "2 errors in its 100 calls", id="fails callers"),
        pytest.param(TOUCH, "PreconditionFailedException", id="is touched by somebody"),
    ],
)
def test_a_version_that_turns_out_bad_with_its_share_is_turned_back(
    query: Versioned, machine: str, tmp_path: Path, deed: str, reason: str
) -> None:
    before = query.live()
    ran = run(machine, later(query, tmp_path, deed, errors=2))
    client("cloudwatch").set_alarm_state(AlarmName="slow", StateValue="OK", StateReason="test")
    assert ran.status == "FAILED"
    assert reason in ran.reason
    assert SHARE in ran.steps
    assert ran.steps[-4:] == [BACK, "Is it to go back", "Go back", NOT_LIVE]
    assert query.live() == before


ANSWER_500 = (
    COUNT.replace("""for name, value in (('Errors', {errors})""", """for name, value in (('Errors', 0)""")
    + """
        boto3.client('cloudwatch').put_metric_data(Namespace='lambda-sqlite', MetricData=[dict(
            MetricName='Errors', Value=2, Dimensions=[
                dict(Name='function', Value='query'), dict(Name='version', Value='{version}')])])"""
)


@pytest.mark.parametrize(("own_metrics", "status"), [(True, "FAILED"), (False, "SUCCEEDED")])
def test_answers_of_500_turn_a_version_back_where_the_functions_tell_of_them(
    query: Versioned, tmp_path: Path, own_metrics: bool, status: str
) -> None:
    made = make_machine(f"told-{own_metrics}", ["query"], own_metrics=own_metrics)
    ran = run(made, later(query, tmp_path, ANSWER_500))
    assert (ran.status, ran.reason) == (status, "2 errors in its 100 calls" if own_metrics else "")


def test_errors_in_one_call_of_a_hundred_turn_no_version_back(query: Versioned, machine: str, tmp_path: Path) -> None:
    version = later(query, tmp_path, COUNT, errors=1)
    assert run(machine, version).status == "SUCCEEDED"
    assert query.live() == (version, {})


def test_an_alarm_that_rang_before_turns_no_version_back(query: Versioned, machine: str) -> None:
    client("cloudwatch").set_alarm_state(AlarmName="broken", StateValue="ALARM", StateReason="test")
    version = query.publish()
    assert run(machine, version).status == "SUCCEEDED"
    client("cloudwatch").set_alarm_state(AlarmName="broken", StateValue="OK", StateReason="test")


def test_an_alias_that_somebody_else_has_moved_stays_there(query: Versioned, machine: str, tmp_path: Path) -> None:
    query.point(query.newest())
    ran = run(machine, later(query, tmp_path, MOVE, to=1))
    assert ran.status == "FAILED"
    assert ran.steps[-3:] == [BACK, "Is it to go back", NOT_LIVE]
    assert query.live() == (1, {})


def test_a_version_that_is_live_before_the_end_is_live(query: Versioned, machine: str, tmp_path: Path) -> None:
    """As after an answer of AWS that got lost: what is tried again is refused."""
    version = later(query, tmp_path, MOVE, to=query.newest() + 1)
    ran = run(machine, version)
    assert (ran.status, query.live()) == ("SUCCEEDED", (version, {}))
    assert ran.steps[-3:] == [BACK, "Is it to go back", LIVE_STATE]


NAME = "query-7-20260102T030405-000006"


def test_the_share_of_another_execution_is_left_to_it(query: Versioned, machine: str, tmp_path: Path) -> None:
    (tmp_path / "first").touch()  # so that it happens before this execution gives a share
    version = later(query, tmp_path, DIVIDE, name="20260102T030405-000007")
    before = query.live()[0]
    ran = run(machine, version, name=NAME)
    assert ran.status == "FAILED"
    assert "PreconditionFailedException" in ran.reason
    assert ran.steps[-4:] == [SHARE, BACK, "Is it to go back", NOT_LIVE]
    assert query.live() == (before, {str(version): 0.1})
    query.point(before)


def test_a_share_is_taken_back_though_the_answer_to_it_was_lost(query: Versioned, machine: str, tmp_path: Path) -> None:
    (tmp_path / "first").touch()
    before = query.live()
    ran = run(machine, later(query, tmp_path, DIVIDE, name=NAME[-MARK_CHARACTERS:]), name=f"again-{NAME}")
    assert (ran.status, ran.steps[-4:]) == ("FAILED", [BACK, "Is it to go back", "Go back", NOT_LIVE])
    assert query.live() == before


def test_the_mark_of_a_share_does_not_stay(query: Versioned, machine: str, tmp_path: Path) -> None:
    told = f"{ALIAS_DESCRIPTION}; before: 3 1"
    query.aws.update_alias(FunctionName="query", Name="live", Description=f"{told}{MARK}someone")
    version, before = query.publish(), query.live()[0]
    keep = f"open({str(tmp_path / 'told')!r}, 'w').write(boto3.client('lambda')"
    deed = f"{keep}.get_alias(FunctionName='query', Name='live')['Description']); return {{{{'statusCode': 500}}}}"
    assert run(machine, later(query, tmp_path, deed), name=f"{NAME}7").status == "FAILED"
    assert (tmp_path / "told").read_text() == f"{told}{MARK}{NAME[1 - MARK_CHARACTERS :]}7"
    assert query.alias()["Description"] == told
    assert run(machine, version).status == "SUCCEEDED"
    assert query.alias()["Description"] == f"{ALIAS_DESCRIPTION}; before: {before} 3 1"


def test_two_executions_at_once_leave_the_calls_undivided(query: Versioned, machine: str) -> None:
    before, version = query.live()[0], query.publish()
    with ThreadPoolExecutor(2) as pool:
        for ended in [pool.submit(run, machine, version) for _ in range(2)]:
            assert ended.result().status in ("SUCCEEDED", "FAILED")
    assert query.live() in ((before, {}), (version, {}))


@pytest.mark.parametrize("case", BROKEN)
def test_whatever_fails_leads_to_the_old_version(query: Versioned, case: str) -> None:
    before = query.live()
    ran = run(make_machine("broken", ["query"], alarms=["slow"]), query.publish(), case)
    assert ran.status == "FAILED"
    assert "Rate exceeded" in ran.reason
    assert set(BROKEN[case]) <= set(ran.steps)
    assert query.live() == before


def test_a_call_that_lambda_throttles_is_made_again_five_times_in_each_test(query: Versioned) -> None:
    """The emulator throttles for as long as it does so at all; so it is the attempts that are counted."""
    version = query.publish()
    machine = make_machine("busy", ["query"])
    assert run(machine, version, "calls").status == "FAILED"
    states = client("stepfunctions")
    (ran,) = states.list_executions(stateMachineArn=machine)["executions"]
    events = states.get_execution_history(executionArn=ran["executionArn"], maxResults=1000)["events"]
    causes = [event["taskFailedEventDetails"]["error"] for event in events if event["type"] == "TaskFailed"]
    assert causes == ["Lambda.TooManyRequestsException"] * (1 + 5) * 2


def test_a_call_is_made_again_for_whatever_lambda_fails_by_itself(states: dict[str, dict[str, Any]]) -> None:
    (retry,) = states[TEST]["ItemProcessor"]["States"]["Call"]["Retry"]
    assert set(retry["ErrorEquals"]) == {
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
    }
    assert (retry["MaxAttempts"], retry["BackoffRate"]) == (5, 2)


def test_the_way_back_is_tried_for_ten_minutes(states: dict[str, dict[str, Any]]) -> None:
    (retry,) = states["Go back"]["Retry"]
    waits = [
        min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** number)
        for number in range(retry["MaxAttempts"])
    ]
    assert (retry["JitterStrategy"], sum(waits) // 60) == ("NONE", 10)


def test_the_versions_before_are_kept_the_last_ones_first(query: Versioned, machine: str) -> None:
    many = " ".join(map(str, range(40, 40 - MOST_BEFORE, -1)))
    query.aws.update_alias(FunctionName="query", Name="live", FunctionVersion="1", Description=f"any; before: {many}")
    assert run(machine, query.publish()).status == "SUCCEEDED"
    kept = query.alias()["Description"].partition("before: ")[2].split()
    assert kept == ["1", *many.split()[:-1]]


# The graph


def states_of(canary: Canary) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", definition_of(canary)["States"])


@pytest.fixture(params=[WATCHED, Canary(calls={}, alarms=[], percent=50, bake_s=3600)], ids=["alarms", "no alarms"])
def states(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    return states_of(request.param)


def following(state: Mapping[str, Any]) -> set[str]:
    """The states that may come after one."""
    rules = [*state.get("Choices", ()), *state.get("Catch", ())]
    return {rule["Next"] for rule in rules} | {state[key] for key in ("Next", "Default") if key in state}


def test_every_state_is_reached_and_leads_to_one_that_is_there(states: dict[str, dict[str, Any]]) -> None:
    reached, waiting = set[str](), ["Read the order"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += following(states[name])
    assert reached == set(states)


def test_every_task_from_the_first_test_on_leads_every_error_to_the_way_back(states: dict[str, dict[str, Any]]) -> None:
    way_back = {BACK, "Is it to go back", "Go back", NOT_LIVE}
    tasks = {name for name, state in states.items() if state["Type"] in ("Task", "Map")} - way_back
    for name in tasks - {"Look at the alias"}:  # before which nothing is known, and nothing changed
        (caught,) = states[name]["Catch"]
        assert (caught["ErrorEquals"], caught["Next"], "reason" in caught["Assign"]) == (["States.ALL"], BACK, True)
    assert {state["Type"] for name, state in states.items() if name not in tasks | way_back} == {
        *("Pass", "Choice", "Wait", "Succeed")
    }


def test_every_way_that_ends_the_machine_has_the_calls_undivided(states: dict[str, dict[str, Any]]) -> None:
    """Nothing may stop it halfway: no time limit of its own, and no end but these two."""
    assert "TimeoutSeconds" not in definition_of(WATCHED)
    assert {name for name, state in states.items() if not following(state)} == {LIVE_STATE, NOT_LIVE}
    assert {name for name, state in states.items() if NOT_LIVE in following(state)} == {"Go back", "Is it to go back"}
    moves = {name: state["Arguments"] for name, state in states.items() if str(state.get("Resource")).endswith("Alias")}
    assert [name for name, change in moves.items() if change.get("RoutingConfig") == ONE_VERSION] == [
        *("Give it all calls", "Go back")
    ]


def test_every_task_has_a_time_limit_and_is_tried_again(states: dict[str, dict[str, Any]]) -> None:
    for state in states.values():
        if state["Type"] == "Task":
            assert state["TimeoutSeconds"] <= 60
            assert state["Retry"][-1]["ErrorEquals"] == ["States.ALL"]
            assert state["Retry"][-1]["MaxAttempts"] >= 5
            assert state["Retry"][-1]["BackoffRate"] == 2


@pytest.mark.parametrize(("bake_s", "rounds"), [(15, 1), (16, 2), (45, 3), (180, 12), (3600, 12)])
def test_a_version_is_watched_as_long_as_is_said(bake_s: int, rounds: int) -> None:
    canary = Canary(calls={}, alarms=[], percent=10, bake_s=bake_s)
    states = states_of(canary)
    assert f"$rounds < {rounds}" in json.dumps(states["Judge"])
    assert bake_s <= states["Watch"]["Seconds"] * rounds < bake_s + rounds


def test_the_share_is_the_one_of_the_setting() -> None:
    assert "$version: 0.25 }" in json.dumps(states_of(Canary(calls={}, alarms=[], percent=25, bake_s=15))[SHARE])


def test_every_partition_of_aws_has_its_own_integrations() -> None:
    there = definition_of(Canary(calls={}, alarms=["any"], percent=1, bake_s=15, partition="aws-cn"))
    assert "arn:aws-cn:states:::lambda:invoke" in json.dumps(there)
    assert "arn:aws:" not in json.dumps(there)


def test_pulumi_leaves_all_that_the_machine_moves(states: dict[str, dict[str, Any]]) -> None:
    moved = {"FunctionVersion": "function_version", "RoutingConfig": "routing_config", "Description": "description"}
    changed = {key for state in states.values() for key in state.get("Arguments", {}) if key in moved}
    assert {moved[key] for key in changed} == set(MOVED_BY_OTHERS)
