from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.local.account.clients import make_clients
from console.local.account.stores import MOST_RECEIVES, VISIBILITY_S
from handlers.aws.bucket import Bucket, Upload
from handlers.jobs.messages import Message, read_messages


@pytest.fixture
def upload(account: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Upload:
    """What POST /imports answers."""
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    return Bucket(account["JOBS_BUCKET"], account["AWS_REGION"]).allow_upload("imports/ID", 5, "", 60)


def put(upload: Upload, file: Path) -> str:
    headers = [part for name, value in upload.headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *headers, "-T", str(file), upload.url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_file_is_put_with_curl_and_its_arrival_is_a_message(
    account: Mapping[str, str], upload: Upload, tmp_path: Path
) -> None:
    assert upload.url.startswith(f"{account['AWS_ENDPOINT_URL']}/{account['JOBS_BUCKET']}/imports/ID?")
    file = tmp_path / "file"
    file.write_text("12345")
    assert put(upload, file) == "200"
    s3, sqs = make_clients(account, "s3", "sqs")
    (version,) = s3.list_object_versions(Bucket=account["JOBS_BUCKET"])["Versions"]
    got = sqs.receive_message(QueueUrl=account["JOBS_QUEUE_URL"], MaxNumberOfMessages=10, WaitTimeSeconds=20)
    told = [message for found in got["Messages"] for message in read_messages(found["Body"])]
    assert told == [Message("ID", None, version["VersionId"])]


def test_a_message_comes_again_and_then_goes_to_the_dead_letters(account: Mapping[str, str]) -> None:
    (sqs,) = make_clients(account, "sqs")
    found = sqs.get_queue_attributes(QueueUrl=account["JOBS_QUEUE_URL"], AttributeNames=["All"])["Attributes"]
    assert found["VisibilityTimeout"] == str(VISIBILITY_S)
    assert json.loads(found["RedrivePolicy"]) == {
        "deadLetterTargetArn": account["DEAD_LETTERS_ARN"],
        "maxReceiveCount": MOST_RECEIVES,
    }
