"""Which kernel answers?

Both give the same answers. The one in numpy is there at once; the one compiled by numba takes a
second to start. So numpy begins, and numba takes over when numpy has taken as long as it takes to
start: whatever the number and the cost of the queries, the total is at most twice that of the
better choice (the ski rental problem).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from tipsearch.errors import SettingError
from tipsearch.retrieval import numpy_kernel

if TYPE_CHECKING:
    from tipsearch.retrieval.postings import Plan, Postings

    Kernel = Callable[[Postings, Plan, int], list[tuple[int, float]]]

KERNELS = ("auto", "numba", "numpy")
START_SECONDS = 1.0


class Engine:
    """Top-k search by the kernel `name`; "auto" starts with numpy and goes over to numba.

    Where numba is not installed or does not work, "auto" stays with numpy, and "numba" raises
    SettingError.
    """

    def __init__(self, name: str = "auto") -> None:
        if name not in KERNELS:
            raise SettingError("kernel", name, f"one of {', '.join(KERNELS)}")
        self.name = name
        self._kernel: Kernel = numpy_kernel.top
        self._seconds_left = START_SECONDS
        if name == "numba":
            self._kernel = _numba()

    def top(self, postings: Postings, plan: Plan, k: int) -> list[tuple[int, float]]:
        """The k best rows with their scores, by score, then by row; only such as have a term."""
        if self.name != "auto":
            return self._kernel(postings, plan, k)
        if self._kernel is not numpy_kernel.top:
            try:
                return self._kernel(postings, plan, k)
            except Exception:  # whatever is wrong with numba, numpy is right
                self._kernel = numpy_kernel.top
        start = time.perf_counter()
        best = numpy_kernel.top(postings, plan, k)
        self._seconds_left -= time.perf_counter() - start
        if self._seconds_left <= 0:
            self._seconds_left = float("inf")  # one attempt
            with suppress(Exception):
                kernel = _numba()
                kernel(postings, plan, k)  # compiled here, and seen to work
                self._kernel = kernel
        return best


def _numba() -> Kernel:
    try:
        from tipsearch.retrieval import numba_kernel
    except Exception as error:
        raise SettingError(
            "kernel", "numba", f"'numpy' while numba cannot be imported ({error})"
        ) from error
    return numba_kernel.top
