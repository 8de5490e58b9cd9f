"""The edge's key: drawn once, looked up each time, and gone with the edge."""

from __future__ import annotations

import json

from tests.infra.edge.test_distribution import dev


def test_it_is_drawn_once_and_left_alone_by_the_next_run() -> None:
    version = dev().one("SecretVersion")
    assert version.at("secretString") == {"secret": "drawn"}
    assert version.options["ignoreChanges"] == ["secretString"]
    asked = [json.loads(lookup.arguments) for lookup in dev().lookups if lookup.token.endswith(":getRandomPassword")]
    assert asked == [{"passwordLength": 64, "excludePunctuation": True}]


def test_what_it_is_now_is_looked_up_so_that_a_rotation_reaches_cloudfront() -> None:
    asked = [json.loads(lookup.arguments) for lookup in dev().lookups if lookup.token.endswith(":getSecretVersion")]
    assert asked == [{"secretId": "edge-key-secret-id"}]


def test_its_name_is_free_again_once_it_is_gone() -> None:
    assert dev().one("Secret").at("recoveryWindowInDays") == 0
