"""The exceptions that a person at the terminal gets to see: what went wrong, and what to do about it."""

from __future__ import annotations

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


class ConsoleError(Exception):
    """Something that the user can put right; printed as `Error: message` and `Try: hint`.

    Args:
        message: what went wrong, with the value that was at fault.
        hint: what to do about it.
        code: the program's exit code.

    Attributes:
        status: of the answer that refused what was asked; 0: there was none.
        problem: the kind that the API itself named in that answer; empty where it was not the API's, or none.
        retry_after_s: how long that answer asks to wait; 0 where it does not say.
    """

    status = 0
    problem = ""
    retry_after_s = 0.0

    def __init__(self, message: str, hint: str, code: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


class NotDoneError(ConsoleError):
    """A request that failed, of which nothing was done: any other that failed may have been carried out."""
