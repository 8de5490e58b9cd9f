"""Shrinking: the smallest part of a plan that still fails, found by leaving out one thing after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.simulation.plan import Operation, Plan

Fails = Callable[[Plan], bool]


def shrunk(plan: Plan, fails: Fails) -> Plan:
    """Return a plan that fails too, and does not any more without any one of its operations or faults."""
    before = None
    while plan != before:
        before = plan
        plan = _fewer_faults(_fewer_operations(plan, fails), fails)
    return plan


def _fewer_operations(plan: Plan, fails: Fails) -> Plan:
    """Leave out half of the operations, then quarters, and at last single ones."""
    size = max(1, len(plan.operations) // 2)
    while True:
        for left_out in _parts(plan.operations, size):
            smaller = plan.without(left_out)
            if fails(smaller):
                plan = smaller
        if size == 1:
            return plan
        size //= 2


def _parts(operations: tuple[Operation, ...], size: int) -> list[set[Operation]]:
    """Return the operations in parts, the last ones first: these others depend on least."""
    last_first = operations[::-1]
    return [set(last_first[start : start + size]) for start in range(0, len(last_first), size)]


def _fewer_faults(plan: Plan, fails: Fails) -> Plan:
    for operation in plan.operations:
        kept = operation
        for fault in operation.faults:
            fewer = tuple(each for each in kept.faults if each != fault)
            smaller = plan.with_faults(kept, fewer)
            if fails(smaller):
                plan, kept = smaller, replace(kept, faults=fewer)
    return plan
