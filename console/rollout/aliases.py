"""The alias `live` of a function: the version behind it, those before it, and moving it.

Lambda does not record what an alias pointed to. So whatever moves it writes that into its description: the versions
that were live before, the last one first, and the one that was taken back, if the last move was one back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from console.data.ledger import CREDENTIALS_HINT
from console.errors import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Generator

LIVE = "live"
DESCRIPTION, NOT, BEFORE = "The version that is called", "not: ", "before: "
MOST_BEFORE = 20  # a description has 256 characters at most


@dataclass(frozen=True)
class Alias:
    """An alias as it is now.

    Attributes:
        version: the one that is called.
        shares: of the calls that another version gets, by its number, from 0 to 1.
        before: versions that were live before, the last one first.
        taken_back: a version that was live and was taken back by hand.
        revision: Lambda's word for this state of the alias.
    """

    version: int
    shares: Mapping[int, float]
    before: Sequence[int]
    taken_back: int | None
    revision: str


def make_client(service: str, region: str | None) -> Any:  # noqa: ANN401 - its types are not known here
    """Return boto3's client of a service."""
    import boto3  # noqa: PLC0415 - a tenth of a second that only some verbs pay

    return cast("Any", boto3).client(service, region_name=region)


@contextmanager
def explain_errors() -> Generator[None]:
    """Raise what AWS and its client complain about as a ConsoleError."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with boto3

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ConsoleError(f"AWS: {error}", f"see that the function's name is right, and {CREDENTIALS_HINT}") from error


class Aliases:
    """The aliases `live` behind a client of Lambda."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3's
        self._client = client

    def versions(self, function: str) -> list[int]:
        """Return the versions that are there, in order."""
        pages = self._client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        names: list[str] = [each["Version"] for page in pages for each in page["Versions"]]
        return sorted(int(name) for name in names if name.isdigit())

    def get(self, function: str) -> Alias:
        """Return the alias of a function."""
        found: dict[str, Any] = self._client.get_alias(FunctionName=function, Name=LIVE)
        weights: dict[str, float] = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        description: str = found.get("Description", "")
        return Alias(
            version=int(found["FunctionVersion"]),
            shares={int(version): share for version, share in weights.items()},
            before=_numbers(description, BEFORE),
            taken_back=next(iter(_numbers(description, NOT)), None),
            revision=found["RevisionId"],
        )

    def end_shares(self, function: str, alias: Alias) -> None:
        """Give the version that is called all calls. Raises ConsoleError where the alias was moved meanwhile."""
        self._update(function, alias, {})

    def move(self, function: str, alias: Alias, version: int) -> None:
        """Give a version all calls, by hand. Raises ConsoleError where the alias was moved meanwhile."""
        before = _before(alias, version)
        left = max([alias.version, *alias.shares])
        taken_back = f"; {NOT}{left}" if version < left else ""
        listed = f"; {BEFORE}{' '.join(map(str, before[:MOST_BEFORE]))}" if before else ""
        change = {"FunctionVersion": str(version), "Description": f"{DESCRIPTION}{taken_back}{listed}"}
        self._update(function, alias, change)

    def _update(self, function: str, alias: Alias, change: Mapping[str, str]) -> None:
        try:
            self._client.update_alias(
                FunctionName=function,
                Name=LIVE,
                RevisionId=alias.revision,
                RoutingConfig={"AdditionalVersionWeights": {}},
                **change,
            )
        except self._client.exceptions.PreconditionFailedException as error:
            raise ConsoleError(
                f"{function}: somebody else has just moved the alias", "the same command again"
            ) from error


def version_before(alias: Alias, versions: Sequence[int]) -> int | None:
    """Return the version to go back to: the last one that was live, else the one published before; None: there is none.

    Where a share is given to another version, that is the one to leave. None of them is one that was taken back.
    """
    if alias.shares:
        return alias.version
    good = [version for version in versions if version not in (alias.version, alias.taken_back)]
    known = [version for version in alias.before if version in good]
    lower = [version for version in good if version < alias.version]
    return next(iter(known), max(lower, default=None))


def _before(alias: Alias, version: int) -> Sequence[int]:
    """Return what was live before a version that the alias is moved to by hand."""
    if version > alias.version:
        return [alias.version, *alias.before]
    if version in alias.before:
        return alias.before[alias.before.index(version) + 1 :]
    return [each for each in alias.before if each < version]


def _numbers(description: str, mark: str) -> tuple[int, ...]:
    """Return the numbers behind a mark."""
    found = re.search(rf"{mark}([\d ]+)", description)
    return tuple(map(int, found[1].split())) if found else ()
