"""The work of a build, as a buildspec of CodeBuild. Pure.

A function's build deploys its function alone (`--target`), and only where nothing but functions differs from what is
deployed; else it waits for the infrastructure's, and fails where that does not come. The reasons are in
docs/delivery.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

PULUMI = "3.272.0"
TOOLS = "/tmp/tools"  # noqa: S108 - all that a build on Lambda may write is below /tmp, and nobody else is there
CONSOLE = ".venv/bin/python -m console"
# Two pipelines may come at once, and Pulumi refuses the second while the first has the state.
LOCKED = "currently locked by|Another update is currently in progress"
UP = f"pulumi up --yes --skip-preview $TARGETS > {TOOLS}/up.log 2>&1"
IS_LOCKED = f"grep -qE '{LOCKED}' {TOOLS}/up.log"
WAITS, WAIT_S = 40, 10  # of a function's build; with its questions in between, it ends before AWS ends it
OTHER_INFRASTRUCTURE = (
    "the infrastructure that is deployed is not this commit's. Where its pipeline failed, it has to succeed first:"
    " retry this stage then. Where a newer commit is deployed, there is nothing to do."
)
INFRASTRUCTURE = "infrastructure"
CODES = {"nothing": 0, "infrastructure alone": 10, "functions alone": 11, "both": 12}


def function_build() -> str:
    """Return the buildspec of the function that the variable FUNCTION names.

    Each turn asks anew what is deployed: while it waits, another pipeline may deploy a newer commit. It rolls out where
    nothing is left to deploy too, because an earlier build's rollout may have failed.
    """
    infrastructure = [
        _changed(INFRASTRUCTURE),
        f'if [ "$code" -ne 0 ]; then why="{OTHER_INFRASTRUCTURE}"; continue; fi',
    ]
    function = [
        _changed("$FUNCTION"),
        'if [ "$code" -eq 0 ]; then echo "$FUNCTION is deployed already"; why=""; break; fi',
        f'if {UP}; then cat {TOOLS}/up.log; why=""; break; fi',
        f'cat {TOOLS}/up.log; {IS_LOCKED} || exit 1; why="another deployment took too long: retry this stage"',
    ]
    return _spec(
        [
            'export TARGETS="--target **::$FUNCTION-function --target **::$FUNCTION-live --target **:Stack::*"',
            f'for turn in $(seq {WAITS}); do if [ "$turn" -gt 1 ]; then sleep {WAIT_S}; fi',
            *infrastructure,
            *function,
            "done",
            'if [ -n "$why" ]; then echo "$why"; exit 1; fi',
            f'{CONSOLE} rollout --stack "$PULUMI_STACK" --function "$FUNCTION"',
        ],
    )


def infrastructure_build(runtime: str) -> str:
    """Return the buildspec that deploys the whole commit, and rolls out what has a new version.

    That is not the code alone: another setting is another version too.
    """
    up = f"until {UP}; do cat {TOOLS}/up.log; {IS_LOCKED} || exit 1; sleep {WAIT_S}; done; cat {TOOLS}/up.log"
    return _spec([up, f'{CONSOLE} rollout --stack "$PULUMI_STACK"'], runtime.removeprefix("python"))


def _changed(part: str) -> str:
    """Return the lines that ask whether a part differs from the stack's; anything but yes and no ends the build."""
    no_answer = " && ".join(f'[ "$code" -ne {code} ]' for code in CODES.values())
    command = f'{CONSOLE} changed --against "stack:$PULUMI_STACK" --function "{part}" --exit-code'
    return f"code=0; {command} || code=$?; if {no_answer}; then exit 1; fi"


def _spec(commands: Sequence[str], python: str = "") -> str:
    """Return the buildspec; the commands are one script, so that `exit 0` ends all of them.

    Args:
        python: its version, where the image has several; else the image's own.
    """
    archive = f"https://get.pulumi.com/releases/sdk/pulumi-v{PULUMI}-linux-arm64.tar.gz"
    install = [
        f"mkdir -p {TOOLS}",
        f"curl -fsSL {archive} | tar -xz -C {TOOLS}",
        "python3 -m venv .venv",
        ".venv/bin/python -m console.install deploy",
    ]
    versions = {"runtime-versions": {"python": python}} if python else {}
    return json.dumps(
        {
            "version": 0.2,
            "env": {"shell": "bash", "variables": {"PULUMI_HOME": f"{TOOLS}/home", "PULUMI_SKIP_UPDATE_CHECK": "true"}},
            "phases": {
                "install": {**versions, "commands": install},
                "build": {"commands": ["\n".join([f"export PATH={TOOLS}/pulumi:$PATH", *commands])]},
            },
        },
        indent=1,
    )
