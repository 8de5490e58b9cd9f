"""The outcome of a soak, in numbers, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from console.data.inside import Inside
from console.data.verification import Verification
from console.soak.promises import Promises
from handlers.domain.percentiles import nearest_rank

MOST_SHOWN = 20
PERCENTS = (50, 99, 100)


@dataclass(frozen=True)
class Soaked:
    """The outcome.

    Attributes:
        done: how often a sandbox was killed or frozen, and the ledger went back.
        greatest_lag_s: the age of the oldest unpublished row that was seen.
        healed_in_s: how long after the last act everything was published, by nobody's asking; None: it was not.
        files: how many segments the snapshot has in the end.
        paths: all rows of each path, held against the snapshot.
        inside: the whole ledger and every segment.
    """

    promises: Promises
    done: dict[str, int]
    greatest_lag_s: float
    healed_in_s: float | None
    files: int
    paths: Verification
    inside: Inside


def faults_of(soaked: Soaked) -> list[str]:
    """Return what is wrong, in words; nothing where every promise was kept."""
    faults = list(soaked.promises.defects)
    if soaked.healed_in_s is None:
        faults.append("not everything was published in the end")
    faults += [f"{path.source} is not what the snapshot says" for path in soaked.paths.paths if not path.is_right]
    if not soaked.inside["is_right"]:
        faults.append(str(soaked.inside["fault"]))
    return faults


def content_of(soaked: Soaked) -> dict[str, object]:
    """Return the outcome for other programs."""
    promises, faults = soaked.promises, faults_of(soaked)
    return {
        "inserts": len(promises.acknowledged),
        "rows_acknowledged": sum(len(insert.ids) for insert in promises.acknowledged),
        "inserts_never_answered": promises.unanswered,
        "answers": dict(sorted(promises.answers.items())),
        "violence": soaked.done,
        "latency_ms": {method: _percentiles(values) for method, values in promises.latencies_ms.items()},
        "greatest_lag_s": soaked.greatest_lag_s,
        "healed_in_s": soaked.healed_in_s,
        "bookmark": soaked.paths.bookmark,
        "files": soaked.files,
        "promises_checked": promises.checks,
        "promises_broken": len(faults),
        "broken": faults[:MOST_SHOWN],
    }


def _percentiles(values_ms: list[float]) -> dict[str, float]:
    ranked = sorted(values_ms)
    return {f"p{percent}": round(nearest_rank(ranked, percent), 1) for percent in PERCENTS}
