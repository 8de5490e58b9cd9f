"""Where an operation is played again and again, from the same state of things."""

from __future__ import annotations

import math
import os
import shutil
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.reads.ddb import LedgerReader
from handlers.reads.fresh import FreshReader
from tests.faults.calls.kinds import LATE, LATER, Fault
from tests.faults.calls.operations import SMALL, Operation
from tests.faults.calls.outside import Call, Outside
from tests.faults.calls.scene import ON_FILES, Scene, Seen, seen_by
from tests.faults.calls.table import MemoryTable
from tests.support.api import Answer
from tests.support.files import in_child
from tests.support.meddling import Clock

NOW_S = 1_700_000_000.25
MOST_CALLS = 600  # three times as many as the longest operation makes


class Stage:
    """The state of things that an operation finds, made once.

    Args:
        folder: an empty one.
        operation: the operation.
        patch: for what is different on a stage.
    """

    def __init__(self, folder: Path, operation: Operation, outside: Outside, patch: pytest.MonkeyPatch) -> None:
        self.operation = operation
        self.outside = outside
        self.state = operation.state
        self.clock = Clock(NOW_S)
        self._patch = patch
        self._folder = folder
        self._scenes = 0
        for name, value in {**SMALL, **self.state.patches}.items():
            patch.setattr(name, value)
        patch.setattr("gc.freeze", lambda: None)  # what is frozen is never collected
        patch.setattr("handlers.reads.sqlite_efs.LISTING_LIMIT_S", math.inf)  # no thread, which takes its time
        patch.setattr(Deadline.__init__, "__defaults__", (self.clock, self.clock.sleep, Deadline.LIMIT_S))
        patch.setattr(LedgerReader.__init__, "__defaults__", (self.clock, self.clock.sleep))
        patch.setattr(FreshReader.__init__, "__defaults__", (self.clock, self.clock.sleep, self.clock))
        self._model = self._scene(MemoryTable())
        self.state.build(self._model)
        self.published = self._model.point()
        if not operation.is_warm:
            self.state.then(self._model)

    @property
    def is_even(self) -> bool:
        return self._scenes % 2 == 0

    @contextmanager
    def play(self) -> Generator[Play]:
        """Set the scene anew."""
        scene = self._scene(self._model.table.copy())
        shutil.copytree(self._model.efs, scene.efs, copy_function=os.link, dirs_exist_ok=True)
        self.clock.now_s = NOW_S + 3600
        yield Play(self, scene)
        shutil.rmtree(scene.folder, ignore_errors=True)

    def calls(self) -> list[Call]:
        """Return the calls that the operation makes where nothing fails."""
        with self.play() as play, self.outside.watched(play.scene.folder) as calls:
            play.ask()
        return calls

    def _scene(self, table: MemoryTable) -> Scene:
        def of_any_region(_region: str) -> MemoryTable:
            return table

        self._scenes += 1
        self._patch.setattr("handlers.reads.ddb.make_client", of_any_region)
        return Scene(self._folder / str(self._scenes), table, self.clock, self.state.environ)


class Play:
    """One run of the operation.

    Attributes:
        api: the sandboxes that are asked; warm or not.
        others: warm ones beside them, where something is written.
        warm_path: on which the others read; from run to run it is another one.
        cold_path: the other one, on which a new sandbox does.
        seen: what the others saw before.
        files: what the file system had before.
        calls: what was called, once it was asked.
    """

    def __init__(self, stage: Stage, scene: Scene) -> None:
        self.operation = stage.operation
        self.stage = stage
        self.scene = scene
        self.calls: list[Call] = []
        self.api = scene.sandbox()
        self.others = scene.sandbox() if self.operation.is_write else self.api
        self.warm_path, self.cold_path = ON_FILES if stage.is_even else ON_FILES[::-1]
        self.seen = seen_by(self.others, self.warm_path) if self.operation.is_write else Seen(503)
        if self.operation.is_warm:
            self.operation.warm_up(self.api)
            stage.state.then(scene)
        self.files = scene.files()
        self.texts = scene.texts()
        self.ids = scene.ids()
        self.head = scene.head()

    def ask(self) -> Answer:
        points = (self.stage.published, self.head.bookmark) if self.head else ()
        return self.operation.ask(self.api, self.ids[0] if self.ids else "", points)

    def ask_struck(self, fault: Fault) -> Answer:
        with self.stage.outside.watched(self.scene.folder, fault) as self.calls:
            answer = self.ask()
        assert fault.has_struck
        assert len(self.calls) <= MOST_CALLS, "there is no end to it"
        LATE.land()
        if not self.operation.has_key:
            LATER.land()
        return answer

    def ask_killed(self, fault: Fault) -> None:
        """Ask in a process that is killed; what the table has got by then stays. A new process takes its place."""
        table, journal = self.scene.table, self.scene.folder / "journal"
        journal.touch()
        table.journal = journal
        assert in_child(lambda: self.ask_struck(fault)) == -signal.SIGKILL
        table.journal = None
        table.take_over(journal)
        self.api = self.scene.sandbox(self.api.tmp)
