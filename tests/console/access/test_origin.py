from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from console.access.origin import check_handed_over
from console.errors import ConsoleError
from console.local.account.clients import make_clients
from console.local.emulator import Emulator
from handlers.settings import EDGE_KEY_HEADER

HEADER = EDGE_KEY_HEADER.title()  # CloudFront keeps the letters as they were given


@pytest.fixture
def arn(emulator: Emulator) -> Iterator[str]:
    """A key whose value is `current`."""
    (secrets,) = make_clients(emulator.environment, "secretsmanager")
    made = secrets.create_secret(Name="handed", SecretString="current")["ARN"]
    yield made
    secrets.delete_secret(SecretId=made, ForceDeleteWithoutRecovery=True)


class Sent:
    """A distribution with an origin for the page and one for the API, which is sent these headers."""

    def __init__(self, status: str, **headers: str) -> None:
        items = [{"HeaderName": name, "HeaderValue": value} for name, value in headers.items()]
        api = {"Id": "api", "CustomHeaders": {"Quantity": len(items), **({"Items": items} if items else {})}}
        config = {"Origins": {"Quantity": 2, "Items": [{"Id": "page"}, api]}}
        self._distribution = {"Status": status, "DistributionConfig": config}

    def get_distribution(self, *, Id: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert Id == "E2"
        return {"Distribution": self._distribution}


@pytest.fixture
def sends(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Any:
    """Put a distribution in CloudFront's place; the secret is the emulator's."""
    (secrets,) = make_clients(emulator.environment, "secretsmanager")

    def put(status: str, **headers: str) -> None:
        clients = {"cloudfront": Sent(status, **headers), "secretsmanager": secrets}
        monkeypatch.setattr("console.access.origin.make_service", lambda service, _: clients[service])  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    return put


def test_a_key_that_all_of_cloudfront_sends_is_handed_over(arn: str, sends: Any) -> None:
    sends("Deployed", **{"x-other": "current", HEADER: "current"})
    check_handed_over(arn, "E2", {}, "pulumi up")


@pytest.mark.parametrize("headers", [{HEADER: "before"}, {"x-other": "current"}, {}], ids=["before", "other", "none"])
def test_a_key_that_cloudfront_does_not_send_is_handed_over_by_pulumi(
    arn: str, sends: Any, headers: dict[str, str]
) -> None:
    sends("Deployed", **headers)
    with pytest.raises(ConsoleError, match="CloudFront has not got the current key") as error:
        check_handed_over(arn, "E2", {}, "pulumi up --stack prod")
    assert error.value.hint == "pulumi up --stack prod"


def test_a_key_on_its_way_to_the_edge_locations_is_waited_for(arn: str, sends: Any) -> None:
    sends("InProgress", **{HEADER: "current"})
    with pytest.raises(ConsoleError, match="not all edge locations") as error:
        check_handed_over(arn, "E2", {}, "pulumi up")
    assert error.value.hint.endswith("`aws cloudfront wait distribution-deployed --id E2`")


def test_without_rights_nobody_can_tell(arn: str, emulator: Emulator) -> None:
    with pytest.raises(ConsoleError, match=r"nobody can tell .*: .*NoSuchDistribution") as error:
        check_handed_over(arn, "E2", emulator.environment, "pulumi up")
    assert "cloudfront:GetDistribution on E2" in error.value.hint
    assert f"secretsmanager:GetSecretValue on {arn}" in error.value.hint
