"""A session: what a code was exchanged for. Whoever has its token is its visitor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.access.code import ACTIVE, ENDED, EXPIRED, common_attributes, id_of, key_of, text_of
from handlers.aws.sessions_table import SESSION, TENANT_ID, TTL
from handlers.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.aws.dynamodb import Item

SESSION_STATES = (ACTIVE, EXPIRED, "ended")


@dataclass(frozen=True)
class Session:
    """One session, without its token, which the visitor alone has.

    Attributes:
        id: the keyed hash of its token.
        code: the id of the code that was exchanged.
        created_at, ended_at: texts of moments; "" where it has not been ended.
        expires_s: seconds since 1970, whole ones.
    """

    id: str
    tenant: str
    scopes: tuple[str, ...]
    code: str
    created_at: str
    expires_s: int
    ended_at: str = ""

    def state(self, now_s: float) -> str:
        """Return one of `SESSION_STATES`."""
        if self.ended_at:
            return "ended"
        return EXPIRED if self.expires_s <= now_s else ACTIVE

    def is_living(self, now_s: float) -> bool:
        """Tell whether it lets its visitor in."""
        return self.state(now_s) == ACTIVE

    def shown(self, now_s: float) -> dict[str, object]:
        """Return it as answers have it."""
        return {
            "id": self.id,
            "tenant": self.tenant,
            "scopes": [*self.scopes],
            "code": self.code,
            "state": self.state(now_s),
            "created_at": self.created_at,
            "expires_at": utc_text(self.expires_s),
        }

    def to_item(self) -> Item:
        """Return it as the table keeps it when it begins."""
        common = common_attributes(SESSION, self.tenant, self.scopes, self.created_at, self.expires_s)
        return {**key_of(SESSION, self.id), **common, "code": {"S": self.code}}


def session_from_item(item: Mapping[str, Mapping[str, object]]) -> Session:
    """Return the session of an item."""
    return Session(
        id=id_of(item),
        tenant=text_of(item, TENANT_ID),
        scopes=tuple(text_of(item, "scopes").split()),
        code=text_of(item, "code"),
        created_at=text_of(item, "createdAt"),
        expires_s=int(text_of(item, TTL)),
        ended_at=text_of(item, ENDED),
    )
