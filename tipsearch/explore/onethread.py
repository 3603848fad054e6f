"""Sums in one order: the numeric libraries on one thread, for one caller at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_ONE = RLock()  # limits are the process's: callers that overlap would undo or keep each other's


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for what is loaded by then."""
    from threadpoolctl import threadpool_limits

    with _ONE, threadpool_limits(1):
        yield
