from __future__ import annotations

import socket
from pathlib import Path

import pytest

from console.paths import LOCAL_DIR
from console.verbs.serve import folder_note
from tests.console.conftest import RunConsole


def test_a_second_serve_on_the_port_says_so(run_console: RunConsole, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ran = run_console("serve", "--port", port, "--local-dir", str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        "Try: stop what listens there, or choose another port with --port\n"
    )


@pytest.mark.parametrize("folder", [LOCAL_DIR, LOCAL_DIR.absolute()])
def test_the_folder_where_verbs_look_needs_no_word(folder: Path) -> None:
    assert folder_note(folder) == ""


def test_another_one_is_named_to_be_exported(tmp_path: Path) -> None:
    assert folder_note(tmp_path / "a b") == f"for the other verbs: export LOCAL_DIR='{tmp_path / 'a b'}'"
