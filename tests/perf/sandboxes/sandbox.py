"""One execution environment as Lambda has it: a process under AWS's runtime client, fed by a Runtime API here.

A call is timed from the event's first byte to the answer's last one. This process stays on one core and the sandbox on
another, where there are two and the system can pin.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

RUNTIME = "/2018-06-01/runtime/"
NEXT, RESPONSE = f"{RUNTIME}invocation/next", "/response"
PATIENCE_S = 60.0
LIMIT_S = 30.0  # until the deadline that an event has
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
EVENT = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-{:012d}\r\nLambda-Runtime-Deadline-Ms: {}\r\n"
    "Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Sampled=0\r\n"
    "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:bench\r\n"
    "Content-Length: {}\r\n\r\n"
)


class SandboxFailed(Exception):  # noqa: N818 - what happened, in Lambda's words
    """The process ended, or what it told the Runtime API is an error."""


class Heard(NamedTuple):
    """A request of the runtime client."""

    connection: socket.socket
    path: str
    body: bytes


def cores() -> tuple[set[int], set[int]]:
    """Return this process's core and the sandboxes'; nothing where cores cannot be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    allowed = sorted(os.sched_getaffinity(0))
    return {allowed[0]}, {allowed[1 % len(allowed)]}


@contextmanager
def pinned(chosen: set[int]) -> Generator[None]:
    """Keep this thread, and the processes that it starts meanwhile, on these cores; none: on all of them."""
    if not chosen:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Sandbox:
    """A process and its Runtime API. Close it.

    Args:
        command: what runs in it.
        folder: the function's archive, unpacked.
        environ: all of the process's environment but the Runtime API's address.
        log: the file for what the process prints.
        core: where it runs; nothing: anywhere.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path, core: set[int]
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._readers: dict[socket.socket, BufferedReader] = {}
        self._log = log
        self._number = 0
        address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        with log.open("wb") as output, pinned(core):
            self._started_ns = time.perf_counter_ns()
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**environ, "AWS_LAMBDA_RUNTIME_API": address},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._waiting: socket.socket | None = None

    def start(self) -> float:
        """Wait until it asks for its first event. Returns milliseconds since the process was started."""
        self._waiting = self._next()
        return (time.perf_counter_ns() - self._started_ns) / 1e6

    def invoke(self, event: bytes) -> tuple[float, bytes]:
        """Give an event to the handler. Returns microseconds and the answer. Raises SandboxFailed."""
        self._number += 1
        deadline_ms = int((time.time() + LIMIT_S) * 1000)
        sent = EVENT.format(self._number, deadline_ms, len(event)).encode() + event
        waiting = self._waiting or self._next()
        start_ns = time.perf_counter_ns()
        waiting.sendall(sent)
        told = self._expect(lambda path: path.endswith(RESPONSE))
        spent_us = (time.perf_counter_ns() - start_ns) / 1000
        told.connection.sendall(ACCEPTED)
        self._waiting = self._next()
        return spent_us, told.body

    def ask(self, event: bytes) -> dict[str, object]:
        """Return the handler's answer to an event. Raises SandboxFailed."""
        return json.loads(self.invoke(event)[1])

    def cpu_s(self) -> float:
        """Return how much of the processor it has used, to a hundredth of a second."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """Return the most memory that the process has held."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    def close(self) -> float:
        """End the process. Returns how much of the processor it has used in all its life, in milliseconds."""
        os.kill(self._process.pid, signal.SIGKILL)  # nothing has asked for its end yet, so the number is still its own
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        for connection, reader in self._readers.items():
            reader.close()
            connection.close()
        self._listener.close()
        return (used.ru_utime + used.ru_stime) * 1000

    def _next(self) -> socket.socket:
        """Wait until it asks for an event. Returns the connection that the event goes to."""
        return self._expect(lambda path: path == NEXT).connection

    def _expect(self, wanted: Callable[[str], bool]) -> Heard:
        heard = self._heard()
        if not wanted(heard.path):
            raise SandboxFailed(f"{heard.path}: {heard.body.decode()}")
        return heard

    def _ready(self) -> list[socket.socket]:
        """Return the sockets with something to read, after a moment at most; `select` takes no descriptor over 1023."""
        sockets = {each.fileno(): each for each in (self._listener, *self._readers)}
        poll = select.poll()
        for descriptor in sockets:
            poll.register(descriptor, select.POLLIN)
        return [sockets[descriptor] for descriptor, _ in poll.poll(50)]

    def _heard(self) -> Heard:
        """Wait for the runtime client's next request."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            ready = self._ready()
            if not ready and self._has_ended():
                break
            for connection in ready:
                if connection is self._listener:
                    self._accept()
                elif line := self._readers[connection].readline():
                    return self._read(connection, line)
                else:
                    self._readers.pop(connection).close()
                    connection.close()
        raise SandboxFailed(f"no request came: {self._log.read_text(errors='replace')[-2000:]}")

    def _has_ended(self) -> bool:
        """Tell whether the process has ended, and leave what it used to `close`."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(PATIENCE_S)
        self._readers[connection] = connection.makefile("rb")

    def _read(self, connection: socket.socket, line: bytes) -> Heard:
        """Read the rest of a request; the runtime client says how long its bodies are."""
        reader, length = self._readers[connection], 0
        while (header := reader.readline().strip()) != b"":
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return Heard(connection, line.split(b" ")[1].decode(), reader.read(length))
