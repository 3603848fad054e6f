"""Which kernel answers?

Both give the same answers. The one in numpy is there at once; the one compiled by numba takes a
second to start. So numpy begins, and numba takes over when numpy has taken as long as it takes to
start: whatever the number and the cost of the queries, the total is at most twice that of the
better choice (the ski rental problem). That is counted, and decided, once for all of a process.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from tipsearch.errors import SettingError
from tipsearch.ranking.topk import numpy_kernel

if TYPE_CHECKING:
    from tipsearch.ranking.topk.postings import Plan, Postings

    Kernel = Callable[[Postings, Plan, int], list[tuple[int, float]]]

KERNELS = ("auto", "numba", "numpy")
START_SECONDS = 1.0


class _Auto:
    """The kernel of all engines of the process that are left to choose."""

    def __init__(self) -> None:
        self._kernel: Kernel = numpy_kernel.top
        self._seconds_left = START_SECONDS
        self._starting = Lock()

    def top(self, postings: Postings, plan: Plan, k: int) -> list[tuple[int, float]]:
        if self._kernel is not numpy_kernel.top:
            return self._kernel(postings, plan, k)
        start = time.perf_counter()
        best = numpy_kernel.top(postings, plan, k)
        self._seconds_left -= time.perf_counter() - start
        # One thread makes one attempt; the others go on with numpy meanwhile.
        if self._seconds_left <= 0 and self._starting.acquire(blocking=False):
            self._start(postings, plan, k)
        return best

    def _start(self, postings: Postings, plan: Plan, k: int) -> None:
        """Go over to numba if it is there; where it is and does not work, a warning says why."""
        try:
            kernel = _numba()
            kernel(postings, plan, k)  # compiled here, and seen to work
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and error.name == "numba":
                return
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            told = f"searching with numpy, since numba does not work ({reason})"
            warnings.warn(told, stacklevel=2)
            return
        self._kernel = kernel


_auto = _Auto()


class Engine:
    """Top-k search by the kernel `name`; "auto" starts with numpy and goes over to numba.

    Where numba is not installed or does not work, "auto" stays with numpy, and "numba" raises
    SettingError.
    """

    def __init__(self, name: str = "auto") -> None:
        if name not in KERNELS:
            raise SettingError("kernel", name, f"one of {', '.join(KERNELS)}")
        self.name = name
        self.top: Kernel = numpy_kernel.top if name == "numpy" else _auto.top
        if name == "numba":
            try:
                self.top = _numba()
            except Exception as error:
                expected = f"'numpy' while numba cannot be imported ({error})"
                raise SettingError("kernel", name, expected) from error


def _numba() -> Kernel:
    from tipsearch.ranking.topk import numba_kernel

    return numba_kernel.top
