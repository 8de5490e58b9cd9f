"""SIGKILL at every call that changes something: a real process, which does nothing more from there on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from handlers.ledger.transaction import ROWS_PER_TRANSACTION
from tests.faults.calls.kinds import deaths_of
from tests.faults.calls.operations import JOBS, READS, WRITES, Operation
from tests.faults.calls.rules import check_healed, check_retried, check_run_again, check_seen
from tests.faults.calls.stage import Stage
from tests.support.files import names_in

CHANGING = {
    **{name: operation for name, operation in WRITES.items() if name != "a publish of nothing"},
    **{name: JOBS[name] for name in ("a batch", "maintenance that verifies")},
    **{name: READS[name] for name in ("a page of sqlite-tmp, cold", "a page of sqlite-tmp, large, warm")},
}


@pytest.mark.parametrize("name", CHANGING)
def test_killed_at_any_call_readers_see_a_prefix_and_the_next_process_goes_on(
    make_stage: Callable[[Operation], Stage], name: str
) -> None:
    stage = make_stage(CHANGING[name])
    operation = stage.operation
    deaths = list(deaths_of(stage.calls()))
    assert deaths
    for death in deaths:
        with stage.play() as play:
            try:
                play.ask_killed(death)
                added = len(play.scene.ids()) - len(play.ids)
                assert added in {0, operation.rows, min(operation.rows, ROWS_PER_TRANSACTION)}
                check_seen(play)
                if operation.has_key:
                    check_retried(play, None)
                if name in JOBS:
                    check_run_again(play)
                check_healed(play)
                assert len(names_in(play.api.tmp / "snapshots")) <= len(play.scene.names("snapshots"))
            except BaseException as error:
                error.add_note(f"{name}: {death}")
                raise
