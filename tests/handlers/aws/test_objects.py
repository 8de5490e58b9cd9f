from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from handlers.aws.objects import Objects, make_objects
from handlers.aws.sdk import ServiceError
from tests.handlers.lake.scene import new_objects, s3_client
from tests.support.meddling import Meddled, client_error, refuse

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KIND = "text/plain"


@pytest.fixture
def objects(client: DynamoDBClient) -> Objects:
    return new_objects()


def refusing(objects: Objects, name: str, error: Exception) -> Objects:
    return Objects(Meddled(s3_client(), {name: [refuse(error)]}, {}), objects.bucket)


def test_what_was_put_is_there_with_its_metadata(objects: Objects) -> None:
    assert objects.put("a", b"one", {"rows": "1"}, KIND, None)
    found = objects.head("a")
    assert found is not None
    assert (found.key, found.size_bytes, found.metadata) == ("a", 3, {"rows": "1"})
    assert objects.get("a") == b"one"


def test_a_put_takes_the_place_of_what_it_names_alone(objects: Objects) -> None:
    objects.put("a", b"one", {}, KIND, None)
    seen = objects.head("a")
    assert not objects.put("a", b"two", {}, KIND, None)
    assert objects.put("a", b"three", {}, KIND, seen)
    assert not objects.put("a", b"four", {}, KIND, seen)
    assert objects.get("a") == b"three"


def test_there_is_nothing_to_replace_where_the_object_is_gone(objects: Objects) -> None:
    objects.put("a", b"one", {}, KIND, None)
    seen = objects.head("a")
    s3_client().delete_object(Bucket=objects.bucket, Key="a")
    assert not objects.put("a", b"two", {}, KIND, seen)
    assert objects.head("a") is None


def test_content_that_changes_on_its_way_is_refused(objects: Objects) -> None:
    damaging = SimpleNamespace(
        put_object=lambda **arguments: s3_client().put_object(**{**arguments, "Body": b"other"})  # pyright: ignore
    )
    with pytest.raises(ServiceError) as caught:
        Objects(damaging, objects.bucket).put("a", b"one", {}, KIND, None)
    assert caught.value.code in ("BadDigest", "InvalidRequest")
    assert objects.head("a") is None


@pytest.mark.parametrize("code", ["SlowDown", "AccessDenied", "403"])
def test_a_refusal_is_told_with_the_object_and_the_code(objects: Objects, code: str) -> None:
    asked: dict[str, Callable[[Objects], object]] = {
        "head_object": lambda each: each.head("a"),
        "put_object": lambda each: each.put("a", b"", {}, KIND, None),
        "get_object": lambda each: each.get("a"),
        "list_objects_v2": lambda each: list(each.list_keys("a")),
    }
    for name, ask in asked.items():
        with pytest.raises(ServiceError, match=f"s3://{objects.bucket}/a: .*{code}") as caught:
            ask(refusing(objects, name, client_error(code)))
        assert caught.value.code == code


def test_without_an_answer_there_is_no_code(objects: Objects) -> None:
    with pytest.raises(ServiceError) as caught:
        refusing(objects, "get_object", EndpointConnectionError(endpoint_url="http://s3")).get("a")
    assert caught.value.code == ""


def test_keys_are_listed_in_order_over_as_many_answers_as_it_takes(objects: Objects) -> None:
    for key in ("b/2", "a/1", "b/1", "b/3"):
        objects.put(key, b"", {}, KIND, None)
    asked: list[dict[str, Any]] = []

    def list_two(**arguments: Any) -> Any:
        asked.append(arguments)
        return s3_client().list_objects_v2(**arguments, MaxKeys=2)

    few = Objects(SimpleNamespace(list_objects_v2=list_two), objects.bucket)
    assert list(few.list_keys("b/")) == ["b/1", "b/2", "b/3"]
    assert len(asked) == 2
    assert list(objects.list_keys("c/")) == []


def test_a_bucket_by_its_name(objects: Objects) -> None:
    objects.put("a", b"one", {}, KIND, None)
    assert make_objects(objects.bucket, "us-east-1").get("a") == b"one"
