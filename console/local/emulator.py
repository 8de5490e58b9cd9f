"""ministack, the local stand-in for DynamoDB, as a child process.

Its data is in memory. It can be kept in a file from one clean stop to the next start; after any other end it is gone,
and the account is empty. The emulator listens on loopback only, has all its other files in a folder of its own, and
ends with its parent.
"""

from __future__ import annotations

import http.client
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Self, TextIO

from console.client.retry import Retry
from console.errors import ConsoleError
from console.local import process
from console.local.process import HOST, hold_free_port

REGION = "local"  # what a function here says of itself: none of AWS's own
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
_POLL_S = 0.04  # at most
_PROBE_S = 1.0
_LAST_LINES = 5
_TABLES = "dynamodb.json"  # the file that the emulator saves its tables in, whole or not at all
_KEEPING_S = 120.0  # longer to load or to save them: a million rows take half a minute


class Emulator:
    """One emulated AWS account: starts with the object, is ready after `wait`, ends with `stop` or `with`.

    Args:
        folder: for its files and its log.
        port: where it listens; 0 takes a free port.
        start_timeout_s: how long it may take until DynamoDB answers.
        kept: the file that holds the tables while no emulator runs, and is empty while one does; None keeps nothing.
    """

    def __init__(self, folder: Path, *, port: int = 0, start_timeout_s: float = 30.0, kept: Path | None = None) -> None:
        self._folder = folder
        self._kept = kept
        self._keeping_s = _KEEPING_S if kept else 0.0
        self._log = folder / "emulator.log"
        free_port, self._holding = hold_free_port()
        self._port = port or free_port
        self._start_timeout_s = start_timeout_s + self._keeping_s
        self._state = self._make_state()
        self._process = self._launch()

    @property
    def url(self) -> str:
        """The endpoint of every emulated service."""
        return f"http://{HOST}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead boto3 to this emulator."""
        return {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            **CREDENTIALS,
        }

    def __enter__(self) -> Self:
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self) -> None:
        """Return when DynamoDB answers.

        Raises:
            ConsoleError: the process has ended, or does not answer in time; with the last it printed.
        """
        retry = Retry(self._start_timeout_s, _POLL_S)
        while not self._answers():
            if self._process.poll() is not None:
                raise self._failure("ended before it answered")
            if not retry.pause():
                raise self._failure(f"did not answer within {self._start_timeout_s:g} s")
        self._forget()

    def check(self) -> None:
        """Raises ConsoleError if the process has ended: its data is gone with it."""
        if self._process.poll() is not None:
            raise self._failure("has ended")

    def stop(self) -> None:
        """End the process; returns when it is gone and its data is kept."""
        with self._process, self._holding:
            process.end(self._process, self._keeping_s)
        if self._kept and self._saved.exists():
            self._saved.replace(self._kept)

    @property
    def _saved(self) -> Path:
        return self._state / _TABLES

    def _make_state(self) -> Path:
        """Make a folder for what is saved, with what was kept. It is new: an orphan may still be writing to its own."""
        self._folder.mkdir(parents=True, exist_ok=True)
        state = Path(tempfile.mkdtemp(prefix="state-", dir=self._folder))
        if self._kept and self._kept.exists() and self._kept.stat().st_size:
            shutil.copyfile(self._kept, state / _TABLES)
        return state

    def _forget(self) -> None:
        """Empty what was loaded: after another end than a clean stop it must not come back beside newer snapshots."""
        if self._kept:
            self._saved.unlink(missing_ok=True)
            self._kept.write_bytes(b"")

    def _launch(self) -> subprocess.Popen[bytes]:
        temporary = self._folder / "tmp"
        temporary.mkdir(exist_ok=True)
        environ = {
            "GATEWAY_PORT": str(self._port),
            "BIND_HOST": HOST,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "STATE_DIR": str(self._state),
            "PERSIST_STATE": "1" if self._kept else "0",
            "TMPDIR": str(temporary),
            **CREDENTIALS,  # those that it takes in a presigned address
        }
        with self._log.open("wb") as log:
            return process.spawn("console.local.emulator", environ=environ, stdin=subprocess.PIPE, output=log.fileno())

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=_PROBE_S)
        try:
            connection.request("POST", "/", "{}", {"X-Amz-Target": "DynamoDB_20120810.ListTables"})
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _failure(self, what: str) -> ConsoleError:
        last = self._log.read_text(errors="replace").split("\n")[-_LAST_LINES:]
        printed = " / ".join(line.strip() for line in last if line.strip())
        return ConsoleError(f"the emulator on {self.url} {what}: {printed or 'it printed nothing'}", f"cat {self._log}")


def main() -> None:
    """Run ministack in this process, and end with the parent."""
    threading.Thread(target=_follow_parent, daemon=True).start()
    json.dump = _dump  # in this process alone
    runpy.run_module("ministack", run_name="__main__")


def _dump(content: object, file: TextIO, **options: Any) -> None:  # noqa: ANN401 - whatever json.dumps takes
    """Write JSON by the encoder in C: `json.dump` takes the one in Python, and four times as long to save a table."""
    file.write(json.dumps(content, **options))


def _follow_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    process.end_this_process()


if __name__ == "__main__":
    main()
