from __future__ import annotations

import pytest

from handlers.settings import VARIABLES, Settings, SettingsError


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings({})
    assert (settings.table_name, settings.region, settings.memory_mb) == ("", "", None)
    assert (settings.efs_dir, settings.tmp_dir) == ("/mnt/efs", "/tmp")
    assert settings.check_interval_s == 1.0
    assert settings.retain_s == 3600
    assert settings.verify_max_bytes == 16 * 1024 * 1024
    assert settings.projection == "both"
    assert not settings.full_verification


def test_every_variable_counts() -> None:
    values = {
        "TABLE_NAME": "table",
        "EFS_DIR": "/efs",
        "TMP_DIR": "/disk",
        "CHECK_INTERVAL_MS": "0",
        "RETAIN_S": "60",
        "VERIFY_MAX_BYTES": "0",
        "PROJECTION": "stream",
        "FULL_VERIFICATION": "1",
        "SQL": "off",
        "REQUEST_LOG_PERCENT": "20",
        "METRICS": "on",
        "JOBS_BUCKET": "files",
        "JOBS_QUEUE_URL": "https://queue",
        "DEAD_LETTERS_ARN": "arn:dead",
        "REBUILD_MACHINE_ARN": "arn:machine",
        "LAKE_BUCKET": "lake",
        "TOPIC_ARN": "arn:topic",
        "NOTIFICATIONS": "on",
        "READ_AUTH": "session",
        "EDGE": "cloudfront",
        "EDGE_KEY_ARN": "arn:edge",
        "SHARED_MAX_AGE_S": "2",
        "SESSIONS_TABLE": "sessions",
        "SESSION_KEY_ARN": "arn:sessions",
        "SESSION_MINUTES": "30",
        "DB_PROVIDER": "postgres",
        "POSTGRES": "on",
        "DATABASE_URL": "postgresql://user@host/database",
        "DATABASE_PROXY": "proxy",
        "DATABASE_AUTH": "trust",
        "MASTER_SECRET_ARN": "arn:master",
        "RELATIONAL_FUNCTION": "relational",
        "AWS_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_NAME": "query",
        "AWS_LAMBDA_FUNCTION_VERSION": "7",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
    settings = Settings(values)
    assert set(values) == {name for name, _ in VARIABLES}
    assert {name: getattr(settings, name) for name in Settings.__slots__} == {
        "table_name": "table",
        "efs_dir": "/efs",
        "tmp_dir": "/disk",
        "check_interval_s": 0.0,
        "retain_s": 60,
        "verify_max_bytes": 0,
        "projection": "stream",
        "full_verification": True,
        "has_sql": False,
        "request_log_percent": 20,
        "has_metrics": True,
        "jobs_bucket": "files",
        "jobs_queue_url": "https://queue",
        "dead_letters_arn": "arn:dead",
        "rebuild_machine_arn": "arn:machine",
        "lake_bucket": "lake",
        "topic_arn": "arn:topic",
        "has_notifications": True,
        "read_auth": "session",
        "edge": "cloudfront",
        "edge_key_arn": "arn:edge",
        "shared_max_age_s": 2,
        "sessions_table": "sessions",
        "session_key_arn": "arn:sessions",
        "session_s": 1800,
        "provider": "postgres",
        "has_postgres": True,
        "database_url": "postgresql://user@host/database",
        "database_proxy": "proxy",
        "database_auth": "trust",
        "master_secret_arn": "arn:master",
        "relational_function": "relational",
        "region": "eu-central-1",
        "function_name": "query",
        "function_version": "7",
        "memory_mb": 1024,
    }


def test_a_variable_set_to_nothing_is_one_not_set() -> None:
    assert Settings({"EFS_DIR": "", "CHECK_INTERVAL_MS": ""}).check_interval_s == 1.0


@pytest.mark.parametrize(
    ("name", "value", "minimum"),
    [
        ("CHECK_INTERVAL_MS", "-1", 0),
        ("CHECK_INTERVAL_MS", "1.5", 0),
        ("CHECK_INTERVAL_MS", "soon", 0),
        ("CHECK_INTERVAL_MS", "٣", 0),
        ("RETAIN_S", "1h", 0),
        ("RETAIN_S", " 60", 0),
        ("VERIFY_MAX_BYTES", "16M", 0),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0", 1),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_is_allowed(name: str, value: str, minimum: int) -> None:
    with pytest.raises(SettingsError) as error:
        Settings({name: value})
    assert str(error.value) == f"{name}: got {value!r}, allowed: an integer of {minimum} or more"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [("PROJECTION", "async", "sync, stream, both"), ("FULL_VERIFICATION", "true", "0, 1")],
)
def test_a_choice_names_what_there_is_to_choose_from(name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings({name: value})
    assert str(error.value) == f"{name}: got {value!r}, allowed: {allowed}"
