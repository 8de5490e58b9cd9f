"""A secret of Secrets Manager.

Source: AWS Secrets Manager user guide, "Secret versions": the label AWSCURRENT moves to a version that is put, and
AWSPREVIOUS to the one that had it; a secret that was never rotated has no previous version.
"""

from __future__ import annotations

from typing import Any

from handlers.aws.sdk import ServiceError, ask, make_service, tries

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
NOT_THERE = "ResourceNotFoundException"
LEAST_CHARACTERS = 32  # of a version: a shorter one could be guessed
# Whoever waits for an answer waits for this as well. The gateway gives an authorizer up after 10 s, in which both keys
# can be asked for in vain and the table still answers.
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, ATTEMPTS = 1.0, 1.0, 2


class Secret:
    """One secret, a text.

    Args:
        arn: the secret's, or its name.
        region: "" takes the environment's.
    """

    def __init__(self, arn: str, region: str) -> None:
        self._arn = arn
        self._client: Any = make_service(
            "secretsmanager",
            region,
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries=tries(ATTEMPTS),
        )

    def versions(self) -> tuple[str, ...]:
        """Return the current version and, where there is one, the previous. Raises ServiceError."""
        current = self.current()
        try:
            previous = self._version(PREVIOUS)
        except ServiceError as error:
            if error.code != NOT_THERE:
                raise
            previous = ""
        return (current, previous) if len(previous) >= LEAST_CHARACTERS else (current,)

    def current(self) -> str:
        """Return the current version. Raises ServiceError."""
        current = self._version(CURRENT)
        if len(current) < LEAST_CHARACTERS:
            raise ServiceError(f"the secret {self._arn} has to be a text of {LEAST_CHARACTERS} characters or more")
        return current

    def _version(self, stage: str) -> str:
        """Return a version; "" where it is no text."""
        answer = ask(
            f"GetSecretValue {stage}",
            lambda: self._client.get_secret_value(SecretId=self._arn, VersionStage=stage),
        )
        return answer.get("SecretString", "")
