"""The state machine that rolls one version of one function out. Pure: from names and numbers to a definition.

An execution gets `{"function": NAME, "version": NUMBER}`. Its steps:

    test the new version → a share of the calls → watch, test again, alarms, errors: so many rounds → all calls

Whatever goes wrong on the way leads to `Look at the alias again`, and from there back. The machine has no time limit of
its own, since that would end it wherever it is, with the calls still divided; each of its tasks has one. `RevisionId`
has an update refused where somebody else has moved the alias meanwhile; the way back does not insist on it.

An execution goes back on its own share alone. It knows it by having got AWS's answer or, where that was lost, by a mark
that it leaves in the alias's description with the share: the end of its name, which has the time in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from infra.compute.function import ALIAS_DESCRIPTION, LIVE
from infra.machines.language import State, jsonata, machine_of
from infra.rollout.calls import TrialCall
from infra.rollout.tasks import (
    BACK,
    MANY_RETRIES,
    ask_aws,
    count_errors,
    find_ringing,
    look_at_alias,
    make_calls,
    move_alias,
    turn_back,
)

ROUND_S = 15  # at least, between two looks at a version that has a share
MOST_ROUNDS = 12  # each is some 120 events, and an execution may have 25 000
MOST_ERRORS_PERCENT = 1  # of the new version's own calls
BEFORE = "before: "  # in the alias's description: the versions that were live before, the last one first
MOST_BEFORE = 20  # a description has 256 characters at most
MARK = "; share by "  # in the alias's description while there is a share: whose
MARK_CHARACTERS = 24
LIVE_STATE, TEST, SHARE, NOT_LIVE = (
    *("The new version is live", "Test the new version", "Give it a share of the calls", "The old version stays"),
)
ONE_VERSION: State = {"AdditionalVersionWeights": {}}


@dataclass(frozen=True, kw_only=True)
class Canary:
    """The differences between two machines.

    Args:
        calls: the test of each function, by its name.
        alarms: names of CloudWatch alarms that turn a version back; those that ring beforehand do not.
        percent: the share of calls that the new version gets at first.
        bake_s: how long it is watched with that share.
        own_metrics: whether the functions tell CloudWatch of their errors.
        partition: of AWS, as its ARNs have it.
    """

    calls: Mapping[str, Sequence[TrialCall]]
    alarms: Sequence[str]
    percent: int
    bake_s: int
    own_metrics: bool = False
    partition: str = "aws"


def definition_of(canary: Canary) -> dict[str, object]:
    """Return the definition in Amazon States Language."""
    states = {**_begin(canary), **_watch(canary), **_end(), **_go_back()}
    comment = "Move an alias to a new version by a share first, or leave it where it is"
    return machine_of(comment, "Read the order", states, canary.partition)


def _begin(canary: Canary) -> dict[str, State]:
    """Return the states up to the share; before the last of them nothing is changed."""
    order = {"name": jsonata("$states.input.function"), "version": jsonata("$string($states.input.version)")}
    tests = {function: [call.to_item() for call in calls] for function, calls in canary.calls.items()}
    calls = jsonata("$lookup($tests, $name)")
    share = jsonata(f"{{ $version: {canary.percent / 100} }}")
    known = {"calls": calls, "rounds": 0, "is_mine": False, "mark": jsonata(MY_MARK)}
    return {
        "Read the order": {"Type": "Pass", "Assign": {**order, "tests": tests}, "Next": "Find its test"},
        "Find its test": {"Type": "Pass", "Assign": known, "Next": "Look at the alias"},
        "Look at the alias": look_at_alias(MARK, Next="Is there anything to do"),
        "Is there anything to do": {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata("$old = $version"), "Next": LIVE_STATE}],
            "Default": "See which alarms ring" if canary.alarms else TEST,
        },
        **(find_ringing("See which alarms ring", canary.alarms, "rang", TEST) if canary.alarms else {}),
        TEST: make_calls(SHARE),
        SHARE: move_alias(
            {
                "FunctionVersion": jsonata("$old"),
                "RoutingConfig": {"AdditionalVersionWeights": share},
                "Description": jsonata("$was & $mark"),
            },
            Assign={
                "revision": jsonata("$states.result.RevisionId"),
                "since": jsonata("$now()"),
                "is_mine": True,
            },
            Next="Watch",
        ),
    }


def _watch(canary: Canary) -> dict[str, State]:
    """Return the states of a round."""
    rounds = min(ceil(canary.bake_s / ROUND_S), MOST_ROUNDS)
    judged = "See whether an alarm rings" if canary.alarms else "Count its errors"
    return {
        "Watch": {
            "Type": "Wait",
            "Seconds": ceil(canary.bake_s / rounds),
            "Assign": {"rounds": jsonata("$rounds + 1")},
            "Next": "Test it again",
        },
        "Test it again": make_calls(judged),
        **(find_ringing(judged, canary.alarms, "ringing", "Count its errors") if canary.alarms else {}),
        "Count its errors": count_errors(own=canary.own_metrics),
        "Judge": {
            "Type": "Choice",
            "Choices": [
                *([turn_back("$count($ringing[$not($ in $rang)]) > 0", RINGS)] if canary.alarms else []),
                turn_back(f"$errors * 100 > $invocations * {MOST_ERRORS_PERCENT}", FAILS),
                {"Condition": jsonata(f"$rounds < {rounds}"), "Next": "Watch"},
            ],
            "Default": "Give it all calls",
        },
    }


MY_MARK = f"'{MARK}' & $substring($states.context.Execution.Name, -{MARK_CHARACTERS})"
RINGS = "'alarms ring that did not before: ' & $join($ringing[$not($ in $rang)], ', ')"
FAILS = "$errors & ' errors in its ' & $invocations & ' calls'"


def _end() -> dict[str, State]:
    """Return the last step, which writes down what was live before."""
    earlier = f"$contains($was, '{BEFORE}') ? $split($substringAfter($was, '{BEFORE}'), ' ') : []"
    newest = f"$join($append([$old], {earlier})[[0..{MOST_BEFORE - 1}]], ' ')"
    return {
        "Give it all calls": move_alias(
            {
                "FunctionVersion": jsonata("$version"),
                "RoutingConfig": ONE_VERSION,
                "Description": jsonata(f"'{ALIAS_DESCRIPTION}; {BEFORE}' & {newest}"),
            },
            Next=LIVE_STATE,
        ),
        LIVE_STATE: {"Type": "Succeed"},
    }


def _go_back() -> dict[str, State]:
    """Return the way back: to the old version where this execution has given the new one a share, and else nowhere.

    Where nothing was changed yet, or somebody else has moved the alias, or given the share, it stays as it is. Where it
    is at the new version after all, an answer of AWS got lost, or another execution was faster. Where it cannot be
    read, a share that was surely given is taken back unseen.
    """
    weights = "$states.result.RoutingConfig.AdditionalVersionWeights"
    mine = "($is_mine or $contains($states.result.Description & '', $mark))"
    seen = {
        "is_shared": jsonata(f"$exists($lookup({weights}, $version)) and {mine}"),
        "is_live": jsonata("$states.result.FunctionVersion = $version"),
    }
    unseen = {"is_shared": jsonata("$is_mine"), "is_live": False}
    back: State = {
        "FunctionVersion": jsonata("$old"),
        "RoutingConfig": ONE_VERSION,
        "Description": jsonata("$was"),
    }
    return {
        BACK: {
            **ask_aws("lambda:getAlias", {"FunctionName": jsonata("$name"), "Name": LIVE}, MANY_RETRIES),
            "Assign": seen,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": unseen, "Next": "Is it to go back"}],
            "Next": "Is it to go back",
        },
        "Is it to go back": {
            "Type": "Choice",
            "Choices": [
                {"Condition": jsonata("$is_shared"), "Next": "Go back"},
                {"Condition": jsonata("$is_live"), "Next": LIVE_STATE},
            ],
            "Default": NOT_LIVE,
        },
        "Go back": {
            **ask_aws("lambda:updateAlias", {"FunctionName": jsonata("$name"), "Name": LIVE, **back}, MANY_RETRIES),
            "Next": NOT_LIVE,
        },
        NOT_LIVE: {"Type": "Fail", "Error": "NotLive", "Cause": jsonata("$substring($reason, 0, 4000)")},
    }
