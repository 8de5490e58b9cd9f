"""Typed reads of configuration, and the one sentence for a value that cannot be used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import cast

import pulumi


class ConfigError(pulumi.RunError):
    """The configuration cannot be used; Pulumi shows the message and no traceback."""

    def __init__(self, key: str, got: object, allowed: str) -> None:
        super().__init__(f"{key}: got {got!r}, allowed: {allowed}")


class TypedConfig:
    """Typed reads of one bag of configuration; each raises ConfigError for a value that cannot be used."""

    def __init__(self, bag: str) -> None:
        self._config = pulumi.Config(bag)

    def fail(self, key: str, got: object, allowed: str) -> ConfigError:
        """Return the error for a value of this bag."""
        return ConfigError(self._config.full_key(key), got, allowed)

    def text(self, key: str, allowed: str, accepts: Callable[[str], object]) -> str:
        """Return a text that `accepts` finds good."""
        value = self._config.get(key)
        if value is None or not accepts(value):
            raise self.fail(key, value, allowed)
        return value

    def matching(self, key: str, pattern: str, allowed: str) -> str:
        """Return a text of this pattern, or an empty one."""
        return self.text(key, f"{allowed}, or nothing", lambda value: not value or re.fullmatch(pattern, value))

    def choice(self, key: str, *values: str) -> str:
        """Return one of these texts."""
        return self.text(key, " or ".join(values), values.__contains__)

    def flag(self, key: str) -> bool:
        """Return whether the value is true; it may be false."""
        return self.choice(key, "true", "false") == "true"

    def integer(self, key: str, minimum: int, maximum: int, special: int | None = None) -> int:
        """Return an integer of this range, or the special one."""
        allowed = f"an integer from {minimum} to {maximum}" + ("" if special is None else f", or {special}")
        text = self.text(key, allowed, lambda value: re.fullmatch(r"-?[0-9]{1,15}", value))
        if int(text) != special and not minimum <= int(text) <= maximum:
            raise self.fail(key, int(text), allowed)
        return int(text)

    def texts(self, key: str, pattern: str, allowed: str) -> tuple[str, ...]:
        """Return a list of different texts of this pattern."""
        value = self._config.get(key)
        try:
            items = json.loads(value or "")
        except ValueError:
            items = None
        if not isinstance(items, list):
            raise self.fail(key, value, f"a list of {allowed}")
        texts = [str(item) for item in cast("list[object]", items)]
        if len({*texts}) < len(texts) or not all(re.fullmatch(pattern, text) for text in texts):
            raise self.fail(key, texts, f"a list of {allowed}, each once")
        return tuple(texts)
