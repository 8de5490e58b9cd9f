from __future__ import annotations

import socket
from pathlib import Path

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
