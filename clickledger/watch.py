"""Asking again and again, for a person who looks or a program that reads on.

Invariants: Ctrl-C and SIGTERM end it without a trace; a service that is away for a while ends nothing, what was
answered last stays; what is refused for good ends it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from kernel.errors import ClickledgerError

Answer = TypeVar("Answer")

_FOR_A_WHILE = frozenset({429, 502, 503, 504})
"""Statuses that don't mean for ever."""


def repeat(ask: Callable[[], Answer], seconds: float) -> Iterator[tuple[Answer, str]]:
    """Yield an answer every so many seconds, and a sentence when there was none this time and it is the last one.

    Raises:
        ClickledgerError: it was refused for good, or the first answer never came.

    """
    begin = time.monotonic()
    last = ask()
    yield last, ""
    while True:
        time.sleep(max(0.0, seconds - (time.monotonic() - begin)))
        begin, trouble = time.monotonic(), ""
        try:
            last = ask()
        except ClickledgerError as why:
            if why.kind.status not in _FOR_A_WHILE:
                raise
            trouble = why.message
        yield last, trouble


@contextmanager
def interruptible() -> Iterator[None]:
    """End the block, not the process, at Ctrl-C and SIGTERM; handlers are the main thread's alone."""
    in_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _interrupt) if in_main else None
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        if in_main:
            signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
