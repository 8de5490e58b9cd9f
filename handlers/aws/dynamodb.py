"""Calls to DynamoDB: one client, one retry rule, one deadline.

botocore's own retries are off, because they know nothing of the request's deadline. An attempt, the first included,
starts only where it can end in time: connecting and reading are bounded, so all work of a request ends within
`Deadline.LIMIT_S`.
"""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, TypeVar

from handlers.domain.problem import unavailable
from handlers.domain.timestamps import boottime_s
from handlers.telemetry.meter import METERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from botocore.exceptions import ClientError
    from mypy_boto3_dynamodb import DynamoDBClient, type_defs

    # The SDK's types by the names that all rooms use: nobody but this one imports from it.
    Client = DynamoDBClient
    Item = dict[str, type_defs.AttributeValueTypeDef]
    ItemAnswer = type_defs.GetItemOutputTypeDef
    QueryArguments = type_defs.QueryInputTypeDef
    Reads = dict[str, type_defs.KeysAndAttributesUnionTypeDef]
    QueryAnswer = type_defs.QueryOutputTypeDef
    Action = type_defs.TransactWriteItemTypeDef

T = TypeVar("T")

CONNECT_TIMEOUT_S = 1.0
READ_TIMEOUT_S = 2.0
BACKOFF_BASE_S = 0.02
BACKOFF_MAX_S = 0.5
PARALLEL_READS = 8

THROTTLES = frozenset(
    {"ThrottlingException", "Throttling", "RequestLimitExceeded", "ProvisionedThroughputExceededException"}
)
RETRIED_CODES = THROTTLES | {
    "InternalServerError",
    "InternalFailure",
    "ServiceUnavailable",
    "TransactionInProgressException",
    "TransactionConflictException",
}
# A resend of ours is always the same; an emulator that tidies up the numbers it got denies it.
MISMATCH = "IdempotentParameterMismatchException"
OUR_DEFECTS = frozenset({"ValidationException", MISMATCH, "SerializationException"})

_log = logging.getLogger(__name__)


class Deadline:
    """When a request's work on the ledger has to be done, and the pauses between its attempts."""

    LIMIT_S = 8.0

    def __init__(
        self,
        clock: Callable[[], float] = boottime_s,
        sleep: Callable[[float], None] = time.sleep,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._end_s = clock() + limit_s

    def leaves_an_attempt(self) -> bool:
        """Tell whether an attempt that starts now ends in time, however slow."""
        return self._clock() + CONNECT_TIMEOUT_S + READ_TIMEOUT_S < self._end_s

    def sooner(self, seconds: float) -> Deadline:
        """Return the same limit so much earlier, which leaves time for what is to be done after it."""
        return Deadline(self._clock, self._sleep, self._end_s - self._clock() - seconds)

    def pause(self, attempt: int) -> None:
        """Back off before attempt number `attempt` (from 1), if one is left: exponentially, with full jitter."""
        if self.leaves_an_attempt():
            self._sleep(backoff_s(attempt, BACKOFF_BASE_S, BACKOFF_MAX_S))


def backoff_s(attempt: int, base_s: float, longest_s: float) -> float:
    """Return the pause before an attempt (from 1): exponential, with full jitter."""
    return random.uniform(0, min(longest_s, base_s * 2**attempt))  # noqa: S311 - no secret


def make_client(region: str) -> Client:
    """Make the client of a sandbox: kept alive, bounded, without retries of its own."""
    import boto3  # noqa: PLC0415 - 78 ms that only those pay who talk to DynamoDB
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client(  # pyright: ignore[reportUnknownMemberType] - boto3-stubs covers DynamoDB only
        "dynamodb",
        region_name=region or None,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=PARALLEL_READS * 2,
            tcp_keepalive=True,
        ),
    )


def call(operation: Callable[[], T], deadline: Deadline, on_doubt: Callable[[], None] = lambda: None) -> T:
    """Run one operation until it answers.

    Args:
        operation: an idempotent call of the client.
        on_doubt: called whenever an attempt may or may not have been carried out.

    Raises:
        Problem: 503, DynamoDB is away, throttles, refuses us, or the request's time is up.
        ClientError: an answer that the caller has to understand (a failed condition, a cancelled transaction).
    """
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError  # noqa: PLC0415 - with boto3

    attempt = 0
    reason: Exception | None = None
    while deadline.leaves_an_attempt():
        try:
            return operation()
        except ClientError as error:
            if not _is_retried(error):
                raise
            reason = error
        except ParamValidationError:  # our defect, before anything was sent
            raise
        except BotoCoreError as error:
            reason = error
        if _is_doubtful(reason):
            on_doubt()
        attempt += 1
        METERS.retry()
        deadline.pause(attempt)
    _log.warning("gave up on DynamoDB after %d attempts: %s", attempt, reason)
    raise unavailable("The table is away, or too busy to answer in time", retry_after_s=2) from reason


def write_if(write: Callable[[], object], deadline: Deadline) -> bool:
    """Run a conditional write, as `call` does. Returns whether its condition held, so that it was done."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - with boto3

    try:
        call(write, deadline)
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            return False
        raise
    return True


def transact(
    client: Client, actions: Sequence[Action], token: str, deadline: Deadline, on_doubt: Callable[[], None]
) -> tuple[str, ...]:
    """Run one transaction, as `call` does; a resend with the same token is carried out once.

    Returns:
        Nothing where it is in, else why it was cancelled: one code an action, "None" for those that are not to blame.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - with boto3

    try:
        call(
            lambda: client.transact_write_items(TransactItems=actions, ClientRequestToken=token),
            deadline,
            on_doubt,
        )
    except ClientError as error:
        if error_code(error) == MISMATCH:
            return (MISMATCH,)
        codes = cancellation_codes(error)
        if not codes or "ValidationError" in codes:
            raise
        return codes
    return ()


def _is_retried(error: ClientError) -> bool:
    """Tell whether to try again. Raises Problem (503) where that can't help and the caller has no part in it."""
    code = error_code(error)
    if code in RETRIED_CODES or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return True
    if code in ("ConditionalCheckFailedException", "TransactionCanceledException", *OUR_DEFECTS):
        return False
    _log.error("DynamoDB refuses: %s", error)
    raise unavailable(f"The table refuses to answer ({code})", retry_after_s=5) from error


def _is_doubtful(error: Exception) -> bool:
    """Tell whether an attempt that failed so may have been carried out: it got there, and was not turned away."""
    from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError  # noqa: PLC0415

    if isinstance(error, ClientError):
        return error_code(error) not in THROTTLES
    return not isinstance(error, EndpointConnectionError | ConnectTimeoutError)


def error_code(error: ClientError) -> str:
    """Return DynamoDB's name for an error."""
    return error.response.get("Error", {}).get("Code", "")


def cancellation_codes(error: ClientError) -> tuple[str, ...]:
    """Return why a transaction was cancelled: one code an action, "None" for those that are not to blame."""
    reasons = error.response.get("CancellationReasons") or []  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return tuple(str(reason.get("Code", "None")) for reason in reasons)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]
