"""The document that lets AWS's own services tell a topic. Pure: from ARNs to JSON."""

from __future__ import annotations

from collections.abc import Mapping

from infra.policies import Statement, allow, document, refuse_plain_text

PUBLISH = ("sns:Publish",)


def topic_policy(topic_arn: str, announcers: Mapping[str, Statement], *, but_from_here: bool) -> str:
    """Let these services publish, by principal and condition, and nobody without TLS, but to an emulator."""
    allowed = [allow(name, PUBLISH, [topic_arn], **of) for name, of in announcers.items()]
    return document(*allowed, refuse_plain_text(PUBLISH, [topic_arn], but_from_here=but_from_here))
