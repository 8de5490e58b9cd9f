"""The version that a stack has, by its output `manifest`: hashes alone, whose files the project's history gives."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from archives.errors import ArchiveError
from archives.manifest import Manifest, PartManifest
from console.changes.manifests import manifest_in
from console.changes.revisions import files_at, latest_commits
from console.client.pulumi import ask_outputs
from console.errors import ConsoleError

OUTPUT = "manifest"
PULUMI_TIMEOUT_S = 60.0
MOST_COMMITS = 30  # that are looked into; 0.2 s each


def deployed_hashes(stack: str, root: Path) -> tuple[Manifest, str]:
    """Return the manifest of what is deployed, without files, and the name of the stack whose configuration is in it.

    An older version says no name: its manifest has the configuration of all stacks.

    Args:
        stack: its name; empty = the selected one.

    Raises:
        ConsoleError: Pulumi is not there or gives no such output.
    """
    said = _stack_output(stack, root)
    try:
        content = json.loads(said)
        functions = {str(name): PartManifest(hash=str(value), files={}) for name, value in content["functions"].items()}
        infrastructure = PartManifest(hash=str(content["infrastructure"]), files={})
        return Manifest(functions=functions, infrastructure=infrastructure), str(content.get("stack", ""))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"the stack's output {OUTPUT} is not what this version writes: {said[:100]}"
        raise ConsoleError(message, "pulumi up, or --against with a git revision") from error


def with_files(deployed: Manifest, now: Manifest, root: Path, stack: str) -> Manifest:
    """Return the manifest with the files of its parts, taken from the latest commits whose hashes are the same.

    A part that is as it is now needs none; one that no commit has, such as a working tree that was deployed before it
    was committed, stays without.
    """
    hashes = {name: part.hash for name, part in now.parts().items()}
    wanted = {name: part for name, part in deployed.parts().items() if part.hash != hashes.get(name)}
    found: dict[str, PartManifest] = {}
    for commit in latest_commits(root, MOST_COMMITS) if wanted else []:
        there = _parts_at(commit, root, stack)
        found |= {name: there[name] for name, part in wanted.items() if name in there and there[name].hash == part.hash}
        if found.keys() == wanted.keys():
            break
    parts = deployed.parts() | found
    return Manifest(
        functions={name: parts[name] for name in deployed.functions}, infrastructure=parts["infrastructure"]
    )


def _parts_at(commit: str, root: Path, stack: str) -> Mapping[str, PartManifest]:
    """Return the parts of a commit; none where it cannot be packaged, so was never deployed."""
    with files_at(commit, root) as folder:
        try:
            return manifest_in(folder, stack).parts()
        except ArchiveError:
            return {}


def _stack_output(stack: str, root: Path) -> str:
    try:
        answer = ask_outputs(OUTPUT, "--json", stack=stack, timeout_s=PULUMI_TIMEOUT_S, root=root)
    except subprocess.TimeoutExpired as error:
        raise ConsoleError(
            f"pulumi stack output did not answer in {PULUMI_TIMEOUT_S:.0f} s", "pulumi whoami"
        ) from error
    if answer is None:
        raise ConsoleError(
            "pulumi is not installed", "install it (docs/deployment.md), or --against with a git revision"
        )
    if answer.returncode:
        last = [line for line in answer.stderr.splitlines() if line.strip()][-1:] or ["it ended without a word"]
        hint = "pulumi stack ls; a stack of an older version has no manifest before its next `pulumi up`"
        raise ConsoleError(f"pulumi stack output {OUTPUT}: {last[0].removeprefix('error: ')}", hint)
    return answer.stdout
