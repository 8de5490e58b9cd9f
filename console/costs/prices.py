"""The list prices of AWS, of one region on one date, from a file that says where each of them stands.

prices.json beside this module is the only place with a price in it. Free tiers and discounts for quantity are left out:
what they take off a bill depends on everything else in the account.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from console.errors import ConsoleError

Architecture = Literal["arm64", "x86"]
DatabaseClass = Literal["db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.t4g.large"]
Bill = dict[str, float]  # dollars a month by service

GB = 2**30

OWN_FILE = Path(__file__).with_name("prices.json")
HINT = f"{OWN_FILE.name} beside the console's modules is a whole price file: copy it and change the numbers"

Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Quantity = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]

_known = with_config(ConfigDict(extra="forbid"))


@_known
@dataclass(frozen=True)
class Price:
    """One price.

    Args:
        usd: dollars for `per` units.
        source: the page that says so.
        recheck: why it should be looked up again; None where it need not.
    """

    usd: Usd
    per: Quantity
    unit: Text
    source: Annotated[str, Field(pattern="^https://")]
    recheck: Text | None = None

    @property
    def each(self) -> float:
        """Dollars for one unit."""
        return self.usd / self.per


@_known
@dataclass(frozen=True)
class Prices:
    """Every price that the cost model uses. A GB is 2^30 bytes, as AWS meters it."""

    lambda_request: Price
    lambda_time_arm64: Price
    lambda_time_x86: Price
    http_api_request: Price
    efs_storage: Price
    efs_read: Price
    efs_write: Price
    dynamodb_write_unit: Price
    dynamodb_read_unit: Price
    dynamodb_storage: Price
    dynamodb_recovery: Price
    log: Price
    log_storage: Price
    trace: Price
    sqs_request: Price
    sns_publish: Price
    sns_email: Price
    step_transition: Price
    s3_put: Price
    s3_get: Price
    s3_storage: Price
    s3_infrequent_storage: Price
    s3_archive_storage: Price
    s3_monitored_object: Price
    efs_infrequent_storage: Price
    endpoint_hour: Price
    internet_transfer: Price
    cloudfront_request: Price
    cloudfront_function: Price
    cloudfront_transfer: Price
    waf_acl: Price
    waf_rule: Price
    waf_request: Price
    secret: Price
    secret_call: Price
    database_hour_micro: Price
    database_hour_small: Price
    database_hour_medium: Price
    database_hour_large: Price
    database_storage: Price
    database_backup: Price
    database_proxy: Price

    def lambda_time(self, architecture: Architecture) -> Price:
        """Return the price of a GB-second on a processor."""
        return self.lambda_time_arm64 if architecture == "arm64" else self.lambda_time_x86

    def database_hour(self, database_class: DatabaseClass) -> Price:
        """Return the price of an hour of a machine for PostgreSQL, in one zone."""
        price: Price = getattr(self, f"database_hour_{database_class.rpartition('.')[2]}")
        return price


@_known
@dataclass(frozen=True)
class PriceList:
    """Prices with their date and place."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    region: Text
    currency: Literal["USD"]
    prices: Prices


def load(path: Path = OWN_FILE) -> PriceList:
    """Read a price file.

    Raises:
        ConsoleError: the file cannot be read, lacks a price, has one that the model does not know, one that is
            negative, or one for another unit.
    """
    found, own = _parsed(path), _parsed(OWN_FILE)
    for name, price in named(found.prices).items():
        unit = named(own.prices)[name].unit
        if price.unit != unit:  # it would be wrong by orders of magnitude, and nobody would see it
            raise ConsoleError(f"{path}: prices.{name}.unit: got {price.unit!r}, allowed: {unit!r}", HINT)
    return found


def named(prices: Prices) -> dict[str, Price]:
    """Return the prices by name."""
    return {field.name: getattr(prices, field.name) for field in fields(Prices)}


def _parsed(path: Path) -> PriceList:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConsoleError(f"{path} cannot be read: {error.strerror}", HINT) from None
    try:
        return _adapter().validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConsoleError(f"{path}: {where + ': ' if where else ''}{first['msg']}", HINT) from None


@cache
def _adapter() -> TypeAdapter[PriceList]:
    return TypeAdapter(PriceList)
