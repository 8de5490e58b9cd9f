"""The house: which room may import which, what each room may load from outside, and how large rooms and files grow.

`FLOORS` is the table of rooms, from the top floor down: a room may import its own files and what is below it, never
what is above. Imports that only types need count too.
"""

from __future__ import annotations

import ast
import graphlib
import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from archives.closure import files_of

ROOT = Path(__file__).parent.parent
PARTS = ("archives", "console", "handlers", "infra")
QUESTION_WORDS = {"What", "Where", "Whether", "Who", "How", "That", "Of"}
STANDARD = frozenset(sys.stdlib_module_names)

# A name stands for a room, or for a file beside the rooms. Rooms in one line do not import each other.
FLOORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "handlers": (
        ("authorizer", "command", "migrator", "projector", "query", "relational", "sessions", "warmer", "worker"),
        ("openapi",),
        ("benchmark",),
        ("api",),
        ("gateway",),
        ("access", "jobs"),
        ("feed",),
        ("imports", "lake", "upkeep"),
        ("schema",),
        ("postgres",),
        ("sql",),
        ("reads",),
        ("events",),
        ("snapshots",),
        ("ledger",),
        ("rows",),
        ("model",),
        ("aws",),
        ("telemetry",),
        ("domain",),
        ("settings",),
        ("routes",),
    ),
    "console": (
        ("cli", "documents"),
        ("verbs",),
        ("report",),
        ("expectations", "verdict"),
        ("benchmark", "recovery", "soak"),
        ("local",),
        ("results",),
        ("migration",),
        ("sql",),
        ("changes",),
        ("proposals",),
        ("jobs",),
        ("access", "imports", "lake", "rollout"),
        ("data",),
        ("costs",),
        ("client",),
        ("terminal",),
        ("declaration", "errors", "install", "interrupts", "paths", "wording"),
    ),
    "infra": (
        ("background", "delivering", "fronting", "guarding", "rolling", "watching", "working"),
        ("stack",),
        ("settings",),
        ("watch",),
        ("jobs", "rebuild", "rollout"),
        ("machines",),
        ("compute",),
        ("delivery", "edge"),
        ("gateway",),
        ("data",),
        ("foundation",),
        ("policies",),
        ("account", "naming"),
        ("typed_config",),
    ),
    "archives": (
        ("manifest",),
        ("contents", "zipped"),
        ("bytecode", "closure", "lean", "start"),
        ("errors", "imports", "runtimes", "standard_library"),
    ),
}
# What a house may import of another one.
HOUSES: dict[str, set[str]] = {
    "archives": set(),
    "handlers": set(),
    "console": {"handlers", "archives", "infra.edge.headers", "infra.rebuild.definition"},
    "infra": {
        *("archives", "handlers.routes", "handlers.settings", "handlers.aws.table", "handlers.telemetry.metrics"),
        "handlers.aws.sessions_table",
        *("handlers.rows", "handlers.model"),  # the lake's columns
    },
    "__main__": {"infra", "handlers.routes"},
}
# What the rooms of handlers/ may import from outside the standard library, when they run or for their types.
SDK = {"boto3", "botocore", "mypy_boto3_dynamodb"}
OUTSIDE = {
    "aws": SDK,
    "ledger": {"ulid"},
    "snapshots": {"ulid"},
    "postgres": {"psycopg"},
    "feed": {"psycopg"},
    "schema": {"psycopg"},
}
MOST_FILES = 12
MOST_LINES = 250  # of a file of handlers/

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


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, typed: bool = True, lazy: bool = True) -> set[str]:
    """The modules that a file imports.

    Args:
        typed: with those that only its types need.
        lazy: with those imported within functions.
    """
    found: set[str] = set()
    for node, is_typing, is_lazy in _nodes(ast.parse(path.read_text()), is_typing=False, is_lazy=False):
        if (typed or not is_typing) and (lazy or not is_lazy):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: a relative import"
                found |= {_imported(node.module or "", alias.name) for alias in node.names}
    return found - {"__future__"}


def _imported(module: str, name: str) -> str:
    """`from handlers import rows` means the module handlers.rows, where there is one."""
    path = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else module


