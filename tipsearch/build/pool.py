"""Pool: maps a function over items, in several processes (joblib) where that saves time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tipsearch.build import bulk
from tipsearch.errors import NotEnoughMemory, SettingError

# Below this many bytes one process is done before the workers have started.
PARALLEL_BYTES = 8_000_000


class Pool:
    """Maps functions over items: in `jobs` processes if `parallel`, else in this one.

    The default of `jobs` is the number of cores that this process may use. Raises SettingError.
    """

    def __init__(self, jobs: int | None = None) -> None:
        if jobs is not None and (type(jobs) is not int or jobs < 1):
            raise SettingError("jobs", jobs, "a whole number, at least 1, or None for all cores")
        self._jobs, self.parallel = jobs, False

    def weigh(self, size: int) -> None:
        """Set `parallel` if the work, given by its size in bytes, is large enough."""
        self.parallel = self._jobs != 1 and size >= PARALLEL_BYTES

    def map(self, function: Callable[..., Any], items: Iterable[Any], *more: Any) -> Iterator[Any]:
        """Yield `function(item, *more)` for each item, in order. Raises NotEnoughMemory."""
        if not self.parallel:
            yield from (function(item, *more) for item in items)
            return
        import joblib  # slow to load, and not needed above

        jobs = joblib.Parallel(self._jobs or -1, "loky", return_as="generator")
        work = joblib.delayed(bulk.in_worker)
        try:
            yield from jobs(work(function, item, *more) for item in items)
        except BrokenProcessPool as error:
            reason = "a process that shared the work was ended, probably for want of memory"
            raise NotEnoughMemory(reason) from error
