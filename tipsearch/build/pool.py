"""Work shared by several processes, by joblib, where that pays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tipsearch.build import bulk
from tipsearch.errors import NotEnoughMemory, SettingError

# Below this many bytes one process is done before the workers have started.
PARALLEL_BYTES = 8_000_000


class Pool:
    """Calls of a function over many things: in `jobs` processes if `parallel`, else here.

    By default in as many as there are cores that this process may use. Raises SettingError.
    """

    def __init__(self, jobs: int | None = None) -> None:
        if jobs is not None and (type(jobs) is not int or jobs < 1):
            raise SettingError("jobs", jobs, "a whole number, at least 1, or None for all cores")
        self._jobs, self.parallel = jobs, False

    def weigh(self, size: int) -> None:
        """Decide by how many bytes there are to be read whether it is parallel."""
        self.parallel = self._jobs != 1 and size >= PARALLEL_BYTES

    def map(self, function: Callable[..., Any], things: Iterable[Any], *more: Any) -> Iterator[Any]:
        """What the function gives for each thing, in order."""
        if not self.parallel:
            yield from (function(thing, *more) for thing in things)
            return
        import joblib  # what is done here need not wait for it

        jobs = joblib.Parallel(self._jobs or -1, "loky", return_as="generator")
        work = joblib.delayed(bulk.in_worker)
        try:
            yield from jobs(work(function, thing, *more) for thing in things)
        except BrokenProcessPool as error:
            reason = "a process that shared the work was ended, probably for want of memory"
            raise NotEnoughMemory(reason) from error
