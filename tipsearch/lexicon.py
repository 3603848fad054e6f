"""How do strings lie on disk, and how is one found without loading them all?

A table of strings is one blob of UTF-8 lines and one array of offsets. Nothing is decoded until
it is asked for, so opening a table of a million titles costs as much as opening one of ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from mmap import mmap
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.errors import SettingError

if TYPE_CHECKING:
    import numpy.typing as npt

Blob = bytes | mmap


def encode(strings: Iterable[str]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """The blob and the offsets (int64, one more than strings) of `Strings`.

    Raises SettingError on half of a surrogate pair, which is no character and has no bytes.
    """
    try:
        lines = [string.encode() + b"\n" for string in strings]
    except UnicodeEncodeError as error:
        wrong = error.object[max(0, error.start - 20) : error.end]
        raise SettingError("text of a post", wrong, "characters, not half of one") from error
    offsets = np.zeros(len(lines) + 1, dtype=np.int64)
    np.cumsum([len(line) for line in lines], out=offsets[1:])
    return b"".join(lines), offsets


class Strings:
    """A read-only sequence: string i is `blob[offsets[i] : offsets[i + 1] - 1]`, in UTF-8."""

    __slots__ = ("_blob", "_offsets")

    def __init__(self, blob: Blob, offsets: npt.NDArray[np.int64]) -> None:
        self._blob, self._offsets = blob, offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def _bytes(self, i: int) -> bytes:
        return self._blob[int(self._offsets[i]) : int(self._offsets[i + 1]) - 1]

    def __getitem__(self, i: int) -> str:
        return self._bytes(i).decode()

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(len(self)))

    def find(self, string: str) -> int:
        """The place of `string`, or -1; the strings must be sorted (by code point, as `sorted`)."""
        wanted, low, high = string.encode(errors="surrogatepass"), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == wanted else -1

    def equal_to(self, string: str) -> list[int]:
        """All places of `string`, ascending; the strings may be in any order."""
        wanted = b"\n" + string.encode(errors="surrogatepass") + b"\n"
        first = [0] if self._blob[: len(wanted) - 1] == wanted[1:] else []
        return first + [self._place(at + 1) for at in self._occurrences(wanted)]

    def containing(self, part: str) -> list[int]:
        """All places whose string contains `part` (not empty), ascending, each once."""
        wanted, places = part.encode(errors="surrogatepass"), list[int]()
        at = self._blob.find(wanted)
        while at != -1:
            places.append(self._place(at))
            at = self._blob.find(wanted, int(self._offsets[places[-1] + 1]))
        return places

    def without_spaces(self) -> Strings:
        """The same strings without the spaces in them."""
        blob = bytes(self._blob).replace(b" ", b"")
        ends = np.flatnonzero(np.frombuffer(blob, dtype=np.uint8) == ord("\n")) + 1
        return Strings(blob, np.append(0, ends))

    def lower(self) -> Strings:
        """The same strings with A to Z in lower case; no longer sorted."""
        return Strings(bytes(self._blob).lower(), self._offsets)

    def _occurrences(self, wanted: bytes) -> Iterator[int]:
        at = self._blob.find(wanted)
        while at != -1:
            yield at
            at = self._blob.find(wanted, at + 1)

    def _place(self, at: int) -> int:
        return int(np.searchsorted(self._offsets, at, side="right")) - 1
