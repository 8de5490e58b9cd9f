from __future__ import annotations

import dataclasses
import re
import string

from hypothesis import given
from hypothesis import strategies as st

from infra.naming import STACK_TAGS, Naming

PART = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=20)
STACK = st.from_regex(r"[a-z][a-z0-9-]{0,23}", fullmatch=True)


def of(stack: str, project: str = "lambda-sqlite") -> Naming:
    return Naming(project=project, stack=stack, stage="dev")


@given(STACK)
def test_names_fit_where_they_are_used(stack: str) -> None:
    for part in ("command", "query", "ledger", "flow", "key", "api"):
        assert re.fullmatch(r"[A-Za-z0-9_-]{3,64}", of(stack).name(part))  # a function's and a role's name
        assert re.fullmatch(r"[\w.#/-]{1,512}", of(stack).vended_log_group(part))


@given(STACK, STACK, st.sampled_from(["command", "query"]))
def test_two_stacks_share_no_name(one: str, other: str, part: str) -> None:
    names = {of(stack).name(part) for stack in (one, other)} | {of(stack).log_group(part) for stack in (one, other)}
    assert len(names) == 2 * len({one, other})


@given(STACK, PART)
def test_tags_name_the_part_and_its_stack(stack: str, part: str) -> None:
    tags = of(stack).tags(part)
    assert tags["Name"] == of(stack).name(part)
    assert tags["Stack"] == stack
    assert all(len(value) <= 256 for value in tags.values())


@given(STACK, st.dictionaries(st.sampled_from(["Team", "Stage", "Name"]), st.just("mine")))
def test_the_owners_tags_are_added_and_override_none(stack: str, owner_tags: dict[str, str]) -> None:
    plain, tagged = of(stack).tags("api"), dataclasses.replace(of(stack), owner_tags=owner_tags).tags("api")
    assert tagged == owner_tags | plain
    assert set(plain) == {*STACK_TAGS}
