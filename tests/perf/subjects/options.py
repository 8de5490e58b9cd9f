"""The options of the benches: a wrong one is named with what is allowed, before anything is measured."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def parser_of(bench: str) -> argparse.ArgumentParser:
    """Return a bench's parser, which has `--json`."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.perf.{bench}", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser


def integer_from(least: int) -> Callable[[str], int]:
    """Return the type of an option that is an integer of this or more."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"got {text}, allowed: an integer of {least} or more")
        return int(text)

    return parse


def number_from(least: float) -> Callable[[str], float]:
    """Return the type of an option that is a number of this or more."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not least <= number < float("inf"):
            raise argparse.ArgumentTypeError(f"got {text}, allowed: a number of {least:g} or more")
        return number

    return parse


def sizes(text: str) -> list[int]:
    """Return the type of an option that is a list of numbers of rows."""
    return [integer_from(100)(part) for part in text.split(",")]
