"""The chain as a picture: the boxes are the segments that the API lists, and the table says the same."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.dashboard.conftest import Visiting
from tests.support.local import web


def test_every_snapshot_is_a_line_of_its_segments(visit: Visiting, stack: str) -> None:
    snapshots = [each for each in web.get(f"{stack}/snapshots").json()["snapshots"] if each["rows"]]
    newest = snapshots[0]
    assert len(newest["segments"]) > 1
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/chain")
        lines = page.locator(".chain-track")
        expect(lines).to_have_count(len(snapshots))
        for line, snapshot in zip(lines.all(), snapshots, strict=True):
            titles = [box.get_attribute("title") or "" for box in line.locator(".segment").all()]
            assert [title.rsplit(", ", 1)[1] for title in titles] == [
                segment["digest"] for segment in reversed(snapshot["segments"])
            ]
        expect(lines.first.locator(".segment[data-kept]")).to_have_count(len(newest["segments"]))
        cells = page.get_by_role("table").locator("tbody tr").all_inner_texts()
        assert [row.split("\t")[:2] for row in cells] == [
            [str(segment["first"]), str(segment["last"])] for segment in newest["segments"]
        ]


def test_boxes_of_a_line_touch_and_reach_from_the_first_row_to_the_newest(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/chain")
        track = page.locator(".chain-track").first
        whole = track.bounding_box()
        boxes = [box.bounding_box() for box in track.locator(".segment").all()]
        assert whole
        edges = [whole["x"]]
        for box in boxes:
            assert box and abs(box["x"] - edges[-1]) < 1
            edges.append(box["x"] + box["width"])
        assert abs(edges[-1] - whole["x"] - whole["width"]) < 1
