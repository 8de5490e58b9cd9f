"""Arrows point one way: the stack's program → infra; console → handlers → standard library and boto3; tests → all.

What a function's archive holds is known to `archives` alone, which needs nobody: infra deploys it, console shows it.
"""

from __future__ import annotations

import ast
import graphlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = {"archives", "handlers", "console", "infra", "tests"}
STANDARD = frozenset(sys.stdlib_module_names)

# What a cold start of the query function loads beside C modules and its own files. Whatever comes in here costs every
# new sandbox; `typing` alone is 1.3 ms, boto3 78 ms.
COLD_START = {
    *("atexit", "collections", "collections.abc", "contextlib", "copyreg", "enum", "errno"),
    *("functools", "gc", "genericpath", "itertools", "json", "json.decoder", "json.encoder", "json.scanner"),
    *("keyword", "linecache", "logging", "math", "operator", "os", "os.path", "posixpath", "re", "re._casefix"),
    *("re._compiler", "re._constants", "re._parser", "reprlib", "stat", "string"),
    *("textwrap", "threading", "token", "tokenize", "traceback", "types", "warnings", "weakref"),
}
TOO_DEAR = {
    "sqlite3",
    "datetime",
    "hashlib",
    "typing",
    "dataclasses",
    "pathlib",
    "base64",
    "urllib",
    "asyncio",
    "http.client",
    "inspect",
    "random",
}
# The modules that may import the AWS SDK and python-ulid when they run; all of them belong to writing or to path `ddb`.
SDK = {"handlers.aws.dynamodb", "handlers.ledger.appender"}
ULID = {"handlers.ledger.appender", "handlers.ledger.transaction", "handlers.snapshots.publish"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, type_checking: bool = False, lazy: bool = True) -> set[str]:
    """The modules that a file imports when it runs, or, with `type_checking`, those that only its types need.

    Args:
        lazy: with those imported within functions.
    """
    found: set[str] = set()
    for node, is_typing, is_lazy in _nodes(ast.parse(path.read_text()), is_typing=False, is_lazy=False):
        if is_typing == type_checking and (lazy or not is_lazy):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: a relative import"
                found |= {_imported(node.module or "", alias.name) for alias in node.names}
    return found - {"__future__"}


def _imported(module: str, name: str) -> str:
    """`from handlers import rows` means the module handlers.rows, where there is one."""
    path = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if path.with_suffix(".py").exists() else module


def _nodes(tree: ast.AST, *, is_typing: bool, is_lazy: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, is_typing, is_lazy
        typed = is_typing or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        later = is_lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _nodes(node, is_typing=typed, is_lazy=later)


def files(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py"))


def top(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def closure(start: str, *, lazy: bool) -> set[str]:
    """All modules of handlers/ that a module leads to."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
            found = imports(path, lazy=lazy) if path.exists() else set[str]()
            waiting += [name for name in found if name.startswith("handlers.")]
    return reached


@pytest.mark.parametrize("path", files("handlers"), ids=module_name)
def test_handlers_use_the_standard_library_boto3_and_ulid_alone(path: Path) -> None:
    outside = top(imports(path)) - STANDARD - {"handlers"}
    name = module_name(path)
    assert outside <= ({"boto3", "botocore"} if name in SDK else set()) | ({"ulid"} if name in ULID else set())
    outside = top(imports(path, type_checking=True)) - STANDARD - {"handlers"}
    assert outside <= {"botocore", "mypy_boto3_dynamodb"}


@pytest.mark.parametrize(
    ("part", "allowed"),
    [
        ("archives", {"archives"}),
        ("handlers", {"handlers"}),
        ("console", {"console", "handlers", "archives"}),
        ("infra", {"infra", "handlers", "archives"}),
    ],
)
def test_arrows_point_one_way(part: str, allowed: set[str]) -> None:
    for path in files(part):
        reached = top(imports(path) | imports(path, type_checking=True))
        assert reached & PARTS <= allowed, path


def test_infra_reads_only_names_from_the_handlers() -> None:
    for path in (*files("infra"), *ROOT.glob("*.py")):
        from_handlers = {module for module in imports(path) if module.startswith("handlers")}
        assert from_handlers <= {"handlers", "handlers.routes", "handlers.settings", "handlers.aws.table"}, path


def test_only_the_settings_of_infra_read_configuration() -> None:
    assert [path.name for path in files("infra") if "pulumi.Config" in path.read_text()] == ["typed_config.py"]
    users = [path.name for path in files("infra") if "TypedConfig(" in path.read_text()]
    assert users == ["settings.py"]


def test_no_module_of_the_handlers_needs_itself() -> None:
    graph = {
        module_name(path): imports(path) & {module_name(other) for other in files("handlers")}
        for path in files("handlers")
    }
    graphlib.TopologicalSorter(graph).prepare()


def test_the_query_function_leads_to_the_sdk_only_when_ddb_is_used_and_never_to_ulid() -> None:
    assert not closure("handlers.query", lazy=False) & (SDK | ULID)
    assert closure("handlers.query", lazy=True) & (SDK | ULID) == {"handlers.aws.dynamodb"}


def test_a_cold_start_of_the_query_function_loads_what_it_needs_and_no_more() -> None:
    program = """if True:
        import sys
        before = set(sys.modules)
        sys.path.insert(0, sys.argv[1])
        import handlers.query
        loaded = set(sys.modules) - before
        import json
        print(json.dumps(sorted(loaded)))
    """
    names: list[str] = json.loads(run(program))
    assert not [
        name
        for name in names
        if name.startswith(("handlers.benchmark.", "handlers.openapi.", "handlers.api.benchmarks"))
    ]
    loaded = {name for name in names if not name.startswith(("_", "handlers"))}
    assert loaded - COLD_START == set()
    assert not loaded & TOO_DEAR
    assert not top(loaded) - STANDARD


def test_the_sqlite_paths_never_need_the_sdk(tmp_path: Path) -> None:
    program = """if True:
        import sys
        sys.path.insert(0, sys.argv[1])
        from handlers.query import make_handler
        handler = make_handler({"EFS_DIR": sys.argv[2], "TMP_DIR": sys.argv[2]})
        for path in ("/sqlite-efs", "/sqlite-tmp", "/sqlite-tmp/stats", "/health", "/snapshots", "/openapi.json"):
            event = {"rawPath": path, "requestContext": {"http": {"method": "GET"}}}
            assert handler(event, None)["statusCode"] == 200
        print(sorted({"boto3", "botocore", "ulid", "http.client", "asyncio"} & sys.modules.keys()))
    """
    assert run(program, tmp_path) == "[]\n"


def run(program: str, *arguments: Path) -> str:
    """What a fresh Python prints. Without site: what is installed beside it must not have loaded anything before."""
    command = [sys.executable, "-I", "-S", "-c", program, str(ROOT), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
