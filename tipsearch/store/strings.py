"""Tables of strings: UTF-8 lines in one blob and an array of offsets, searched without decoding.

A string is decoded when it is asked for, so opening a table of a million titles costs as much as
opening one of ten. `Strings` are found by binary search, `HashedStrings` by hash.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import lt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.errors import SettingError
from tipsearch.store.storage import Checked

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.storage import Blob

    Numbers = npt.NDArray[np.integer[Any]]

MANY = 256  # strings: for so many, to check the whole table costs less than to check each


class Table(NamedTuple):
    """Strings as stored: string i is `blob[offsets[i] : offsets[i + 1] - 1]`, in UTF-8."""

    blob: Blob
    offsets: Numbers

    @classmethod
    def of(cls, blob: Blob, lengths: Numbers) -> Table:
        """The table of the strings in `blob`; `lengths` are in bytes, with the newline of each."""
        return cls(blob, pointers(lengths))


def encode(strings: Iterable[str]) -> Table:
    """The table of these strings.

    Raises SettingError on half of a surrogate pair, which is no character and has no bytes.
    """
    try:
        lines = [string.encode() + b"\n" for string in strings]
    except UnicodeEncodeError as error:
        wrong = error.object[max(0, error.start - 20) : error.end]
        raise SettingError("text of a post", wrong, "characters, not half of one") from error
    return Table.of(b"".join(lines), np.fromiter(map(len, lines), np.int64, len(lines)))


def gather(tables: Sequence[Table], order: Numbers) -> Table:
    """The table of the strings numbered `order`; the first of a table follows the last before.

    >>> gather([encode(["a", "b"]), encode(["new"])], np.array([0, 2, 1])).blob
    b'a\\nnew\\nb\\n'
    """
    lengths = np.concatenate([np.diff(table.offsets) for table in tables])[order]
    ends = np.cumsum([len(table.offsets) - 1 for table in tables])
    table = np.searchsorted(ends, order, side="right")
    # Strings that are neighbours in their table are copied at once.
    breaks = np.flatnonzero((np.diff(order) != 1) | (np.diff(table) != 0)) + 1
    firsts = np.append(0, breaks) if len(order) else breaks
    lasts = np.append(breaks, len(order))[: len(firsts)] - 1
    before = (ends - [len(table.offsets) - 1 for table in tables])[table]
    starts, stops = np.zeros(len(firsts), np.int64), np.zeros(len(firsts), np.int64)
    for number, (_, offsets) in enumerate(tables):
        here = table[firsts] == number
        starts[here] = offsets[(order - before)[firsts][here]]
        stops[here] = offsets[(order - before)[lasts][here] + 1]
    blobs = [blob for blob, _ in tables]
    places = zip(table[firsts].tolist(), starts.tolist(), stops.tolist(), strict=True)
    pieces = [blobs[which][start:stop] for which, start, stop in places]
    return Table.of(b"".join(pieces), lengths)


def prefix_order(table: Table) -> Numbers:
    """The numbers of the strings in order of their bytes, then of number: int32.

    Strings that start alike lie together in this order.

    >>> prefix_order(encode(["cut", "ab", "cu", "ab"])).tolist()
    [1, 3, 2, 0]
    """
    blob = bytes(table.blob)
    strings = [blob[start : end - 1] for start, end in pairwise(table.offsets.tolist())]
    # To sort the bytes takes no longer than to sort arrays of their parts.
    return np.array(sorted(range(len(strings)), key=strings.__getitem__), np.int32)


def pointers(lengths: Numbers) -> Numbers:
    """Pointers: where each of some ranges of these lengths starts, and where the last one ends.

    int32 where that holds the end, else int64.

    >>> pointers(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    >>> pointers(np.array([2**31 - 1, 1])).tolist(), pointers(np.array([2**31 - 1])).dtype
    ([0, 2147483647, 2147483648], dtype('int32'))
    """
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.append(0, ends).astype(np.int32 if not len(ends) or ends[-1] < 2**31 else np.int64)


def hash_key(string: str) -> tuple[int, bytes]:
    """The sort key of `HashedStrings`: the CRC-32 of the UTF-8 bytes, then the bytes."""
    data = string.encode(errors="surrogatepass")
    return zlib.crc32(data), data


def bucket_count(strings: int) -> int:
    """The number of buckets of so many strings: half as many, rounded up to a power of 2; >= 2."""
    return 1 << max(1, (strings - 1).bit_length() - 1)


def by_hash(table: Table) -> tuple[Numbers, Numbers]:
    """Where the strings of each bucket start, and the places of all strings by CRC-32, then place.

    Bucket b holds the strings whose CRC-32 starts with the bits of b: those of the places from
    number `buckets[b]` to `buckets[b + 1]`. The strings hold no newline.
    """
    strings = bytes(table.blob).split(b"\n")[:-1]
    hashes = np.fromiter(map(zlib.crc32, strings), np.int64, len(strings))
    number = bucket_count(len(strings))
    sizes = np.bincount(hashes * number >> 32, minlength=number)
    return pointers(sizes), np.argsort(hashes, kind="stable").astype(np.int32)


def bucket(hashed: int, buckets: Checked[Numbers], strings: int) -> range:
    """The numbers of the strings in the bucket of a CRC-32. Raises IndexCorrupt."""
    at = hashed * (len(buckets) - 1) >> 32
    buckets.ensure(at, at + 2)
    start, end = buckets.data.data[at], buckets.data.data[at + 1]
    if not 0 <= start <= end <= strings:
        buckets.fail_unless(False, "a place is out of range")
    return range(start, end)


def smallest(numbers: Numbers) -> Numbers:
    """The numbers, which are 0 or more, in the smallest of uint8, uint16 and int32."""
    greatest = int(numbers.max()) if len(numbers) else 0
    dtype = np.uint8 if greatest < 1 << 8 else np.uint16 if greatest < 1 << 16 else np.int32
    return numbers.astype(dtype)


class Strings:
    """A read-only table: string i is `blob[offsets[i] : offsets[i + 1] - 1]`, in UTF-8."""

    __slots__ = ("_at", "_blob", "_data", "_fits", "_offsets")

    def __init__(self, blob: Checked[Blob], offsets: Checked[Numbers]) -> None:
        self._blob, self._offsets, self._fits = blob, offsets, False
        # These are much faster to index, item by item, than Checked.
        self._data, self._at = blob.data, offsets.data.data

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def _bytes(self, i: int) -> bytes:
        self._offsets.ensure(i, i + 2)
        start, end = self._at[i], self._at[i + 1]
        if not 0 <= start < end <= len(self._data):
            self._offsets.fail_unless(False, "an offset is out of range")
        self._blob.ensure(start, end)
        return bytes(self._data[start : end - 1])

    def __getitem__(self, i: int) -> str:
        try:
            return self._bytes(i).decode()
        except UnicodeDecodeError:
            self._blob.fail_unless(False, "it is not UTF-8")
            raise

    def is_at(self, i: int, data: bytes) -> bool:
        """Whether string i has these bytes."""
        return self._bytes(i) == data

    def several(self, places: Numbers) -> list[str]:
        """The strings at these places."""
        if len(places) < MANY:
            return [self[i] for i in places.tolist()]
        blob, offsets = self._blob.whole(), self._offsets.whole()
        starts, ends = offsets[places], offsets[places + 1]
        inside = (starts >= 0) & (starts < ends) & (ends <= len(blob))
        self._offsets.fail_unless(bool(np.all(inside)), "an offset is out of range")
        ranges = zip(starts.tolist(), (ends - 1).tolist(), strict=True)
        try:
            return [str(blob[start:end], "utf-8") for start, end in ranges]
        except UnicodeDecodeError:
            self._blob.fail_unless(False, "it is not UTF-8")
            raise

    def same(self, i: int, table: Table, j: int) -> bool:
        """Whether string i is string j of the table."""
        start, end = int(table.offsets[j]), int(table.offsets[j + 1])
        return self._bytes(i) == table.blob[start : end - 1]

    def __iter__(self) -> Iterator[str]:
        try:
            lines = bytes(self._blob.whole()).decode().split("\n")
        except UnicodeDecodeError:
            self._blob.fail_unless(False, "it is not UTF-8")
            raise
        if len(lines) == len(self) + 1:  # no string holds a newline
            return iter(lines[:-1])
        return (self[i] for i in range(len(self)))

    def place(self, string: str) -> int:
        """The place of `string`, or where it would be inserted; strings sorted by code point."""
        key, low, high = string.encode(errors="surrogatepass"), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, string: str) -> int:
        """The place of `string`, or -1."""
        place = self.place(string)
        return place if place < len(self) and self[place] == string else -1

    def table(self) -> Table:
        """The whole table, checked."""
        return Table(self._blob.whole(), self._offsets.whole())

    def check(self) -> None:
        """Raise IndexCorrupt unless each string is a line, and all are UTF-8 and in order."""
        self.lines()
        keys = [self._key(string) for string in self]
        self._blob.fail_unless(all(map(lt, keys, keys[1:])), "its lines are not in order")

    def _key(self, string: str) -> Any:
        return string

    def lines(self) -> Table:
        """The whole table, checked; each string is a line. Raises IndexCorrupt."""
        blob, offsets = self._blob.whole(), self._offsets.whole()
        if not self._fits:
            ends = offsets[0] == 0 and offsets[-1] == len(blob)
            self._offsets.fail_unless(bool(ends and np.all(offsets[1:] > offsets[:-1])),
                                  "it does not ascend to the end of its lines")  # fmt: skip
            lasts = np.frombuffer(blob, np.uint8)[offsets[1:] - 1]
            self._blob.fail_unless(bool(np.all(lasts == ord("\n"))), "a line has no end")
            self._fits = True
        return Table(blob, offsets)

    def equal_to(self, string: str) -> list[int]:
        """All places of `string`, ascending; the strings may be in any order."""
        line, blob = string.encode(errors="surrogatepass") + b"\n", self.lines()[0]
        first = [0] if blob[: len(line)] == line else []
        matches = re.finditer(b"(?<=\n)" + re.escape(line), blob)
        return first + [self._place(match.start()) for match in matches]

    def containing(self, part: str) -> list[int]:
        """All places whose string contains `part` (not empty), ascending, each once."""
        pattern = re.escape(part.encode(errors="surrogatepass"))
        matches = re.finditer(pattern, self.lines()[0])
        return list(dict.fromkeys(self._place(match.start()) for match in matches))

    def without_spaces(self) -> Strings:
        """The same strings without the spaces in them."""
        blob = bytes(self._blob.whole()).replace(b" ", b"")
        ends = np.flatnonzero(np.frombuffer(blob, dtype=np.uint8) == ord("\n")) + 1
        self._blob.fail_unless(len(ends) == len(self), "a line has no end or several")
        return Strings(Checked(blob), Checked(np.append(0, ends)))

    def lower(self) -> Strings:
        """The same strings with A to Z in lower case; no longer sorted."""
        return Strings(Checked(bytes(self._blob.whole()).lower()), self._offsets)

    def _place(self, at: int) -> int:
        return int(np.searchsorted(self._offsets.whole(), at, side="right")) - 1


class HashedStrings(Strings):
    """Strings in the order of `hash_key`: look-up takes two or three reads, whatever the size."""

    __slots__ = ("_buckets",)

    def __init__(
        self, blob: Checked[Blob], offsets: Checked[Numbers], buckets: Checked[Numbers]
    ) -> None:
        super().__init__(blob, offsets)
        self._buckets = buckets

    def check(self) -> None:
        """Raise IndexCorrupt unless all are UTF-8 lines in order, in the right buckets."""
        super().check()
        expected = by_hash(self.table())[0]
        same = np.array_equal(expected, self._buckets.whole())
        self._buckets.fail_unless(same, "a string is not in its bucket")

    def _key(self, string: str) -> Any:
        return hash_key(string)

    def _bucket(self, hashed: int) -> range:
        return bucket(hashed, self._buckets, len(self))

    def place(self, string: str) -> int:
        """The place of `string`, or where it would be inserted."""
        key = hash_key(string)
        places = self._bucket(key[0])
        for place in places:
            if (zlib.crc32(data := self._bytes(place)), data) >= key:
                return place
        return places.stop

    def find(self, string: str) -> int:
        """The place of `string`, or -1."""
        hashed, data = hash_key(string)
        for place in self._bucket(hashed):
            if self._bytes(place) == data:
                return place
        return -1