def _nodes(tree: ast.AST, *, is_typing: bool, is_lazy: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, is_typing, is_lazy
        typed = is_typing or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        later = is_lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _nodes(node, is_typing=typed, is_lazy=later)


def files(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py"))


def room_of(module: str) -> str:
    """The second part of a module's name: `handlers.reads.ddb` is in `reads`."""
    return module.split(".")[1] if "." in module else ""


def top(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def closure(start: str, *, lazy: bool) -> set[str]:
    """All modules of handlers/ that a module leads to when it runs."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
            found = imports(path, typed=False, lazy=lazy) if path.exists() else set[str]()
            waiting += [name for name in found if name.startswith("handlers.")]
    return reached


# Rooms


@pytest.mark.parametrize("house", FLOORS)
def test_every_room_has_its_floor(house: str) -> None:
    listed = Counter(itertools.chain(*FLOORS[house]))
    entries = {path.stem if path.is_file() else path.name for path in (ROOT / house).iterdir()}
    assert listed == Counter(entry for entry in entries if not entry.startswith("__"))


@pytest.mark.parametrize("house", FLOORS)
def test_no_room_imports_what_is_above_it_or_beside_it(house: str) -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS[house]) for room in rooms}
    wrong = [
        f"{module_name(path)} imports {imported}"
        for path in files(house)
        if path.stem != "__main__"
        for imported in imports(path)
        if imported.startswith(f"{house}.")
        and (there := room_of(imported)) != (here := room_of(module_name(path)))
        and floor[there] <= floor[here]
    ]
    assert wrong == []


def test_a_room_that_looks_up_would_be_found() -> None:
    (ddb,) = (path for path in files("handlers") if module_name(path) == "handlers.reads.ddb")
    below = {room_of(module) for module in imports(ddb) if module.startswith("handlers.")}
    order = [room for rooms in FLOORS["handlers"] for room in rooms]
    assert {"aws", "ledger", "domain", "telemetry"} <= below
    assert min(order.index(room) for room in below - {"reads"}) > order.index("reads")


@pytest.mark.parametrize("house", HOUSES)
def test_a_house_imports_those_below_it_alone(house: str) -> None:
    paths = [ROOT / "__main__.py"] if house == "__main__" else files(house)
    foreign = {module for path in paths for module in imports(path) if module.split(".")[0] in {*PARTS, "tests"}}
    allowed = HOUSES[house] | {house}
    assert {name for name in foreign if not any(f"{name}.".startswith(f"{one}.") for one in allowed)} == set()


def test_verbs_never_import_each_other() -> None:
    verbs = files("console/verbs")
    wrong = {
        module_name(path): names for path in verbs if (names := {n for n in imports(path) if "console.verbs" in n})
    }
    assert len(verbs) > 5
    assert wrong == {}


def test_no_two_classes_share_a_name() -> None:
    named: dict[str, set[str]] = {}
    for path in (path for part in PARTS for path in files(part)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                named.setdefault(node.name, set()).add(module_name(path))
    assert {name: modules for name, modules in named.items() if len(modules) > 1} == {}


def test_rooms_and_files_stay_small() -> None:
    rooms = Counter(path.parent for part in (*PARTS, "tests") for path in files(part) if path.name != "__init__.py")
    large = {str(room.relative_to(ROOT)): count for room, count in rooms.items() if count > MOST_FILES}
    assert large == {}
    long = {module_name(path): len(path.read_text().splitlines()) for path in files("handlers")}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


def test_a_room_says_what_it_is_in_one_line_and_holds_nothing_else() -> None:
    for path in (path for part in PARTS for path in files(part) if path.name == "__init__.py"):
        (docstring,) = ast.parse(path.read_text()).body
        assert isinstance(docstring, ast.Expr), path
        assert len(path.read_text().splitlines()) == 1, path


def test_no_docstring_begins_with_a_question_word() -> None:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    wrong = [
        f"{module_name(path)}: {docstring.splitlines()[0]}"
        for path in (path for part in PARTS for path in files(part))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, documented)
        and (docstring := ast.get_docstring(node))
        and docstring.split()[0].rstrip(",:;") in QUESTION_WORDS
    ]
    assert wrong == []


def test_no_module_needs_itself() -> None:
    for part in PARTS:
        names = {module_name(path) for path in files(part)}
        graph = {module_name(path): imports(path, typed=False) & names for path in files(part)}
        graphlib.TopologicalSorter(graph).prepare()


def test_only_the_settings_of_infra_read_configuration() -> None:
    assert [path.name for path in files("infra") if "pulumi.Config" in path.read_text()] == ["typed_config.py"]
    users = [path.name for path in files("infra") if "TypedConfig(" in path.read_text()]
    assert users == ["stack_settings.py"]


# What the functions load


@pytest.mark.parametrize("path", files("handlers"), ids=module_name)
def test_handlers_use_the_standard_library_alone_but_for_the_sdk_and_ulid(path: Path) -> None:
    allowed = OUTSIDE.get(room_of(module_name(path)), set())
    assert top(imports(path)) - STANDARD - {"handlers"} <= allowed


def test_the_query_function_leads_to_the_sdk_only_when_ddb_is_used_and_never_to_ulid() -> None:
    def outside(*, lazy: bool) -> set[str]:
        paths = [ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in closure("handlers.query", lazy=lazy)]
        modules = [top(imports(path, typed=False, lazy=lazy)) for path in paths if path.exists()]
        return set[str]().union(*modules) - STANDARD - {"handlers"}

    assert outside(lazy=False) == set()
    assert outside(lazy=True) == {"boto3", "botocore"}


@pytest.mark.parametrize(
    ("function", "most_files", "rooms"),
    [
        ("authorizer", 25, {"access", "aws", "domain", "telemetry"}),
        ("sessions", 55, {"access", "api", "aws", "domain", "gateway", "model", "telemetry"}),
    ],
)
def test_who_guards_the_door_carries_no_data_room(function: str, most_files: int, rooms: set[str]) -> None:
    packed = files_of(f"handlers.{function}", ROOT)
    assert len(packed) <= most_files
    assert {Path(name).parts[1] for name in packed if len(Path(name).parts) > 2} == rooms


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
    late = ("handlers.benchmark", "handlers.openapi", "handlers.ledger", "handlers.aws")
    late += ("handlers.sql", "handlers.api.sql")
    assert [name for name in names if name.startswith(late)] == []
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
    assert run(program, tmp_path).splitlines()[-1] == "[]"


def run(program: str, *arguments: Path) -> str:
    """What a fresh Python prints. Without site: what is installed beside it must not have loaded anything before."""
    command = [sys.executable, "-I", "-S", "-c", program, str(ROOT), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
