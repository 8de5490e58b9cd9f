"""The names and tags of one stack's resources. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

EMULATED = ("dev", "local")  # stages that are tried out on an emulator of this machine
STACK_TAGS = ("Name", "Project", "Stack", "Stage", "ManagedBy")
SOURCES_TAG = "Sources"  # of a function: the hash of the sources that it was deployed with


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The names of one stack's resources; `owner_tags` are put on each of them beside the stack's own."""

    project: str
    stack: str
    stage: str
    owner_tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def stack_name(self) -> str:
        """Return what the physical names of all parts begin with."""
        return f"{self.project}-{self.stack}"

    def name(self, part: str) -> str:
        """Return the physical name of a part of the stack."""
        return f"{self.stack_name()}-{part}"

    def bucket(self, part: str, account_id: str) -> str:
        """Return the name of a bucket: one that nobody else has, since buckets of all accounts share their names."""
        return f"{self.name(part)}-{account_id}"

    def may_be_emulated(self) -> bool:
        """Return whether an emulator may take the place of AWS, which is spoken to without TLS."""
        return self.stage in EMULATED

    def tags(self, part: str) -> dict[str, str]:
        """Return the tags of a part of the stack."""
        return {**self.owner_tags, **self.stack_tags(part)}

    def stack_tags(self, part: str) -> dict[str, str]:
        """Return the stack's own tags, for what cannot have more: an object in S3 has ten at most."""
        values = (self.name(part), self.project, self.stack, self.stage, "pulumi")
        return dict(zip(STACK_TAGS, values, strict=True))

    def log_group(self, part: str) -> str:
        """Return the name of a log group; not the one that Lambda would make by itself."""
        return f"/{self.project}/{self.stack}/{part}"

    def vended_log_group(self, part: str) -> str:
        """Return the name of a log group that AWS delivers to; with this prefix its resource policy cannot overflow."""
        return f"/aws/vendedlogs{self.log_group(part)}"
