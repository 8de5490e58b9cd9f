from __future__ import annotations

import re

import pytest
from rich.table import Table

from console import terminal

DATA = "arn:aws:x:secret:sql :smile: [red]7[/red]"


@pytest.mark.parametrize("make", [terminal.results, terminal.messages])
def test_nobody_watching_gets_plain_text_of_one_width(
    make: type, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    console = make()
    console.print("[bold]7[/bold] " + "word " * 30)
    shown = "".join(capsys.readouterr())
    assert shown.startswith("[bold]7[/bold] word")
    assert 90 < len(shown.splitlines()[0]) <= 100
    assert "\x1b" not in shown


@pytest.mark.parametrize("make", [terminal.results, terminal.messages])
def test_data_stays_as_it_is(make: type, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(DATA, title=DATA)
    table.add_row(DATA)
    make().print(DATA, table, sep="\n")
    assert "".join(capsys.readouterr()).count(DATA) == 4


def test_so_it_does_in_what_shows_that_something_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    with terminal.progress(DATA, 4000, unit=DATA) as advance:
        advance(3000)
    assert shown_bits(capsys).count(DATA) >= 2
    with terminal.follow() as show:
        show(DATA, 1, 2, DATA)
    assert shown_bits(capsys).count(DATA) >= 2
    with terminal.Steps(terminal.messages())(DATA):
        pass
    assert shown_bits(capsys).count(DATA) == 2


def shown_bits(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was shown without its colours."""
    return re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", capsys.readouterr().err)


def test_results_and_messages_go_different_ways(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.results().print("one")
    terminal.messages().print("two")
    assert capsys.readouterr() == ("one\n", "two\n")


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("300", 100)])
def test_a_terminal_is_not_used_wider_than_readable(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal.results().width == width


def test_progress_without_a_terminal_is_lines_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress("load", 4000, interval_s=0.0) as advance:
        advance(1000)
        advance(1000)
    with terminal.progress("quiet", 4000) as advance:
        advance(1000)
    with terminal.progress("bench", 9, interval_s=0.0, unit="requests") as advance:
        advance(3)
    out, err = capsys.readouterr()
    assert out == ""
    first, second, third = err.splitlines()
    assert re.fullmatch(r"load: 1,000 of 4,000 rows, [\d,]+ rows/s, \d+ s to go", first)
    assert second.startswith("load: 2,000 of 4,000 rows, ")
    assert re.fullmatch(r"bench: 3 of 9 requests, [\d,]+ requests/s, \d+ s to go", third)


def test_progress_that_begins_anew_says_nothing_until_something_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress("upload", 4000, interval_s=0.0, unit="bytes") as advance:
        advance(0)
        advance(1000)
        advance(-1000)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("upload: 1,000 of 4,000 bytes, ")


def test_progress_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with terminal.progress("load", 4000) as advance:
        advance(3000)
    out, err = capsys.readouterr()
    plain = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", err)
    assert out == ""
    assert "3000/4000" in plain
    assert "rows/s" in plain


def test_a_bar_that_is_not_kept_goes_with_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with terminal.progress("load", 4000, is_kept=False) as advance:
        advance(4000)
    assert capsys.readouterr().err.endswith("\x1b[2K")  # the line is erased


def test_what_others_do_is_a_line_now_and_then_and_with_each_title(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.follow(interval_s=0.0) as show:
        show("check", 1, 2, "1 of 2")
        show("check", 2, 2, "2 of 2")
    with terminal.follow(interval_s=1e6) as show:
        show("waiting", 0, 0, "")
        show("append", 1, 2, "1 of 2")
        show("append", 2, 2, "2 of 2")
    assert capsys.readouterr() == ("", "check: 1 of 2\ncheck: 2 of 2\nwaiting\nappend: 1 of 2\n")


def test_what_others_do_is_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with terminal.follow() as show:
        show("append", 0, 0, "nobody knows")
        show("append", 3000, 4000, "3,000 of 4,000 rows")
    out, err = capsys.readouterr()
    assert out == ""
    assert "3,000 of 4,000 rows" in err


def test_a_step_is_a_line_with_its_time_and_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    steps = terminal.Steps(terminal.results())
    with steps("start, somehow"):
        pass
    with steps("load 4,000 rows, in batches", 4000) as advance:
        advance(4000)
        steps.note("all in")
    out, err = capsys.readouterr()
    assert err == ""
    first, second = out.splitlines()
    assert re.fullmatch(r" +\d\.\d s  start, somehow", first)
    assert re.fullmatch(r" +\d\.\d s  load 4,000 rows, in batches: all in", second)


def test_a_step_says_how_far_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "STEP_INTERVAL_S", 0.0)
    with terminal.Steps(terminal.results())("load 4,000 rows, in batches", 4000) as advance:
        advance(1000)
    assert capsys.readouterr().err.startswith("         load 4,000 rows: 1,000 of 4,000 rows, ")


def test_a_step_that_cannot_be_counted_shows_a_terminal_that_it_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with terminal.Steps(terminal.results())("start"):
        pass
    assert capsys.readouterr().out.count("start") == 2
