"""The table is whole: whatever the code of jobs calls outside is made here, where each such call fails in turn."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.faults.calls.outside import ROOT, Site
from tests.faults.calls.test_sites import calls_in
from tests.faults.jobs.test_killed import FILE
from tests.faults.jobs.test_telling import ORDERED
from tests.faults.jobs.world import MAKERS, MakeWorld

FILES = ("jobs/*.py", *(f"aws/{name}.py" for name in MAKERS if name != "objects"))  # the lake's tests have its own
# Nothing is sent for an address; a rebuild's steps are the projector's, and have tests of their own.
NOT_MADE = {Site("aws/bucket.py", "Bucket.allow_upload", "generate_presigned_url")}


def test_each_call_that_stands_in_the_code_is_made_to_fail(make_world: MakeWorld) -> None:
    world = make_world()
    world.start_import(FILE, has_sha256=True)
    world.jobs().save(ORDERED, world.clock.deadline())
    made = {call.site for call in world.run()}
    assert set(sites()) - made == NOT_MADE


def sites() -> Iterator[Site]:
    """Yield every place in this code that calls a service."""
    for path in (path for pattern in FILES for path in Path(ROOT).glob(pattern)):
        for function, call in calls_in(ast.parse(path.read_text()), ""):
            owner, _, name = ast.unparse(call.func).rpartition(".")
            if owner.endswith("_client"):
                method = ".".join(function.split(".")[:2])  # without a function within it
                yield Site(str(path.relative_to(ROOT)), method, name)
