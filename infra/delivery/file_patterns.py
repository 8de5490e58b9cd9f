"""The files whose change starts a pipeline, as patterns. Pure.

CodePipeline takes 8 patterns of 255 characters at most, in which `{a,b}` is either, `*` stays in a folder and `**` does
not (source: docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html). So files become folders: a change of
a file beside those of a function may start its pipeline, which then finds nothing to do. Nothing is excluded: whether a
commit with an excluded file and one that counts starts a pipeline is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_PATTERNS, MOST_CHARACTERS = 8, 255


def patterns_of(files: Iterable[str], whole: Sequence[str] = (), more: Sequence[str] = ()) -> list[str]:
    """Return patterns that match all of these paths. Raises ValueError where CodePipeline would not take them.

    A file right in a folder of the root stands for itself; one deeper down for all of its room, the first two parts of
    its path.

    Args:
        whole: folders of the root of which every file counts, those too that come later.
        more: patterns of files in the root.
    """
    alone: dict[str, set[str]] = {}
    rooms: dict[str, set[str]] = {}
    for file in files:
        folder, room, *rest = file.split("/")
        (rooms if rest else alone).setdefault(folder, set()).add(room)
    patterns = [*more, *([_any(sorted(whole)) + "/**"] if whole else [])]
    patterns += [_in(parent, names, "") for parent, names in sorted(alone.items()) if parent not in whole]
    patterns += [_in(parent, names, "/**") for parent, names in sorted(rooms.items()) if parent not in whole]
    if len(patterns) > MOST_PATTERNS or any(len(pattern) > MOST_CHARACTERS for pattern in patterns):
        raise ValueError(f"too many or too long: {patterns}")
    return patterns


def _in(parent: str, names: Iterable[str], end: str) -> str:
    return f"{parent}/{_any(sorted(names))}{end}"


def _any(either: Sequence[str]) -> str:
    return either[0] if len(either) == 1 else f"{{{','.join(either)}}}"
