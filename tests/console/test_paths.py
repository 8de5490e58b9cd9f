from __future__ import annotations

import pytest

from console.paths import pasted


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("postgresql://app:s3cret@host:5432/app", "postgresql://app:PASSWORD@host:5432/app"),
        ("postgresql://app:s3@cr/et@host/app", "postgresql://app:PASSWORD@host/app"),
        ("--to=postgres//app:s3cret@host/app", "--to=postgres//app:PASSWORD@host/app"),
        (
            "postgresql://host/app?password=s3cret&sslmode=require",
            "postgresql://host/app?password=PASSWORD&sslmode=require",
        ),
        ("postgresql://:s3cret@host", "postgresql://:PASSWORD@host"),
        ("postgresql://app@host:5432/app", "postgresql://app@host:5432/app"),
        ("http://127.0.0.1:8000/?limit=1", "http://127.0.0.1:8000/?limit=1"),
    ],
)
def test_a_command_that_is_shown_has_no_password(argument: str, shown: str) -> None:
    assert pasted(["verify", argument]).replace("'", "") == f"verify {shown}"


def test_a_command_can_be_typed_again() -> None:
    assert pasted(["seed", "--run", "a b"]) == "seed --run 'a b'"
