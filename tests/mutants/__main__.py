"""A random sample of mutations, and how many of them the tests notice: `make mutants`.

Not part of CI: a run of 100 takes about 20 minutes of two cores. What survives is a test that is missing, or is
listed with its reason in equivalent.toml, because nothing that could be tested has changed.
"""

from __future__ import annotations

import argparse
import itertools
import queue
import random
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing
from pathlib import Path

from tests.mutants.mutations import Mutation, mutations_of
from tests.mutants.trial import PARTS, ROOT, Outcome, Workshop, limit_what_is_used, stages

TEXT_WEIGHT = 0.25  # how much more rarely than all else a string is drawn
Key = tuple[str, str, str]


def main() -> None:
    """Run the command line."""
    options = _options()
    limit_what_is_used()
    known = equivalents()
    drawn = sample([*candidates(options.paths)], options.count, options.seed)
    left_out = [mutation for mutation in drawn if _key(mutation) in known]
    tried = [mutation for mutation in drawn if _key(mutation) not in known]
    with ExitStack() as stack:
        workshops = [stack.enter_context(closing(Workshop(options.limit_s))) for _ in range(options.jobs)]
        _check_unmutated(workshops[0], tried)
        outcomes = [*_progress(_outcomes(workshops, tried), len(tried))]
    _report(outcomes, len(left_out), options.seed)


def candidates(paths: Sequence[str]) -> Iterator[list[Mutation]]:
    """Yield the places that can be changed in these files and folders."""
    for path in paths:
        files = [ROOT / path] if path.endswith(".py") else sorted((ROOT / path).rglob("*.py"))
        for file in files:
            yield from mutations_of(str(file.relative_to(ROOT)), file.read_text())


def sample(places: Sequence[list[Mutation]], count: int, seed: int) -> list[Mutation]:
    """Draw so many places, and for each of them one change; the same for the same seed and sources."""
    chance = random.Random(seed)
    drawn = [chance.choice(place) for place in places]
    order = {mutation: chance.random() ** (1 / TEXT_WEIGHT if mutation.is_text else 1) for mutation in drawn}
    ordered = sorted(drawn, key=order.__getitem__, reverse=True)
    return [*itertools.islice((each for each in ordered if each.is_python((ROOT / each.file).read_text())), count)]


def equivalents() -> dict[Key, str]:
    """Return the mutations that change nothing that could be tested, and why."""
    listed = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text()).get("equivalent", [])
    return {(entry["file"], entry["before"], entry["after"]): entry["reason"] for entry in listed}


def _key(mutation: Mutation) -> Key:
    return mutation.file, mutation.before, mutation.after


def _check_unmutated(workshop: Workshop, mutations: list[Mutation]) -> None:
    """Tests that fail anyway would seem to notice everything."""
    _say("The tests have to pass without a mutation first.")
    nearest = {test for mutation in mutations for test in stages(mutation.file)[0]}
    if failure := workshop.failure(sorted(nearest)):
        sys.exit(f"Error: without a mutation this fails: {failure}\nTry: make test")


def _outcomes(workshops: list[Workshop], mutations: list[Mutation]) -> Iterator[Outcome]:
    """Try them in parallel, each in a free workshop."""
    free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
    for workshop in workshops:
        free.put(workshop)

    def try_out(mutation: Mutation) -> Outcome:
        workshop, began_s = free.get(), time.monotonic()
        try:
            return Outcome(mutation, workshop.try_out(mutation), time.monotonic() - began_s)
        finally:
            free.put(workshop)

    with ThreadPoolExecutor(len(workshops)) as pool:
        yield from (future.result() for future in as_completed([pool.submit(try_out, each) for each in mutations]))


def _progress(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    began_s = time.monotonic()
    for number, outcome in zip(itertools.count(1), outcomes, strict=False):
        left_s = (time.monotonic() - began_s) / number * (count - number)
        noticed = f"noticed by {outcome.noticed_by}" if outcome.noticed_by else "SURVIVES"
        place = f"{outcome.mutation.file}:{outcome.mutation.line}"
        _say(f"{number} of {count}, {left_s / 60:.0f} min left: {place} {noticed} ({outcome.seconds:.0f} s)")
        yield outcome


def _report(outcomes: list[Outcome], equivalent: int, seed: int) -> None:
    survivors = [outcome.mutation for outcome in outcomes if outcome.noticed_by is None]
    noticed = len(outcomes) - len(survivors)
    share = noticed / len(outcomes) if outcomes else 1.0
    print(f"{noticed} of {len(outcomes)} mutations are noticed ({share:.1%}); left out as equivalent: {equivalent}")
    for mutation in sorted(survivors, key=lambda mutation: (mutation.file, mutation.line)):
        print(f"\n{mutation.file}:{mutation.line}\n  {mutation.before}\n  {mutation.after}")
    print(f"\nSeed {seed}. Mend the tests, or list in tests/mutants/equivalent.toml what changes nothing.")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("paths", nargs="*", default=PARTS, help="files and folders to draw from (default: all code)")
    parser.add_argument("--count", type=int, default=100, help="how many mutations (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws others (default: 1)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (default: 2)")
    parser.add_argument("--limit-s", type=float, default=600, help="limit of one run of tests (default: 600)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
