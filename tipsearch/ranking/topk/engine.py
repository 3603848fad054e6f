"""Top-k engines: the choice between the numpy kernel and the numba kernel.

Both kernels give the same results. The numpy kernel starts at once; the numba kernel takes about a
second to start. "auto" begins with numpy and goes over to numba when numpy has taken as long as
numba takes to start. So the total time is at most twice that of the better choice, whatever the
queries are (the ski rental problem). Time is counted, and the choice is made, once a process.
"""

from __future__ import annotations

import time
import warnings
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from tipsearch.errors import SettingError
from tipsearch.ranking.topk import numpy_kernel

if TYPE_CHECKING:
    from tipsearch.ranking.topk.postings import Mask, Plan, Postings

KERNELS = ("auto", "numba", "numpy")
START_SECONDS = 1.0  # that the numba kernel takes to load or compile


class Kernel(Protocol):
    """The function of a kernel: see `numpy_kernel.top`."""

    def __call__(
        self, postings: Postings, plan: Plan, k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]: ...


class _Auto:
    """The kernel "auto": one state, shared by all engines of the process."""

    def __init__(self) -> None:
        self._kernel: Kernel = numpy_kernel.top
        self._seconds_left = START_SECONDS
        self._start_lock = Lock()

    def top(
        self, postings: Postings, plan: Plan, k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]:
        """The k best allowed rows and their scores. Counts the time that numpy takes."""
        if self._kernel is not numpy_kernel.top:
            return self._kernel(postings, plan, k, allowed)
        start = time.perf_counter()
        best = numpy_kernel.top(postings, plan, k, allowed)
        self._seconds_left -= time.perf_counter() - start
        # The lock is never released: one attempt a process. Other threads go on with numpy.
        if self._seconds_left <= 0 and self._start_lock.acquire(blocking=False):
            self._start(postings, plan, k)
        return best

    def _start(self, postings: Postings, plan: Plan, k: int) -> None:
        """Go over to numba if it is installed. Warns where it is and does not work."""
        try:
            kernel = _numba()
            kernel(postings, plan, k)  # compiles it, and shows that it works
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and error.name == "numba":
                return
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            message = f"searching with numpy, since numba does not work ({reason})"
            warnings.warn(message, stacklevel=2)
            return
        self._kernel = kernel


_auto = _Auto()


class Engine:
    """Top-k search by the kernel `name`, one of KERNELS.

    "auto" starts with numpy and goes over to numba. Where numba is not installed or does not work,
    "auto" stays with numpy and "numba" raises SettingError. `top` is the kernel's function.
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
    """The numba kernel. Raises where numba cannot be imported."""
    from tipsearch.ranking.topk import numba_kernel

    return numba_kernel.top
