"""A function behind the gateway."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Target:
    """A function that the gateway calls through an alias."""

    function_name: pulumi.Input[str]
    alias_name: pulumi.Input[str]
    invoke_arn: pulumi.Input[str]
