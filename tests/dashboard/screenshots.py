"""Pictures of the page for the documents, of a local stack with rows, benchmarks and jobs: `make screenshots`.

They depend on the machine's speed and fonts, so no test compares them: whoever changes the page makes them anew, and
looks at them.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.routes import SOURCES
from handlers.settings import BOTH
from tests.support.browser import NARROW, WIDE, open_browser, visiting
from tests.support.drafts import fields
from tests.support.local import web

FOLDER = Path(__file__).parents[2] / "docs" / "images"
COLOURS = 96
MOST_BYTES = 250_000
# (section, width, theme); everything once, and each width and theme more than once
PICTURES = (
    *((section, WIDE, "light") for section in ("data", "homes", "chain", "jobs", "benchmarks", "verdict", "costs")),
    *((section, WIDE, "dark") for section in ("data", "homes")),
    *((section, NARROW, "dark") for section in ("data", "chain", "costs")),
    *((section, NARROW, "light") for section in ("homes", "verdict")),
)


def main() -> None:
    """Make the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stack = project_stack(Path(folder) / "stack", projection=BOTH, has_worker=True, has_page=True)
        with BackgroundStack(stack) as running, open_browser() as browser:
            fill(running.url, Path(folder))
            for section, width, scheme in PICTURES:
                picture(browser, running.url, section, width, scheme)


def fill(url: str, folder: Path) -> None:
    """Give the stack rows by all ways, a job for a file of them, and benchmarks."""
    for count in (*[1000] * 12, 900, 400, 60, 1000, 45, 7):
        web.post(url + "/insert", json={"count": count}).raise_for_status()
    file = folder / "march.ndjson"
    file.write_text("".join(f"{json.dumps(fields(number))}\n" for number in range(3000)))
    console("import", str(file), "--via-s3", "--url", url)
    for iterations in (30, 40, 50):
        web.post(url + "/benchmarks", json={"iterations": iterations}).raise_for_status()
    for count in (12, 5):
        web.post(url + "/insert", json={"count": count}).raise_for_status()


def console(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "console", *arguments], check=True)


def picture(browser: Browser, url: str, section: str, width: int, scheme: str) -> None:
    """Open a section, wait until it shows something, and keep what is to be seen."""
    with visiting(browser, url, width=width, scheme=scheme) as visited:
        page = visited.page
        page.goto(f"/dashboard/#/{section}")
        expect(page.locator("#section :is(.loading, [aria-busy]), #section[aria-busy]")).to_have_count(0)
        expect(page.locator("#section :is(ul, ol):empty:not(.chips)")).to_have_count(0)
        if section == "homes":
            watch(page)
        name = f"dashboard-{section}-{width}-{scheme}.png"
        save(page.screenshot(), FOLDER / name)


def watch(page: Page) -> None:
    """Let the homes be asked for some rounds."""
    expect(page.locator(".receipt")).to_have_count(len(SOURCES))
    page.get_by_label("Every").select_option("0.5")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("details tbody tr")).to_have_count(16)


def save(screenshot: bytes, path: Path) -> None:
    """Save a picture with as many colours as a page of few needs. Raises ValueError for one that is too large."""
    Image.open(io.BytesIO(screenshot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    size = path.stat().st_size
    print(f"{path.name}  {size:,} bytes")
    if size > MOST_BYTES:
        raise ValueError(f"{path} has {size} bytes")


if __name__ == "__main__":
    main()
