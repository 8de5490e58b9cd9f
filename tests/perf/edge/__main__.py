"""What an edge keeps from the origin: `make bench-edge` prints the table. It needs nginx, and takes five minutes.

python -m tests.perf.edge [--seconds 10] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence

from tests.perf.edge.load import PAGES, Load, expected_share
from tests.perf.edge.offload import PUBLISH_S, Offload, measure_offload
from tests.perf.report import keep, markdown
from tests.perf.subjects.options import number_from, parser_of

AGES_S = (0, 1, 5)
LOADS = (
    *(Load(per_s, 1, 0.0) for per_s in (5, 50)),
    Load(50, 100, 0.0),
    *(Load(per_s, 1, 0.5) for per_s in (5, 50)),
    Load(50, 1, 1.0),
)


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = parser_of("edge")
    parser.add_argument("--seconds", type=number_from(1), default=10, help="of each load")
    return parser.parse_args()


def offload_table(found: Sequence[Offload]) -> str:
    """Return the shares that the origin did not see, by load and by age: of requests, and of bytes."""
    ages = sorted({each.max_age_s for each in found})
    lines: dict[str, list[str]] = {}
    for each in sorted(found, key=lambda it: it.max_age_s):
        lines.setdefault(each.load.text, []).append(
            f"{100 * each.requests_share:.0f} %; {100 * each.bytes_share:.0f} %"
        )
    head = ["of requests; of bytes the origin does not see", *(f"`SHARED_MAX_AGE_S={age}`" for age in ages)]
    return markdown(head, [[name, *cells] for name, cells in lines.items()])


def main() -> None:
    """Measure, keep the figures, and print them."""
    asked = arguments()
    with contextlib.redirect_stdout(sys.stderr):  # the function's lines
        found = [measure_offload(load, age_s, asked.seconds) for load in LOADS for age_s in AGES_S]
    figures = [
        each._asdict()
        | {
            "load": each.load._asdict(),
            "expected": [expected_share(each.load, each.max_age_s + more) for more in (0, 1)],
        }
        for each in found
    ]
    if asked.json:
        print(json.dumps(figures, indent=1))
    else:
        notes = (
            f"{PAGES} pages of 51 to 250 rows, the k-th of them asked for 1/k as often as the first; {asked.seconds:g} "
            f"s of each load from an empty cache, with a new row every {PUBLISH_S:g} s."
        )
        print(offload_table(found), notes, sep="\n\n")
    print(f"kept in {keep('edge', {'offload': figures})}", file=sys.stderr)


if __name__ == "__main__":
    main()
