"""A listing that may hang: it goes on in a thread of its own while its caller answers with what it has."""

from __future__ import annotations

from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.snapshots.catalog import Name

    Entries = list[tuple[Name, int]]


class Listing:
    """One listing, begun.

    Args:
        look: lists; what it raises is kept for `outcome`.
        begun_s: what time it is, for whoever asks how long it has been going on.
    """

    def __init__(self, look: Callable[[], Entries], begun_s: float) -> None:
        self.begun_s = begun_s
        self._look = look
        self._found: Entries = []
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def is_over(self, limit_s: float) -> bool:
        """Wait so long at most. Returns whether there is an outcome."""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def outcome(self) -> Entries:
        """Return what was found, or raise what `look` raised."""
        if self._error is not None:
            raise self._error
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._look()
        except Exception as error:  # noqa: BLE001 - raised where it is asked for
            self._error = error
