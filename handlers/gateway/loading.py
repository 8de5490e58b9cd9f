"""Operations whose code is loaded with the first request for one of them: nothing that another should pay for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.gateway.router import Operation


def loaded_later(names: Iterable[str], load: Callable[[], Mapping[str, Operation]]) -> dict[str, Operation]:
    """Return an operation for each name; the first that is called loads them all, once."""
    loaded: dict[str, Operation] = {}

    def operation_of(name: str) -> Operation:
        def operation(request: Request) -> Response:
            if not loaded:
                loaded.update(load())
            return loaded[name](request)

        return operation

    return {name: operation_of(name) for name in names}
