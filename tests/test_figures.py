"""The documents' sizes are those of the shipped rows: each statement is found by its words, and computed here.

KB and MB are powers of ten, KiB and MiB powers of two, a GB is AWS's: 2^30 bytes. With another data model change the
documents, or remove this file.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import fmean

import pytest

from console.costs import merges
from console.costs.merges import publish_bytes
from console.costs.row_size import TIME, random_row_bytes
from console.costs.scenario import Scenario
from handlers.aws.dynamodb import Deadline
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.snapshots.build import SegmentBuilder
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.perf.subjects.building import GeneratedLedger, insert
from tests.perf.subjects.measured_part import settings_of

ROOT = Path(__file__).parent.parent
DOCUMENTS = {
    str(path.relative_to(ROOT)): " ".join(path.read_text(encoding="utf-8").split())
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
}
BUILT_ROWS = 100_000  # and no more: beyond, a segment grows with its rows
COUNT = r"(\d[\d ,]*\d) rows"


class Built:
    """Segments of random rows of the shipped model, which are always the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built: dict[int, tuple[int, int]] = {}

    def size_bytes(self, rows: float) -> float:
        built = min(round(rows), BUILT_ROWS)
        return self._sizes(built)[0] * rows / built

    def text_bytes(self, rows: int) -> int:
        """Return the bytes of the rows' JSON texts in it."""
        return self._sizes(rows)[1]

    def _sizes(self, rows: int) -> tuple[int, int]:
        if rows not in self._built:
            random = Random(1)
            made = [MODEL.row_of(seq, f"{seq:026d}", MODEL.random_draft(random), TIME) for seq in range(1, rows + 1)]
            with closing(SegmentBuilder(str(self._folder / f"{rows}.db"), 1)) as builder:
                builder.add(made)
                builder.finish()
            self._built[rows] = Path(builder.path).stat().st_size, sum(map(len, MODEL.json_texts(made)))
        return self._built[rows]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("segments"))


def said(pattern: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Find a statement in all documents. Fails where none has it any more."""
    found = [(name, match) for name, text in DOCUMENTS.items() for match in re.finditer(pattern, text)]
    assert found, f"no document says: {pattern}"
    yield from found


def check(where: tuple[str, re.Match[str]], group: int, true: float) -> None:
    """Compare a number with the true one, to the last digit that is printed."""
    name, match = where
    printed = match[group]
    precision = 10.0 ** -len(printed.partition(".")[2])
    assert abs(number(printed) - true) <= precision / 2, f"{name}: “{match[0]}”: it is {true:.4g}"


def number(text: str) -> float:
    return float(text.replace(" ", "").replace(",", ""))


def test_a_snapshot_has_one_size_wherever_it_is_said(built: Built) -> None:
    for where in said(rf"(\d+(?:\.\d+)?) MB (?:at|with|for) {COUNT}"):
        check(where, 1, built.size_bytes(number(where[1][2])) / 1e6)


def test_the_demo_copies_the_snapshot_of_its_rows(built: Built) -> None:
    for where in said(rf"insert {COUNT} through the API.*?sqlite-tmp copies ([\d.]+) MB"):
        check(where, 2, built.size_bytes(number(where[1][1])) / 1e6)


def test_new_sandboxes_load_the_snapshot_of_the_example(built: Built) -> None:
    for where in said(r"a page of 100 rows of (\d[\d ,]*\d), .*?load the snapshot, ([\d.]+) MB here"):
        check(where, 2, built.size_bytes(number(where[1][1])) / 1e6)


def test_a_row_has_one_size(built: Built) -> None:
    for where in said(r"takes (\d+) bytes in DynamoDB and about (\d+) in a segment"):
        check(where, 1, random_row_bytes())
        check(where, 2, built.size_bytes(BUILT_ROWS) / BUILT_ROWS)


def test_so_many_rows_have_room(built: Built) -> None:
    """Lambda's MB of /tmp are MiB."""
    millions_a_mb = 2**20 / (built.size_bytes(BUILT_ROWS) / BUILT_ROWS) / 1e6
    for where in said(r"about ([\d.]+) million rows in the default (\d+) MB, ([\d.]+) million in the most"):
        check(where, 1, number(where[1][2]) * millions_a_mb)
        check(where, 3, 10_240 * millions_a_mb)


def test_the_texts_have_one_share_of_the_file(built: Built) -> None:
    for where in said(r"(\d+) % of the file"):
        check(where, 1, 100 * built.text_bytes(BUILT_ROWS) / built.size_bytes(BUILT_ROWS))


def test_a_page_has_one_size(built: Built) -> None:
    for where in said(r"a page is some (\d+) KB"):
        check(where, 1, (built.text_bytes(100) + 100) / 1000)


@pytest.fixture(scope="module")
def written_bytes(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """What each of 300 real publishes of one row writes, after a full build of more rows than they merge."""
    folder = tmp_path_factory.mktemp("publishes")
    (folder / "efs").mkdir()
    ledger = GeneratedLedger(3000)
    publisher = Publisher(ledger, Settings(settings_of(folder)))
    publisher.publish(ledger.head(Deadline()).bookmark, Usage())
    return [insert(publisher, ledger)[1] for _ in range(300)]


def test_the_first_publishes_after_a_full_build_write_what_is_said(written_bytes: list[int]) -> None:
    for where in said(r"(\d+) KB in the first (\d+) after a full build, (\d+) KB in the first (\d+)"):
        for group in (1, 3):
            check(where, group, fmean(written_bytes[: int(where[1][group + 1])]) / 1000)


def test_the_model_of_a_publish_is_what_publishes_write(
    written_bytes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the same publishes."""
    monkeypatch.setattr(merges, "MERGED_ROWS", len(written_bytes))
    monkeypatch.setattr(merges, "written_rows", inspect.unwrap(merges.written_rows))
    assert publish_bytes(Scenario(rows=BUILT_ROWS)) == pytest.approx(fmean(written_bytes), rel=0.02)


def test_a_publish_of_one_row_writes_the_same_wherever_it_is_said() -> None:
    """Whatever is "some … KB", and is no page and no row, is what the model says of such publishes in the long run."""
    for where in said(r"(?<!a page is )some (\d+(?:\.\d+)?) KB(?! a row)"):
        check(where, 1, publish_bytes(Scenario(rows=BUILT_ROWS)) / 1000)


def test_a_cold_start_loads_so_many_modules() -> None:
    """Those with code: a package's own is empty."""
    program = (
        "import sys, handlers.query; "
        "print(sum(name.startswith('handlers.') and not hasattr(it, '__path__') for name, it in sys.modules.items()))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    for where in said(r"loads (\d+) modules of its own"):
        check(where, 1, int(loaded.stdout))
