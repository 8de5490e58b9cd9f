"""The keys of hashes: two versions of a secret are valid, so that it can be changed while it is in use.

A code and a token stand in the table as hashes alone. Without the key nobody who reads the table can try codes out.
"""

from __future__ import annotations

import hmac
import logging
import math
from typing import TYPE_CHECKING

from handlers.aws.sdk import ServiceError
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import boottime_s

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_S = 300.0  # then the versions are read again
# What is found under none of them lets them be read again, but not more often than this: so guesses cost two calls of
# Secrets Manager in as many seconds and sandbox. It is shorter than `pulumi up`, which brings a new key to the edge: a
# sandbox that has just read the key before would refuse the edge, and the gateway would keep that, for all visitors.
SETTLED_S = 5.0
RESTED_S = 60.0  # after a look that failed: each can take seconds of somebody's request
MOST_KEPT_S = 14_400.0  # while they are away: codes and sessions hold on, but a key that was given up does not for ever
ID_DIGITS = 32  # 128 bits of the hash

_log = logging.getLogger(__name__)


class Keys:
    """The versions of a secret, as one sandbox knows them. While they are away it goes by what it read last, for hours.

    Every method but `have_changed` raises Problem (503) where that is too old, or there is none.

    Args:
        read: returns them, the current one first. Raises ServiceError.
        clock: seconds that never go back.
    """

    def __init__(self, read: Callable[[], tuple[str, ...]], clock: Callable[[], float] = boottime_s) -> None:
        self._read = read
        self._clock = clock
        self._versions: tuple[str, ...] = ()
        self._read_s = -math.inf
        self._rests_until_s = -math.inf

    def versions(self) -> tuple[str, ...]:
        """Return those that are valid, the current one first."""
        if self._age_s() >= KEPT_S:
            self._look()
        if self._age_s() >= MOST_KEPT_S:
            raise unavailable("The keys that codes and sessions are found by are away", retry_after_s=2)
        return self._versions

    def have_changed(self) -> bool:
        """Tell whether others are valid by now. Asked where nothing was found, it looks every `SETTLED_S` at most."""
        before = self._versions
        if self._age_s() >= SETTLED_S:
            self._look()
        return self._versions != before

    def current_id(self, kind: str, text: str) -> str:
        """Return the id of something new."""
        return keyed_id(self.versions()[0], kind, text)

    def ids(self, kind: str, text: str) -> list[str]:
        """Return the ids that something can have, one for each version."""
        return [keyed_id(version, kind, text) for version in self.versions()]

    def _age_s(self) -> float:
        return self._clock() - self._read_s

    def _look(self) -> None:
        """Read them, and keep those that are known where that fails."""
        began_s = self._clock()
        if self._age_s() < MOST_KEPT_S and began_s < self._rests_until_s:
            return
        try:
            self._versions = self._read()
        except ServiceError as error:
            _log.error("the keys are away: %s", error)
            self._rests_until_s = self._clock() + RESTED_S
            return
        self._read_s = began_s


def keyed_id(key: str, kind: str, text: str) -> str:
    """Return the keyed hash of a code, a token or an address, by which it is found and named."""
    return hmac.digest(key.encode(), f"{kind}:{text}".encode("utf-8", "surrogatepass"), "sha256").hex()[:ID_DIGITS]
