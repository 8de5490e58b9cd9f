"""Every call that leaves the process fails in turn, in every way that makes sense for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.calls.kinds import faults_of
from tests.faults.calls.operations import JOBS, READS, WRITES, Operation
from tests.faults.calls.rules import CHECKS, check_healed, check_read_on, check_retried, check_run_again, check_seen
from tests.faults.calls.stage import Stage


@pytest.mark.parametrize("name", [*WRITES, *JOBS, *READS])
def test_the_client_hears_the_truth_readers_see_a_prefix_and_the_next_publish_heals(
    make_stage: Callable[[Operation], Stage], name: str
) -> None:
    stage = make_stage((WRITES | JOBS | READS)[name])
    operation = stage.operation
    for fault in faults_of(stage.calls()):
        with stage.play() as play:
            try:
                answer = play.ask_struck(fault)
                CHECKS[operation.kind](play, fault, answer)
                if name in READS:
                    check_read_on(play, fault)
                    continue
                check_seen(play)
                if operation.has_key:
                    check_retried(play, answer)
                if name in JOBS:
                    check_run_again(play)
                check_healed(play)
            except BaseException as error:
                error.add_note(f"{name}: {fault}")
                raise
