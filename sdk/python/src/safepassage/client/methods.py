"""A call as a method of a face: awaited, or waited for."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from safepassage.client.call import Call

P = ParamSpec("P")
A = TypeVar("A")


class _Awaits(Protocol):
    def run(self, call: Call[A]) -> Awaitable[A]: ...


class _Waits(Protocol):
    def run(self, call: Call[A]) -> A: ...


class Awaited(Generic[P, A]):
    """A call as a method that is awaited."""

    def __init__(self, build: Callable[P, Call[A]]) -> None:
        self.build, self.__doc__ = build, build.__doc__

    def __get__(self, client: _Awaits, owner: type[Any]) -> Callable[P, Awaitable[A]]:
        def method(*args: P.args, **keywords: P.kwargs) -> Awaitable[A]:
            return client.run(self.build(*args, **keywords))

        return method


class Waited(Generic[P, A]):
    """A call as a method that returns when it is done."""

    def __init__(self, build: Callable[P, Call[A]]) -> None:
        self.build, self.__doc__ = build, build.__doc__

    def __get__(self, client: _Waits, owner: type[Any]) -> Callable[P, A]:
        def method(*args: P.args, **keywords: P.kwargs) -> A:
            return client.run(self.build(*args, **keywords))

        return method
