"""An access code as it is kept: for whom, what it lets do, how often and until when it can be exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.aws.sessions_table import CODE, ENTITY_TYPE, META, PARTITION_KEY, SORT_KEY, TENANT_ID, TTL
from handlers.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.aws.dynamodb import Item

SCOPES = READ, SQL = ("read", "sql")
CODE_STATES = ACTIVE, USED_UP, EXPIRED, DISABLED = ("active", "used-up", "expired", "disabled")
ENDED = "endedAt"  # attribute: when a code was disabled, or a session ended


@dataclass(frozen=True)
class Code:
    """One code, without its text, which nobody keeps.

    Attributes:
        id: the keyed hash of its text.
        scopes: some of `SCOPES`, in their order.
        created_at, ended_at: texts of moments; "" where it has not been disabled.
        expires_s: seconds since 1970, whole ones.
    """

    id: str
    tenant: str
    scopes: tuple[str, ...]
    max_uses: int
    expires_s: int
    created_at: str
    uses: int = 0
    ended_at: str = ""

    def state(self, now_s: float) -> str:
        """Return one of `CODE_STATES`."""
        if self.ended_at:
            return DISABLED
        if self.expires_s <= now_s:
            return EXPIRED
        return USED_UP if self.uses >= self.max_uses else ACTIVE

    def shown(self, now_s: float) -> dict[str, object]:
        """Return it as answers have it."""
        return {
            "id": self.id,
            "tenant": self.tenant,
            "scopes": [*self.scopes],
            "max_uses": self.max_uses,
            "uses": self.uses,
            "state": self.state(now_s),
            "created_at": self.created_at,
            "expires_at": utc_text(self.expires_s),
        }

    def to_item(self) -> Item:
        """Return it as the table keeps it at first."""
        item: Item = {
            **key_of(CODE, self.id),
            **common_attributes(CODE, self.tenant, self.scopes, self.created_at, self.expires_s),
            "maxUses": {"N": str(self.max_uses)},
            "uses": {"N": str(self.uses)},
        }
        return item


def code_from_item(item: Mapping[str, Mapping[str, object]]) -> Code:
    """Return the code of an item."""
    return Code(
        id=id_of(item),
        tenant=text_of(item, TENANT_ID),
        scopes=tuple(text_of(item, "scopes").split()),
        max_uses=int(text_of(item, "maxUses")),
        uses=int(text_of(item, "uses")),
        created_at=text_of(item, "createdAt"),
        expires_s=int(text_of(item, TTL)),
        ended_at=text_of(item, ENDED),
    )


def key_of(kind: str, record_id: str) -> Item:
    """Return where a code, a session or an address stands in the table."""
    return {PARTITION_KEY: {"S": f"{kind}#{record_id}"}, SORT_KEY: {"S": META}}


def common_attributes(kind: str, tenant: str, scopes: tuple[str, ...], created_at: str, expires_s: int) -> Item:
    """Return what codes and sessions both have."""
    return {
        ENTITY_TYPE: {"S": kind},
        TENANT_ID: {"S": tenant},
        "scopes": {"S": " ".join(scopes)},
        "createdAt": {"S": created_at},
        TTL: {"N": str(expires_s)},
    }


def id_of(item: Mapping[str, Mapping[str, object]]) -> str:
    """Return the id of an item."""
    return text_of(item, PARTITION_KEY).partition("#")[2]


def text_of(item: Mapping[str, Mapping[str, object]], name: str) -> str:
    """Return the text of an attribute, be it a number or a string; "" where it is not there."""
    return "".join(str(value) for value in item.get(name, {}).values())
