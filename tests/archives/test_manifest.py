from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from archives.errors import ArchiveError
from archives.manifest import Manifest, infrastructure_files, manifest_of
from handlers.routes import COMMAND, FUNCTIONS, PROJECTOR, QUERY, RELATIONAL, WARMER, WORKER
from tests.archives.conftest import Write

ROOT = Path(__file__).resolve().parents[2]
PROJECT = {
    "__main__.py": "from handlers import routes\nimport handlers.aws.table\nimport infra.stack\n",
    "infra/stack.py": "from handlers.settings import SWITCH\nfrom handlers.gone import NOTHING\n",
    "archives/zipped.py": "",
    "handlers/__init__.py": "",
    "handlers/aws/__init__.py": "",
    "handlers/aws/table.py": "",
    "handlers/query.py": "import handlers.routes\n",
    "handlers/command.py": "import handlers.aws.table\n",
    "handlers/routes.py": "",
    "handlers/settings.py": "SWITCH = 1\n",
    "Pulumi.yaml": "name: app\n",
    "Pulumi.dev.yaml": "",
    "requirements.txt": "pulumi\n",
    "README.md": "",
}
PARTS = (COMMAND, QUERY)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the project's manifest is made of, to change."""
    root = tmp_path_factory.mktemp("project")
    for folder in ("handlers", "infra", "archives", "db"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (ROOT / "__main__.py", ROOT / "requirements.txt", *ROOT.glob("Pulumi*.yaml")):
        shutil.copy(file, root)
    return root


def test_a_part_has_the_hash_of_each_of_its_files(write: Write) -> None:
    manifest = manifest_of(write(PROJECT), PARTS)
    assert list(manifest.functions[QUERY].files) == ["handlers/__init__.py", "handlers/query.py", "handlers/routes.py"]
    assert len({part.hash for part in manifest.parts().values()}) == 3
    assert all(len(digest) == 16 for part in manifest.parts().values() for digest in (part.hash, *part.files.values()))


def test_the_infrastructure_is_the_program_its_configuration_and_what_it_imports_of_the_functions(write: Write) -> None:
    assert list(infrastructure_files(write(PROJECT))) == [
        *("Pulumi.dev.yaml", "Pulumi.yaml", "__main__.py", "archives/zipped.py", "handlers/__init__.py"),
        *("handlers/aws/__init__.py", "handlers/aws/table.py", "handlers/routes.py", "handlers/settings.py"),
        *("infra/stack.py", "requirements.txt"),
    ]


def test_for_a_stack_the_configuration_of_others_counts_for_nothing(write: Write) -> None:
    root = write(PROJECT | {"Pulumi.prod.yaml": "", "Pulumi.local.yaml": ""})
    names = {name for name in infrastructure_files(root, "prod") if name.endswith(".yaml")}
    assert names == {"Pulumi.yaml", "Pulumi.prod.yaml"}
    before = manifest_of(root, PARTS, "prod")
    (root / "Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-8")
    assert manifest_of(root, PARTS, "prod") == before
    (root / "Pulumi.prod.yaml").write_text("config: {}\n", encoding="utf-8")
    assert manifest_of(root, PARTS, "prod") != before


def test_what_only_people_read_changes_nothing(write: Write) -> None:
    before = manifest_of(write(PROJECT), PARTS)
    comments = {name: source.replace("\n", "  # why\n") for name, source in PROJECT.items() if name.endswith(".py")}
    assert manifest_of(write(PROJECT | comments), PARTS) == before
    assert manifest_of(write(PROJECT | {"README.md": "more"}), PARTS) == before


def test_a_manifest_is_read_as_it_was_written(write: Write) -> None:
    manifest = manifest_of(write(PROJECT), PARTS)
    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"functions": []}, {"functions": {"query": 1}}, {"infrastructure": {"hash": "1", "files": []}}],
)
def test_what_is_no_manifest_is_refused(write: Write, change: dict[str, object]) -> None:
    content = manifest_of(write(PROJECT), PARTS).to_json()
    with pytest.raises((ValueError, TypeError)):
        Manifest.from_json({**content, **change})


def test_a_file_that_is_no_python_is_named(write: Write) -> None:
    with pytest.raises(ArchiveError, match=r"infra/stack\.py, line 1"):
        manifest_of(write(PROJECT | {"infra/stack.py": "def broken(:\n"}), PARTS)


# Which parts a change of one file changes: what imports it, and nothing else.
REACHES = {
    "handlers/reads/page.py": {QUERY, RELATIONAL},
    "handlers/openapi/schemas.py": {QUERY},
    "handlers/ledger/appender.py": {COMMAND, WORKER},
    "handlers/projector.py": {PROJECTOR},
    "handlers/warmer.py": {WARMER},
    "handlers/snapshots/publish.py": {COMMAND, PROJECTOR},
    "handlers/domain/bookmark.py": {COMMAND, QUERY, PROJECTOR, WORKER, RELATIONAL},
    "handlers/routes.py": {*FUNCTIONS, "infrastructure"},  # the settings know the homes
    "handlers/postgres/roots/us-east-1.pem": {RELATIONAL},
    "db/migrations/0001_home.sql": {RELATIONAL},
    "archives/wheels-python3.13.txt": {RELATIONAL, "infrastructure"},
    "infra/gateway/api.py": {"infrastructure"},
    "Pulumi.yaml": {"infrastructure"},
}


@pytest.mark.parametrize("name", REACHES)
def test_a_change_of_one_file_changes_what_imports_it_alone(copy: Path, name: str) -> None:
    before = manifest_of(copy, FUNCTIONS).parts()
    original = (copy / name).read_bytes()
    (copy / name).write_bytes(original + b"\nADDED = 1\n" if name.endswith(".py") else b"name: other\n")
    try:
        after = manifest_of(copy, FUNCTIONS).parts()
    finally:
        (copy / name).write_bytes(original)
    assert {part for part in before if before[part] != after[part]} == REACHES[name]
    for part in REACHES[name]:
        old, new = before[part].files, after[part].files
        assert {file for file in old.keys() | new.keys() if old.get(file) != new.get(file)} == {name}
