from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest

from console.client.client import Client
from console.client.failures import unreachable
from console.errors import ConsoleError


@pytest.fixture
def plain_port() -> Iterator[int]:
    """A port of this machine on which somebody answers once, without TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def failure(url: str) -> ConsoleError:
    with Client(url) as client, pytest.raises(ConsoleError, match="does not answer: ") as error:
        client.get("/")
    return error.value


def test_https_where_nobody_speaks_tls(plain_port: int) -> None:
    assert "is it http:// instead?" in failure(f"https://127.0.0.1:{plain_port}").hint


def test_a_host_that_does_not_exist() -> None:
    assert "check the host's name" in failure("https://no-such-host.invalid").hint


def caused_by(cause: Exception) -> httpx.ConnectError:
    error = httpx.ConnectError(str(cause))
    error.__cause__ = cause
    return error


def test_a_certificate_that_is_not_trusted() -> None:
    error = unreachable("https://api.example", caused_by(ssl.SSLCertVerificationError(1, "certificate verify failed")))
    assert str(error) == "https://api.example does not answer: certificate verify failed"
    assert "SSL_CERT_FILE" in error.hint


@pytest.mark.parametrize(("url", "is_here"), [("http://localhost:1", True), ("https://api.example", False)])
def test_only_who_asks_this_machine_is_told_to_start_a_stack_here(url: str, is_here: bool) -> None:
    hint = unreachable(url, caused_by(ConnectionRefusedError("refused"))).hint
    assert ("make serve" in hint) is is_here
    assert ("set LOCAL_DIR to its folder" in hint) is is_here
    assert ("pulumi stack output" in hint) is not is_here


def test_a_failure_without_words_is_named_by_its_kind() -> None:
    assert (
        str(unreachable("http://localhost", httpx.ReadTimeout(""))) == "http://localhost does not answer: ReadTimeout"
    )
