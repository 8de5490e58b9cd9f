from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.local.stack import listen
from tests.support.local import web
from tests.support.local.processes import children, gone
from tests.support.local.toy_stack import toy_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    before = children()
    with BackgroundStack(toy_stack(tmp_path_factory.mktemp("local"))) as stack:
        yield stack
    assert children() <= before


@pytest.fixture
def own_children() -> None:
    """The module's stack runs from one test to the next: its fixture looks, in place of the usual one."""


def test_requests_reach_the_function_of_their_route(stack: BackgroundStack) -> None:
    command = web.post(f"{stack.url}/insert/who").json()
    query = web.get(f"{stack.url}/who").json()
    assert Path(command["tmp_dir"]).name.startswith("command-")
    assert Path(query["tmp_dir"]).name.startswith("query-")


def test_the_functions_see_the_stacks_environment(stack: BackgroundStack) -> None:
    environ = web.get(f"{stack.url}/environ").json()
    assert stack.environment.items() <= environ.items()
    assert environ["CHECK_INTERVAL_MS"] == "7"
    assert environ["TABLE_NAME"] == "lambda-sqlite"
    assert Path(environ["EFS_DIR"]).is_dir()
    assert Path(environ["EFS_DIR"]).parent == Path(environ["TMP_DIR"]).parent.parent


def test_a_failing_handler_shows_no_internals(stack: BackgroundStack) -> None:
    answer = web.get(f"{stack.url}/fail")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_a_sandbox_that_dies_costs_one_answer(stack: BackgroundStack) -> None:
    assert web.get(f"{stack.url}/die").status_code == 500
    assert web.get(f"{stack.url}/who").status_code == 200


def test_after_recycle_the_next_request_is_a_cold_start(stack: BackgroundStack) -> None:
    before = {web.post(f"{stack.url}/insert/who").json()["pid"], web.get(f"{stack.url}/who").json()["pid"]}
    stack.recycle()
    assert all(gone(pid) for pid in before)
    assert web.get(f"{stack.url}/who").json()["calls"] == 1


def test_a_changed_environment_is_that_of_the_next_sandboxes(stack: BackgroundStack) -> None:
    before = stack.environment["TABLE_NAME"]
    stack.configure({"TABLE_NAME": "another"})
    assert stack.environment["TABLE_NAME"] == web.get(f"{stack.url}/environ").json()["TABLE_NAME"] == "another"
    stack.configure({"TABLE_NAME": before})


def test_answers_do_not_wait_for_delayed_acknowledgements() -> None:
    with closing(listen(0)) as listener, closing(socket.create_connection(listener.getsockname())):
        accepted, _ = listener.accept()
        with closing(accepted):
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_second_stack_on_the_port_is_refused(stack: BackgroundStack, tmp_path: Path) -> None:
    port = int(stack.url.rpartition(":")[2])
    with pytest.raises(ConsoleError, match=rf"^cannot listen on 127.0.0.1:{port}: Address already in use$") as error:
        BackgroundStack(toy_stack(tmp_path, port=port)).start()
    assert "--port" in error.value.hint


def test_a_second_stack_in_the_folder_is_refused(stack: BackgroundStack) -> None:
    folder = Path(stack.environment["EFS_DIR"]).parent
    with pytest.raises(ConsoleError, match=r"is in use by another local stack$") as error:
        BackgroundStack(toy_stack(folder)).start()
    assert "--local-dir" in error.value.hint
    assert web.get(f"{stack.url}/who").status_code == 200
