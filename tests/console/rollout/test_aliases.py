from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from console.errors import ConsoleError
from console.rollout.aliases import (
    BEFORE,
    DESCRIPTION,
    LIVE,
    MOST_BEFORE,
    Alias,
    Aliases,
    explain_errors,
    version_before,
)
from infra.compute import function
from infra.rollout import definition
from tests.support.local.versions import Versioned, client, quick_emulator


@pytest.fixture(scope="module", autouse=True)
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with quick_emulator(tmp_path_factory.mktemp("account")):
        yield


@pytest.fixture(scope="module")
def shop(account: None) -> Versioned:
    """A function with five versions."""
    made = Versioned("shop")
    for _ in range(4):
        made.publish()
    return made


def alias(
    version: int,
    before: Sequence[int] = (),
    *,
    shares: Mapping[int, float] | None = None,
    taken_back: int | None = None,
) -> Alias:
    return Alias(version, shares or {}, before, taken_back, "revision")


def test_the_words_are_those_of_the_state_machine_and_of_pulumi() -> None:
    assert (LIVE, DESCRIPTION) == (function.LIVE, function.ALIAS_DESCRIPTION)
    assert (BEFORE, MOST_BEFORE) == (definition.BEFORE, definition.MOST_BEFORE)


@pytest.mark.parametrize(
    ("given", "version"),
    [
        pytest.param(alias(7, [5, 3]), 5, id="the last one that was live, and not one that never was"),
        pytest.param(alias(7, [6, 3]), 3, id="one that is deleted is passed over"),
        pytest.param(
            alias(5, [5, 7, 3], taken_back=7), 3, id="so is one that was taken back, and the one that is live"
        ),
        pytest.param(alias(7), 5, id="where nothing is known, the one that was published before"),
        pytest.param(alias(7, taken_back=5), 3, id="and not one that was taken back"),
        pytest.param(alias(5, [3], shares={7: 0.1}), 5, id="with divided calls, the one that has most of them"),
        pytest.param(alias(1), None, id="nothing before the first"),
    ],
)
def test_the_version_before_is_the_one_that_was_live(given: Alias, version: int | None) -> None:
    assert version_before(given, [1, 3, 5, 7]) == version


def test_an_alias_is_read_as_it_is(shop: Versioned) -> None:
    shop.point(1, {"2": 0.1})
    found = Aliases(client("lambda")).get("shop")
    assert (found.version, found.shares, found.before, found.taken_back) == (1, {2: 0.1}, (), None)
    assert Aliases(client("lambda")).versions("shop") == [1, 2, 3, 4, 5]


def test_moves_by_hand_are_written_down_and_two_go_two_back(shop: Versioned) -> None:
    aliases = Aliases(client("lambda"))
    shop.aws.update_alias(FunctionName="shop", Name="live", FunctionVersion="5", Description="any; before: 3 1")
    told: list[tuple[int, str]] = []
    for version in (3, 1, 4, 3, 2):
        aliases.move("shop", aliases.get("shop"), version)
        told.append((shop.live()[0], shop.alias()["Description"].removeprefix(DESCRIPTION)))
    assert told == [
        (3, "; not: 5; before: 1"),
        (1, "; not: 3"),
        (4, "; before: 1"),
        (3, "; not: 4; before: 1"),
        (2, "; not: 3; before: 1"),
    ]


def test_a_version_that_was_taken_back_is_not_gone_back_to_from_a_newer_one(shop: Versioned) -> None:
    """As with all-at-once: 1 is live, 2 is taken back, Pulumi moves the alias to 3 and leaves the description."""
    aliases = Aliases(client("lambda"))
    shop.aws.update_alias(FunctionName="shop", Name="live", FunctionVersion="2", Description=DESCRIPTION)
    seen: list[int] = []
    for pulumis in (2, 3):
        shop.aws.update_alias(FunctionName="shop", Name="live", FunctionVersion=str(pulumis))
        now = aliases.get("shop")
        version = version_before(now, [number for number in (1, 2, 3) if number <= pulumis])
        assert version is not None
        aliases.move("shop", now, version)
        seen.append(version)
    assert (seen, aliases.get("shop").taken_back) == ([1, 1], 3)


def test_divided_calls_end_with_either_version(shop: Versioned) -> None:
    aliases = Aliases(client("lambda"))
    shop.point(4, {"5": 0.1})
    aliases.end_shares("shop", aliases.get("shop"))
    assert shop.live() == (4, {})
    shop.point(4, {"5": 0.1})
    aliases.move("shop", aliases.get("shop"), 4)
    assert (shop.live(), aliases.get("shop").taken_back) == ((4, {}), 5)


def test_an_alias_that_was_moved_meanwhile_is_left_alone(shop: Versioned) -> None:
    aliases = Aliases(client("lambda"))
    seen = aliases.get("shop")
    shop.point(1)
    with pytest.raises(ConsoleError, match="shop: somebody else has just moved the alias"):
        aliases.move("shop", seen, 2)
    assert shop.live() == (1, {})


def test_what_aws_says_is_an_error_with_a_hint() -> None:
    with pytest.raises(ConsoleError, match=r"AWS: .*ResourceNotFoundException") as error, explain_errors():
        Aliases(client("lambda")).get("nothing")
    assert "the function's name" in error.value.hint
