from __future__ import annotations

import datetime
import re
from typing import Any

import botocore.auth
import botocore.session
import pytest

from handlers.postgres.token import database_token
from handlers.settings import SettingsError

NOW = datetime.datetime(2026, 1, 31, 12, 30, 59, tzinfo=datetime.UTC)
PLACE = ("database.cluster-abc.eu-central-1.rds.amazonaws.com", "5432", "lambda+user@x")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret/+="}


@pytest.mark.parametrize("session", [None, "a session's token/+=="])
def test_the_token_is_the_one_that_the_sdk_makes(monkeypatch: pytest.MonkeyPatch, session: str | None) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOW)
    environ = CREDENTIALS | ({"AWS_SESSION_TOKEN": session} if session else {})
    made = botocore.session.Session()
    made.set_credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], session)
    rds: Any = made.create_client("rds", "eu-central-1")
    host, port, user = PLACE
    wanted = rds.generate_db_auth_token(DBHostname=host, Port=int(port), DBUsername=user)
    token = database_token(PLACE, "eu-central-1", environ, NOW.timestamp())
    assert sorted(re.split("[?&]", token)) == sorted(re.split("[?&]", wanted))


@pytest.mark.parametrize("missing", CREDENTIALS)
def test_without_credentials_it_says_which(missing: str) -> None:
    environ = {name: value for name, value in CREDENTIALS.items() if name != missing}
    with pytest.raises(SettingsError, match=f"{missing}: got nothing"):
        database_token(PLACE, "eu-central-1", environ, 0)
