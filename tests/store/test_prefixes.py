"""Prefixes: the strings that start with a prefix. The truth is Python's `startswith`."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tipsearch.errors import IndexCorrupt
from tipsearch.store.prefixes import Prefixes
from tipsearch.store.storage import Checked
from tipsearch.store.strings import Strings, encode, prefix_order

# Few characters, of one to four bytes, so that strings share their first 8 bytes and more.
STRINGS = st.text("ab\x00é字😀\U0010ffff ", max_size=12)
TABLES = st.lists(STRINGS, max_size=40)


def _strings(strings: list[str]) -> Strings:
    table = encode(strings)
    return Strings(Checked(table.blob), Checked(table.offsets))


@given(TABLES)
@example(["", "", "a\x00", "a", "aaaaaaaa\x00", "aaaaaaaa"])
def test_prefix_order_is_that_of_the_bytes(strings: list[str]) -> None:
    """The order is by UTF-8 bytes, then by number."""
    order = prefix_order(encode(strings))
    assert order.dtype == np.int32
    assert order.tolist() == sorted(range(len(strings)), key=lambda i: (strings[i].encode(), i))


@given(TABLES, STRINGS.filter(bool))
@example(["", "a", "a\x00", "aaaaaaaab", "aaaaaaaaab", "b"], "aaaaaaaaa")
def test_a_prefix_is_a_range_of_the_order(strings: list[str], prefix: str) -> None:
    """`span` has the places of all strings with the prefix, `equal_to` of those that are it."""
    prefixes = Prefixes(_strings(strings))
    shown = [prefixes.string(place) for place in range(len(strings))]
    assert shown == sorted(strings)
    places = [place for place, string in enumerate(shown) if string.startswith(prefix)]
    start, end = prefixes.span(prefix)
    assert [*range(start, end)] == places
    start, end = prefixes.equal_to(prefix)
    assert shown[start:end] == [string for string in shown if string == prefix]


@given(TABLES, st.lists(STRINGS.map(str.encode).filter(bool), min_size=1))
def test_many_prefixes_are_found_by_their_first_bytes(
    strings: list[str], prefixes: list[bytes]
) -> None:
    """The ranges of `spans` hold the strings that start with the first 8 bytes of each prefix."""
    ordered = sorted(string.encode() for string in strings)
    starts, ends = Prefixes(_strings(strings)).spans(prefixes)
    for prefix, start, end in zip(prefixes, starts, ends, strict=True):
        assert ordered[start:end] == [data for data in ordered if data.startswith(prefix[:8])]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ([1, 0, 2], "not in order"),
        ([0, 1], "out of range"),
        ([0, 1, 3], "out of range"),
        ([-1, 1, 2], "out of range"),
    ],
)
def test_a_wrong_order_is_refused(order: list[int], reason: str) -> None:
    """An order with other numbers, or one that is no order, is damage."""
    strings = _strings(["a", "b", "c"])
    assert Prefixes(strings, Checked(np.array([0, 1, 2], np.int32))).span("b") == (1, 2)
    with pytest.raises(IndexCorrupt, match=reason):
        Prefixes(strings, Checked(np.array(order, np.int32)))
