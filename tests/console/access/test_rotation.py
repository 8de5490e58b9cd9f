from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.access import rotation
from console.access.rotation import KeyPlace, find_key, rotate
from console.errors import ConsoleError
from console.local.account.clients import make_clients
from console.local.emulator import Emulator

ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:key-abc"


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, object]:
    """The outputs of the stack; there is no local stack."""
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    said: dict[str, object] = {}

    def ask(_: str) -> dict[str, object]:
        return said

    monkeypatch.setattr(rotation, "stack_outputs", ask)
    return said


def leave_environment(folder: Path, **variables: str) -> None:
    lines = [f"export {name}={value}\n" for name, value in variables.items()]
    (folder / "environment").write_text("".join(lines))


@pytest.mark.parametrize(("which", "output"), [("session", "session_key_arn"), ("edge", "edge_key_arn")])
def test_a_key_is_the_stacks(outputs: dict[str, object], which: str, output: str) -> None:
    outputs |= {output: ARN, "distribution_id": "E2"}
    place = find_key(which, "prod")
    assert (place.which, place.arn, place.environ["AWS_REGION"]) == (which, ARN, "eu-west-3")
    handed = ("E2", "pulumi up --stack prod") if which == "edge" else ("", "")
    assert (place.distribution, place.next_step) == handed


def test_the_selected_stack_is_brought_up_without_its_name(outputs: dict[str, object]) -> None:
    outputs |= {"edge_key_arn": ARN, "distribution_id": "E2"}
    assert find_key("edge", "").next_step == "pulumi up"


@pytest.mark.usefixtures("outputs")
def test_without_a_stack_it_is_the_local_stacks(tmp_path: Path) -> None:
    leave_environment(tmp_path, SESSION_KEY_ARN=ARN, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    place = find_key("session", "")
    assert (place.arn, place.environ["AWS_ENDPOINT_URL"]) == (ARN, "http://127.0.0.1:1")


@pytest.mark.parametrize(("stack", "others"), [("prod", {}), ("", {"api_url": "https://api"}), ("", {})])
def test_a_stack_without_a_key_says_how_to_get_one(
    outputs: dict[str, object], tmp_path: Path, stack: str, others: dict[str, object]
) -> None:
    outputs |= {**others, "edge_key_arn": None}
    leave_environment(tmp_path, **({"EDGE_KEY_ARN": ARN} if stack or others else {"SESSION_KEY_ARN": ARN}))
    with pytest.raises(ConsoleError, match=f"the stack{' prod' if stack else ''} has no edge key") as error:
        find_key("edge", stack)
    assert "pulumi config set edge cloudfront" in error.value.hint


@pytest.fixture
def secret(emulator: Emulator) -> Iterator[tuple[Any, KeyPlace]]:
    """The client of Secrets Manager, and a key in it."""
    (secrets,) = make_clients(emulator.environment, "secretsmanager")
    arn = secrets.create_secret(Name="rotated", SecretString="first")["ARN"]
    yield secrets, KeyPlace("session", arn, emulator.environment)
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_a_rotation_keeps_the_value_before(secret: tuple[Any, KeyPlace]) -> None:
    secrets, place = secret
    values: list[str] = []
    for _ in range(2):
        rotated = rotate(place)
        current, previous = (
            secrets.get_secret_value(SecretId=place.arn, VersionStage=stage) for stage in ("AWSCURRENT", "AWSPREVIOUS")
        )
        assert (current["VersionId"], rotated.arn, rotated.key) == (rotated.version, place.arn, "session")
        assert previous["SecretString"] == (values[-1] if values else "first")
        assert rotated.next_step == ""
        values.append(current["SecretString"])
    assert len({*values}) == 2
    assert all(len(value) == 64 for value in values)


def test_a_key_that_cannot_be_changed_says_so(emulator: Emulator) -> None:
    with pytest.raises(ConsoleError, match="none cannot be changed: ") as error:
        rotate(KeyPlace("session", "none", emulator.environment))
    assert all(right in error.value.hint for right in ("secretsmanager:PutSecretValue", "kms:GenerateDataKey"))


def test_the_edges_key_is_rotated_once_for_each_time_that_cloudfront_gets_it(
    secret: tuple[Any, KeyPlace], monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets, place = secret
    sent = "first"

    def check(arn: str, distribution: str, environ: object, up: str) -> None:
        assert (arn, distribution, environ) == (place.arn, "E2", place.environ)
        if secrets.get_secret_value(SecretId=arn)["SecretString"] != sent:
            raise ConsoleError("not yet", up)

    monkeypatch.setattr(rotation, "check_handed_over", check)
    edge = replace(place, which="edge", distribution="E2", next_step="pulumi up")
    rotated = rotate(edge)
    assert (rotated.next_step, rotated.note) == ("pulumi up", rotation.NOTES["edge"])
    with pytest.raises(ConsoleError, match="not yet"):
        rotate(edge)
    assert secrets.get_secret_value(SecretId=place.arn)["VersionId"] == rotated.version
    sent = secrets.get_secret_value(SecretId=place.arn)["SecretString"]
    assert rotate(edge).version != rotated.version
