from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.costs import prices
from console.costs.prices import OWN_FILE, load, named
from console.errors import ConsoleError
from handlers.telemetry.usage import METERED_METADATA_BYTES

KIB, MIB, GIB = 2**10, 2**20, 2**30


def changed(folder: Path, member: str, value: object) -> Path:
    """A copy of the own file with another value; without the member where there is none."""
    content = json.loads(OWN_FILE.read_text())
    *parents, last = member.split(".")
    inner = content
    for parent in parents:
        inner = inner[parent]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    path = folder / "mine.json"
    path.write_text(json.dumps(content))
    return path


def test_the_own_file_holds_every_price_with_its_source() -> None:
    own = load()
    assert (own.region, own.currency) == ("us-east-1", "USD")
    assert all(
        price.usd > 0 and price.source.startswith("https://aws.amazon.com/") for price in named(own.prices).values()
    )


def test_a_price_is_given_for_a_quantity() -> None:
    assert prices.Price(0.20, 1_000_000, "request", "https://x/").each == pytest.approx(0.0000002)


def test_figures_that_the_project_goes_by() -> None:
    own = load().prices
    cold_page = 32 * KIB / GIB * own.efs_read.each
    assert cold_page * 1e6 == pytest.approx(0.92, abs=0.005)  # 32 768 / 2^30 x 0.03 x 10^6 = 0.9155
    assert METERED_METADATA_BYTES / GIB * own.efs_read.each * 1e6 == pytest.approx(0.11, abs=0.005)  # an eighth: 0.1144
    assert own.dynamodb_read_unit.each * 1e6 == 0.125  # GetItem up to 4 KB, strongly consistent
    eventually = own.dynamodb_read_unit.each / 2
    assert eventually * 1e6 == 0.0625
    copy = 100 * MIB / GIB * own.efs_read.each
    assert copy == pytest.approx(0.0029, abs=0.00005)  # 100 / 1024 x 0.03 = 0.00293
    assert copy / cold_page == 3200
    assert copy / eventually == pytest.approx(46_900, abs=50)  # 0.0029297 / 0.0000000625 = 46 875
    a_minute = 30 * 24 * 60
    assert a_minute * 100 * MIB / GIB * own.efs_write.each == pytest.approx(253, abs=0.5)  # 43 200 x 0.0977 x 0.06


def test_another_file_replaces_the_own_one(tmp_path: Path) -> None:
    assert load(changed(tmp_path, "region", "eu-north-1")).region == "eu-north-1"
    assert load(changed(tmp_path, "prices.log.usd", 0.7)).prices.log.usd == 0.7


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("prices.efs_read", None, "prices.efs_read: Field required"),
        ("prices.s3", {"usd": 1, "per": 1, "unit": "GB", "source": "https://x/"}, "prices.s3: Unexpected"),
        ("prices.log.usd", -0.5, "prices.log.usd: Input should be greater than or equal to 0"),
        ("prices.log.usd", "0.5", "prices.log.usd: Input should be a valid number"),
        ("prices.log.usd", float("nan"), "prices.log.usd: Input should be a finite number"),
        ("prices.log.per", 0, "prices.log.per: Input should be greater than 0"),
        ("prices.log.unit", "MB", "prices.log.unit: got 'MB', allowed: 'GB'"),
        ("prices.log.source", "a friend", "prices.log.source: "),
        ("currency", "EUR", "currency: Input should be 'USD'"),
        ("date", "today", "date: "),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, member: str, value: object, said: str) -> None:
    path = changed(tmp_path, member, value)
    with pytest.raises(ConsoleError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}: {said}")
    assert "prices.json" in raised.value.hint


def test_a_file_that_is_no_json_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    with pytest.raises(ConsoleError, match="cannot be read: No such file"):
        load(path)
    path.write_bytes(b"\xff{")
    with pytest.raises(ConsoleError, match=r"mine\.json: Invalid JSON"):
        load(path)
