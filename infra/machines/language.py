"""Words of Amazon States Language, with JSONata, that the stack's state machines share. Pure."""

from __future__ import annotations

import json

State = dict[str, object]

# Of a call that Lambda itself refuses or fails: they say nothing of the function.
LAMBDAS_OWN = (
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
)


def jsonata(expression: str) -> str:
    """Return a JSONata expression as the language takes it."""
    return f"{{% {expression} %}}"


def machine_of(comment: str, first: str, states: dict[str, State], partition: str) -> dict[str, object]:
    """Return a definition, with the integrations of AWS named as a partition of it names them.

    Args:
        comment: the machine in a few words.
        first: the state that it begins with.
        states: all of them; their integrations are named as in AWS's first partition.
        partition: of AWS, as its ARNs have it.
    """
    named: dict[str, State] = json.loads(json.dumps(states).replace("arn:aws:states:::", f"arn:{partition}:states:::"))
    return {"Comment": comment, "QueryLanguage": "JSONata", "StartAt": first, "States": named}
