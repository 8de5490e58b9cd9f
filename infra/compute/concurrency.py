"""Reserved concurrency, held against the account's limit before anything is made."""

from __future__ import annotations

from collections.abc import Collection

import pulumi_aws as aws

from infra.compute.function import UNRESERVED
from infra.typed_config import ConfigError

KEPT_UNRESERVED = 100  # Lambda lets nobody reserve the last hundred
QUOTA = "L-B99A9384"


def check_concurrency(concurrencies: Collection[int]) -> None:
    """Hold what the functions reserve against the account's limit, if they reserve any. Raises ConfigError."""
    reserved = sum(concurrency for concurrency in concurrencies if concurrency != UNRESERVED)
    if not reserved:
        return
    quota = aws.servicequotas.get_service_quota(service_code="lambda", quota_code=QUOTA).value
    if not quota:  # an emulator knows none
        return
    limit = int(quota)
    if reserved > limit - KEPT_UNRESERVED:
        allowed = (
            f"together at most {max(0, limit - KEPT_UNRESERVED)}, the account's {limit} less {KEPT_UNRESERVED}; "
            f"{UNRESERVED} for commandConcurrency, queryConcurrency, projectorConcurrency, workerConcurrency and "
            f"relationalConcurrency and 0 for warmSandboxes reserve none, and the account's {limit} are the cap"
        )
        raise ConfigError("the functions' concurrency", reserved, allowed)
