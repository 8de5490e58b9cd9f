"""nginx in CloudFront's place before the query function, once for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.edge.nginx import Edge, edge, needed_nginx
from tests.support.edge.origin import Origin, origin_of

ROWS = 1500


@pytest.fixture(scope="module")
def served_origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    needed_nginx()
    with origin_of(tmp_path_factory.mktemp("origin"), ROWS) as running:
        yield running


@pytest.fixture(scope="module")
def served_edge(served_origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge(tmp_path_factory.mktemp("nginx"), served_origin.url.removeprefix("http://")) as running:
        yield running


@pytest.fixture
def origin(served_origin: Origin) -> Origin:
    """The origin as it is at first; rows that tests have added stay."""
    served_origin.taken()
    served_origin.shared_max_age_s = 0
    served_origin.fails = None
    served_origin.held.set()
    return served_origin


@pytest.fixture
def cache(served_edge: Edge, origin: Origin) -> Edge:
    """nginx; what tests have asked it before is in its cache, so each asks for something else."""
    return served_edge


@pytest.fixture
def page(served_origin: Origin) -> str:
    """A page that no other test of the file asks for, as the API has it: without /api."""
    served_origin.pages += 1
    return f"/sqlite-efs?limit={served_origin.pages}"
