"""Dates as numbers: the days since 1970-01-01, within int32; NO_DATE stands for none."""

from __future__ import annotations

import re
from datetime import date as Date

EPOCH = Date(1970, 1, 1).toordinal()
NO_DATE = -(1 << 31)
_ISO_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


def day(date: Date | None) -> int:
    """The number of days from 1970-01-01 to a date; NO_DATE for None.

    >>> day(Date(1970, 1, 2)), day(None)
    (1, -2147483648)
    """
    return NO_DATE if date is None else date.toordinal() - EPOCH


def span(text: str) -> tuple[int, int] | None:
    """The first and the last day of "2014", "2014-02" or "2014-02-04"; None for any other text.

    >>> span("1970"), span("1970-02"), span("1970-01-03"), span("1970-02-30"), span("soon")
    ((0, 364), (31, 58), (2, 2), None, None)
    """
    match = _ISO_DATE.fullmatch(text)
    if match is None:
        return None
    year, month, number = (int(part) if part else None for part in match.groups())
    try:
        first = Date(year or 0, month or 1, number or 1)
    except ValueError:  # such as February 30
        return None
    if number:
        return day(first), day(first)
    from calendar import monthrange  # few queries need it

    last = first.replace(month=month or 12)
    return day(first), day(last.replace(day=monthrange(last.year, last.month)[1]))
