"""Routes of a snapshot, compiled where traffic touches them, and handed from one program to the next.

Invariants: what is compiled is kept; what a newer snapshot says byte by byte as the older did is taken over as it
is; taking over and letting go leave the interpreter to others every ``SLICE`` entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeAlias, TypeVar

import msgspec

from tracker.links import number
from tracker.snapshot import Encoded

SLICE = 500
"""Entries a thread takes over or lets go of before it leaves the interpreter to the requests."""

Route = TypeVar("Route", bound=msgspec.Struct)
Made = TypeVar("Made")
Pause: TypeAlias = Callable[[], None]


class Compiled(Mapping[str, Made], Generic[Route, Made]):
    """Routes by the text of their id, as links name them; each compiled when it is first asked for."""

    __slots__ = ("_compile", "_known", "_routes")

    def __init__(self, routes: Mapping[int, Route], compile_route: Callable[[Route], Made]) -> None:
        self._routes = routes
        self._compile = compile_route
        self._known: dict[str, Made] = {}

    def get(self, text: str, default: Made | None = None) -> Made | None:  # type: ignore[override]  # no wider default
        """Return one by the text of its id."""
        known = self._known.get(text)
        if known is not None:
            return known
        key = number(text)
        if not key or str(key) != text:
            return default
        routes = self._routes
        route = routes.read(key) if isinstance(routes, Encoded) else routes.get(key)
        if route is None:
            return default
        made = self._known[text] = self._compile(route)
        return made

    def __getitem__(self, text: str) -> Made:
        """Return one by the text of its id; KeyError when there is none."""
        made = self.get(text)
        if made is None:
            raise KeyError(text)
        return made

    def __iter__(self) -> Iterator[str]:
        return map(str, self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def routes(self) -> Iterator[Route]:
        """Yield every route as it is published, without compiling or keeping any."""
        return self._routes.each() if isinstance(self._routes, Encoded) else iter(self._routes.values())

    def take_over(self, before: Compiled[Route, Made], pause: Pause) -> None:
        """Keep what ``before`` has compiled of routes that are the same here."""
        ours, theirs = self._routes, before._routes
        if not isinstance(ours, Encoded) or not isinstance(theirs, Encoded):
            return
        for position, (text, made) in enumerate(list(before._known.items())):
            if ours.same(theirs, int(text)):
                self._known[text] = made
            if position % SLICE == SLICE - 1:
                pause()

    def let_go(self, pause: Pause) -> None:
        """Drop what was compiled, slice by slice; asked again, it is compiled again."""
        known = self._known
        while known:
            for _ in range(min(SLICE, len(known))):
                known.popitem()
            pause()
