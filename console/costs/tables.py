"""The output of `cost` for people: the bills side by side, and in words what is cheapest, until where, and why."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from console.costs.crossover import Crossing
from console.costs.levers import Lever
from console.costs.options.inputs import option
from console.costs.scenario import Origin
from console.costs.study import RANGES, Study, Swing, is_real_difference
from console.wording import joined, quantity, usd

LABELS: dict[Origin, str] = {
    "given": "Given",
    "measured": "Measured",
    "setting": "As the stack is set by default",
    "assumed": "Assumed",
}


def cost_table(found: Study) -> Table:
    """Return dollars a month by service and path."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_footer=True)
    table.add_column("USD a month", "sum", min_width=24)
    if found.is_elsewhere:
        table.title = f"at prices of {found.price_list.region}, while the stack is in {found.stack_region}"
    homes = found.assembled.scenario.homes
    for source in homes:
        total = usd(found.totals_usd[source]) if source in found.totals_usd else "cannot run"
        table.add_column(source, total, justify="right", min_width=12)
    for service in found.bills["ddb"]:
        amounts = [found.bills.get(source, {}).get(service) for source in homes]
        table.add_row(service, *(usd(amount) if amount else "-" for amount in amounts))
    return table


def work_table(found: Study) -> Table | None:
    """Return dollars a month by service of what nobody waits for; None where none of it is on."""
    on = {name: lines for name, lines in found.work.items() if lines}
    if not on:
        return None
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_footer=True)
    table.add_column("USD a month, on every path", "sum", min_width=27)
    for name, lines in on.items():
        table.add_column(name, usd(sum(lines.values())), justify="right", min_width=12)
    for service in dict.fromkeys(service for lines in on.values() for service in lines):
        amounts = [lines.get(service) for lines in on.values()]
        table.add_row(service, *(usd(amount) if amount else "-" for amount in amounts))
    return table


def lever_table(found: Sequence[Lever]) -> Table:
    """Return what each lever saves in a month, by path."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("USD a month saved by", min_width=24)
    table.add_column("shipped")
    for source in found[0].saved_usd:
        table.add_column(source, justify="right")
    for lever in found:
        table.add_row(lever.name, "yes" if lever.is_shipped else "no", *map(usd_saved, lever.saved_usd.values()))
    return table


def usd_saved(amount: float) -> str:
    """Return a saving as text; one of less than a cent has no sign."""
    return usd(amount) if amount > 0 else f"{amount:.2f}".removeprefix("-") if amount > -0.005 else f"{amount:.2f}"


def paragraphs(found: Study) -> list[str]:
    """Say the figures in words."""
    return [
        *filter(None, [impossible(found)]),
        _cheapest(found),
        _changes(found),
        _sensitivity(found.swings),
        *filter(None, [_database(found)]),
        *filter(None, (_values(found, origin, label) for origin, label in LABELS.items())),
        _prices(found),
    ]


def impossible(found: Study) -> str:
    """Say which paths cannot run and why; nothing where all can."""
    reasons = dict.fromkeys(found.cannot_run.values())
    paths = {
        reason: joined([source for source, its in found.cannot_run.items() if its == reason]) for reason in reasons
    }
    return " ".join(f"{sources} cannot run: {reason}." for reason, sources in paths.items())


def elsewhere(found: Study) -> str:
    """Say that the prices are not those of the stack's region; nothing where they are, or where that is not known."""
    if not found.is_elsewhere:
        return ""
    return f"These are prices of {found.price_list.region}, but the stack is in {found.stack_region}: use --prices."


def _cheapest(found: Study) -> str:
    """Name the cheapest, and those that nobody would choose it over for its price."""
    same = ", which cost the same" if len(found.cheapest) > 1 else ""
    least_usd = min(found.totals_usd.values())
    near = [
        f"{source} ({usd(total - least_usd)} USD more)"
        for source, total in found.totals_usd.items()
        if source not in found.cheapest and not is_real_difference(least_usd, total)
    ]
    return f"Cheapest: {joined(found.cheapest)}{same}{f'; no real difference to {joined(near)}' if near else ''}."


def _changes(found: Study) -> str:
    """Name each change of the cheapest, all else being as it is."""
    lines = [f"{RANGES[name].noun}: {_steps(crossings)}" for name, crossings in found.crossings.items() if crossings]
    unchanged = joined([RANGES[name].noun for name, crossings in found.crossings.items() if not crossings])
    said = "".join(f"\n  {line}" for line in lines)
    rest = f"\n  never by {unchanged} alone" if unchanged else ""
    return f"The cheapest path changes, all else being as it is{said and ', at'}{said}{rest}"


def _steps(crossings: Sequence[Crossing]) -> str:
    return "; ".join(f"{quantity(it.at)}, from {joined(it.below)} to {joined(it.above)}" for it in crossings)


def _database(found: Study) -> str:
    """Say what PostgreSQL costs whatever is read, and from how many reads on that is less than reading the ledger."""
    if not found.database:
        return ""
    fixed = ", ".join(f"{name} {usd(amount)}" for name, amount in found.database.items() if amount)
    reads = found.postgres_from
    below = "never cheaper than ddb by reads a month alone"
    if reads is not None:
        below = f"cheaper than ddb from {quantity(reads)} reads a month on" if reads else "always cheaper than ddb"
    return f"PostgreSQL: {usd(sum(found.database.values()))} USD a month whatever is read ({fixed}); {below}."


def _sensitivity(swings: Sequence[Swing]) -> str:
    if not swings:
        return "Nothing is assumed."
    most = swings[0]
    if most.changes_cheapest:
        return f"The assumption that matters most is {option(most.name)}: {_both_ways(most)}."
    return (
        "No assumption, halved or doubled, makes another path the cheapest; "
        f"{option(most.name)} moves its bill furthest, {usd(most.halved_usd)} to {usd(most.doubled_usd)} USD."
    )


def _both_ways(swing: Swing) -> str:
    halved, doubled = joined(swing.halved_cheapest), joined(swing.doubled_cheapest)
    if halved == doubled:
        return f"at {quantity(swing.halved)} or {quantity(swing.doubled)} {halved} is cheapest"
    return f"at {quantity(swing.halved)} {halved} is cheapest, at {quantity(swing.doubled)} {doubled}"


def _values(found: Study, origin: Origin, label: str) -> str:
    numbers = found.assembled.scenario.numbers()
    shown = [
        f"{option(name)} {numbers[name]:.12g}"
        if name in numbers
        else f"{option(name)} {found.assembled.scenario.choices()[name]}"
        for name, known in found.assembled.origins.items()
        if known == origin
    ]
    return f"{label}: {', '.join(shown)}." if shown else ""


def _prices(found: Study) -> str:
    known = found.price_list
    said = f"List prices of {known.region}, {known.date}, without free tiers; traffic, keys and backups are not in it."
    return " ".join(filter(None, [said, elsewhere(found)]))
