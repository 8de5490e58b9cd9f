"""The table is whole: whatever in the code calls the file system, SQLite or DynamoDB fails in some operation."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.calls.kinds import faults_of
from tests.faults.calls.operations import JOBS, READS, WRITES, Operation
from tests.faults.calls.outside import ROOT, STATEMENTS, Site
from tests.faults.calls.stage import Stage

ROOMS = ("", "api", "gateway", "upkeep", "events", "ledger", "reads", "snapshots")  # "": the functions themselves
NO_CALLS = {"os.path.join", "os.path.dirname", "os.strerror"}
WITHIN = {"os.path.isdir": "stat", "os.makedirs": "mkdir"}  # what a function of the library calls
IN_NO_OPERATION = {
    # for the console alone
    ("ledger/branch.py", "left_heads"),
    # where columns replace others alone: read as the meta row before it is
    ("snapshots/segment.py", "_replaced_hash"),
    # statistics as of an earlier point, and pages longer than an answer may be: read as other pages are
    ("reads/sqlite_view.py", "_stats_upto"),
    ("reads/sqlite_view.py", "SqliteView._long_page"),
}
BY_THE_WAY = {  # called by functions of the library, or by a name of their own
    Site("aws/dynamodb.py", "transact", "transact_write_items"),
    Site("snapshots/files.py", "empty_folder", "stat"),
    Site("snapshots/retention.py", "sweep", "stat"),
}
COPYING = "a page of sqlite-tmp, cold"


def test_each_call_that_stands_in_the_code_is_made_to_fail(make_stage: Callable[[Operation], Stage]) -> None:
    made: set[Site] = set()
    for operation in (WRITES | JOBS | READS).values():
        made |= {call.site for call in make_stage(operation).calls()}
    stage = make_stage(READS[COPYING])
    for fault in faults_of(stage.calls()):  # some calls are made only once another one has failed
        with stage.play() as play:
            play.ask_struck(fault)
            made |= {call.site for call in play.calls}
    standing = set(sites())
    assert {(site.file, site.function) for site in standing - made} == IN_NO_OPERATION
    assert made - standing <= BY_THE_WAY


def sites() -> Iterator[Site]:
    """Yield every place in the code that calls the outside."""
    for room in ROOMS:
        for path in Path(ROOT, room).glob("*.py"):
            for function, call in calls_in(ast.parse(path.read_text()), ""):
                if name := called(ast.unparse(call.func)):
                    yield Site(str(path.relative_to(ROOT)), function, name)


def calls_in(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls in a tree, each with the function or method around it."""
    for child in ast.iter_child_nodes(node):
        inner = function
        if isinstance(child, ast.ClassDef) or (isinstance(child, ast.FunctionDef) and not function[:1].islower()):
            inner = f"{function}.{child.name}".removeprefix(".")
        if isinstance(child, ast.Call):
            yield inner, child
        yield from calls_in(child, inner)


def called(text: str) -> str:
    """Return the name of the call to the outside that an expression makes; "" where it makes none."""
    if text in NO_CALLS:
        return ""
    if text in WITHIN:
        return WITHIN[text]
    owner, _, name = text.rpartition(".")
    is_ours = owner == "os" or owner.endswith("client") or (owner, name) == ("sqlite3", "connect")
    return name if is_ours or name in STATEMENTS else ""
