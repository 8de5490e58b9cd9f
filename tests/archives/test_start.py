from __future__ import annotations

import pytest

from archives.contents import sources_of
from archives.start import loaded_at_start
from tests.archives.conftest import Write


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import app.other", {"app/other.py"}),
        ("from app import other", {"app/other.py"}),
        ("from .other import thing", {"app/other.py"}),
        ("from app.deep import inner", {"app/deep/__init__.py", "app/deep/inner.py"}),
        ("import app.deep.inner", {"app/deep/__init__.py", "app/deep/inner.py"}),
        ("from app.deep import both", {"app/deep/__init__.py", "app/other.py"}),
        ("from app import VERSION", set[str]()),
        ("import json\nimport boto3", set[str]()),
        ("def later():\n    import app.other", set[str]()),
        ("async def later():\n    import app.other", set[str]()),
        ("class Now:\n    import app.other\n    def later(self):\n        import app.deep", {"app/other.py"}),
        ("if TYPE_CHECKING:\n    import app.other", set[str]()),
        ("try:\n    import app.other\nexcept ImportError:\n    pass", {"app/other.py"}),
    ],
)
def test_what_a_start_loads(text: str, found: set[str], write: Write) -> None:
    root = write(
        {
            "app/__init__.py": "VERSION = 1",
            "app/main.py": text,
            "app/other.py": "import app.main\nthing = 1",
            "app/deep/__init__.py": "def both():\n    pass\nfrom .. import other" if "both" in text else "",
            "app/deep/inner.py": "",
        }
    )
    assert loaded_at_start("app.main", sources_of("app.main", root)) == sorted(
        {"app/__init__.py", "app/main.py"} | found
    )


def test_a_shipped_distribution_is_followed_as_well(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/main.py": "from ulid import ULID"})
    found = loaded_at_start("app.main", sources_of("app.main", root))
    assert {"ulid/__init__.py", "ulid/base32.py", "ulid/constants.py"} <= {*found}
    assert "ulid/__main__.py" not in found
