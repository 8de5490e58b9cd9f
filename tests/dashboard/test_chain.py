"""The chain as a picture: the boxes are the segments that the API lists, and the table says the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Visiting
from tests.support.browser import NARROW, WIDE
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


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("rows", [10_050, 1_000_100])
def test_labels_of_the_axis_do_not_touch(visit: Visiting, width: int, rows: int) -> None:
    segment = {"first": 1, "last": rows, "bytes": 90 * rows, "digest": "ab" * 8}
    snapshot = {"bookmark": f"1.{rows}", "rows": rows, "bytes": 90 * rows, "hash": "cd" * 16, "segments": [segment]}
    body = {"snapshots": [snapshot | {"published_at": "2026-11-18T12:00:00.000Z"}]}
    with visit(width=width) as visited:
        page = visited.page
        page.route("**/api/snapshots*", lambda route: route.fulfill(json=body))
        page.goto("/dashboard/#/chain")
        labels = page.locator(".chain-axis span")
        expect(labels.filter(visible=False)).not_to_have_count(0)  # the mark beside row 1
        boxes = [box for label in labels.filter(visible=True).all() if (box := label.bounding_box())]
    assert len(boxes) > 2
    boxes.sort(key=lambda it: it["x"])
    for one, other in pairwise(boxes):
        assert one["x"] + one["width"] < other["x"]
