"""A lock that limits BLAS and OpenMP to one thread, so that floating-point sums have one order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_LOCK = RLock()  # the limit is of the process: overlapping callers would undo each other's


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit the numeric libraries that are loaded already to one thread; other callers wait."""
    from threadpoolctl import threadpool_limits

    with _LOCK, threadpool_limits(1):
        yield
