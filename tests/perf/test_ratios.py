"""Benchmark runs are compared by their ratios."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.perf.ratios import main


def run_of(ours_s: float, plain_s: float) -> str:
    """A run of one pair, of one group that has no pair, and of one without kinds."""
    pair = [("read", {"kind": "ours"}, ours_s), ("read", {"kind": "plain"}, plain_s)]
    others = [("copy", {"kind": "ours"}, 1.0), ("steps", {"number": 1}, 1.0), ("whole", None, 1.0)]
    return json.dumps(
        {
            "benchmarks": [
                {"group": group, "params": kind, "stats": {"median": median_s}}
                for group, kind, median_s in pair + others
            ]
        }
    )


def test_the_last_saved_run_is_shown_by_its_ratios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "machine").mkdir()
    (tmp_path / "machine" / "0001_old.json").write_text(run_of(9.0, 1.0))
    (tmp_path / "machine" / "0002_new.json").write_text(run_of(1.0, 4.0))
    main([], tmp_path)
    assert capsys.readouterr().out.splitlines()[1:] == ["read       0.25"]


def test_a_run_is_shown_beside_the_last_saved_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "machine").mkdir()
    (tmp_path / "machine" / "0001_old.json").write_text(run_of(1.0, 4.0))
    (tmp_path / "run.json").write_text(run_of(3.0, 10.0))
    main([str(tmp_path / "run.json")], tmp_path)
    assert capsys.readouterr().out.splitlines()[1:] == ["read        0.3  was      0.25   +20.0%"]


def test_without_a_saved_run_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no run is saved here\nTry: make bench-code"):
        main([], tmp_path)
