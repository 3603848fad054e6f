"""Query language: query text to a tree of words, phrases, filters and groups.

    query   = group
    group   = part { ("OR" | "|") part }
    part    = { chain }
    chain   = operand { ("AND" | "&&") operand }
    operand = [ "NOT" ] [ "-" | "+" ] [ field ":" ] ( word | phrase | "(" group ")" )
    word    = characters without white space, quotes, parentheses and "|"; a "*" may end it
    phrase  = quote { any character but a quote } [ quote ]

A sign stands at the start of the text, or after white space, "(" or "|", and before what it is of.
No text is an error. What has no meaning as an operator is plain text, and plain text without a
letter or digit is dropped. A tree has at most `MAX_NODES` nodes, and its parentheses at most
`MAX_DEPTH` levels: deeper ones are ignored, and the text behind the last node is one plain word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from tipsearch.corpus.dates import span

MAX_DEPTH = 20
MAX_NODES = 1_000
# A match of _TOKEN adds at most two nodes: words, or a word and a group that holds it.
_MAX_MATCHES = MAX_NODES // 2 - 2


class Word(NamedTuple):
    """A word as typed: "e-mail", "24/7". With `prefix`, all words that start with it."""

    text: str
    prefix: bool = False
    title: bool = False


class Phrase(NamedTuple):
    """The text between quotes: its words next to each other."""

    text: str
    title: bool = False


class Category(NamedTuple):
    """The posts of a category."""

    name: str


class Kind(NamedTuple):
    """The posts of a kind: "full" or "teaser"."""

    kind: str


class Dates(NamedTuple):
    """The posts from a first to a last day, in days from 1970-01-01; None is an open end.

    `field` is "after", "before" or "date".
    """

    field: str
    first: int | None
    last: int | None


class Group(NamedTuple):
    """Conditions on a post, by role.

    A post matches if it matches all of `required` and none of `excluded`. Where nothing is
    required, it also matches at least one of `optional`, if there are any. That occurs at the top
    of a tree alone: a group below requires something, or excludes and has no other members.
    """

    required: tuple[Node, ...] = ()
    optional: tuple[Node, ...] = ()
    excluded: tuple[Node, ...] = ()


class AnyOf(NamedTuple):
    """Two alternatives or more, none of them an `AnyOf`: a post matches at least one."""

    parts: tuple[Node, ...]


Filter: TypeAlias = Category | Kind | Dates
Node: TypeAlias = Word | Phrase | Filter | Group | AnyOf


class Query(NamedTuple):
    """A query as a tree. `sort` is "score" or "date".

    `operators` is False where only plain words were typed: `tree.optional` has all of them. Nodes
    of two types may be equal as tuples, so they are told apart by type.
    """

    tree: Group
    sort: str = "score"
    operators: bool = False

    @property
    def texts(self) -> tuple[Word | Phrase, ...]:
        """The words and phrases that posts are to have, those that are optional first."""
        return tuple(_texts(self.tree))


def parse(text: str) -> Query:
    """The query that a text is. No text raises an error.

    >>> parse("angry -refund").tree
    Group(required=(), optional=(Word(text='angry', prefix=False, title=False),), \
excluded=(Word(text='refund', prefix=False, title=False),))
    """
    if not _SPECIAL.search(text):  # plain words alone, as most queries are
        words = text.split(maxsplit=_MAX_MATCHES)
        return Query(Group(optional=tuple([Word(word) for word in words if _has_token(word)])))
    tokens, rest = _tokens(text)
    parser = _Parser(tokens)
    tree = parser.group(0, False)
    if isinstance(tree, AnyOf):
        tree = Group(required=(tree,))
    if _has_token(rest):
        tree = tree._replace(optional=(*tree.optional, Word(rest)))
    plain = all(isinstance(node, Word) and not node.prefix for node in tree.optional)
    operators = bool(tree.required or tree.excluded or parser.sort or not plain)
    return Query(tree, parser.sort or "score", operators)


def nodes(node: Node) -> Iterator[Node]:
    """A node and all nodes in it, those that are excluded too."""
    yield node
    inside: tuple[Node, ...] = ()
    if isinstance(node, Group):
        inside = (*node.required, *node.optional, *node.excluded)
    elif isinstance(node, AnyOf):
        inside = node.parts
    for inner in inside:
        yield from nodes(inner)


def _texts(node: Node) -> Iterator[Word | Phrase]:
    """The words and phrases of a node that are not excluded."""
    if isinstance(node, Word | Phrase):
        yield node
    elif isinstance(node, Group):
        for inner in (*node.optional, *node.required):
            yield from _texts(inner)
    elif isinstance(node, AnyOf):
        for inner in node.parts:
            yield from _texts(inner)


FILTERS = ("category", "kind", "after", "before", "date")  # fields that leave posts out
ORDER = "sort"  # the field that names the order of the posts

# What an operator has. A text without it is plain words.
_SPECIAL = re.compile(r'["“”„()|*:]|&&|(?<!\S)[-+]|AND|OR|NOT')

_TOKEN = re.compile(
    rf"""
    (?P<sign> (?<![^\s(|]) [-+] (?=[^\s)|+-]) )?
    (?P<field> (?i:{"|".join(("title", ORDER, *FILTERS))}) : )?
    (?: ["“”„] (?P<phrase> [^"“”„]* ) ["“”„]?
      | (?P<open> \( )
      | (?P<word> [^\s"“”„()|]+ )
    )
    | (?P<close> \) )
    | (?P<or> \|+ )
    """,
    re.VERBOSE,
)

_OPERATORS = {"OR": "or", "AND": "and", "&&": "and", "NOT": "not"}


class _Token(NamedTuple):
    """A token: an operand, or an operator or parenthesis that is its `kind` alone.

    The kinds of operands are "word", "phrase", "open" (a group), "filter" and "sort". `field` is a
    field name in lower case, or empty. A filter has its node, other operands their text.
    """

    kind: str
    sign: str = ""
    field: str = ""
    text: str = ""
    node: Node | None = None


def _tokens(text: str) -> tuple[list[_Token], str]:
    """The first tokens of a text, and the text behind them."""
    tokens: list[_Token] = []
    for count, match in enumerate(_TOKEN.finditer(text)):
        if count >= _MAX_MATCHES:
            return tokens, text[match.start() :]
        kind, sign, field = match.lastgroup or "", match["sign"] or "", match["field"] or ""
        value = match[kind]
        if kind in {"close", "or"}:
            tokens.append(_Token(kind))
        elif value in _OPERATORS and kind == "word" and not sign + field:
            tokens.append(_Token(_OPERATORS[value]))
        else:
            tokens.extend(_operands(kind, sign, field, value))
    return tokens, ""


def _operands(kind: str, sign: str, field: str, value: str) -> list[_Token]:
    """The token of an operand. Empty text has none, and a field without a valid value is a word."""
    name = field[:-1].lower()
    if name in {"", "title"} and (kind == "open" or _has_token(value)):
        return [_Token(kind, sign, name, value)]
    if name == ORDER and (order := _order(value)):
        return [_Token("sort", text=order)]
    if name in FILTERS and (node := _filter(name, value)):
        return [_Token("filter", sign, name, node=node)]
    if not field:
        return []
    if kind == "word":
        return [_Token("word", sign, text=field + value)]
    return [_Token("word", sign, text=field), *_operands(kind, "", "", value)]


def _has_token(text: str) -> bool:
    """Whether a text has a letter or digit, also in compatibility characters such as "™"."""
    if text.isalnum() or any(map(str.isalnum, text)):
        return True
    return not text.isascii() and any(map(str.isalnum, unicodedata.normalize("NFKC", text)))


def _order(value: str) -> str:
    """The order that a value of `sort` names; empty if none."""
    order = value.lower().rstrip(",;")
    return order if order in {"date", "score"} else ""


def _filter(field: str, value: str) -> Node | None:
    """The filter that a field and its value are; None if the value is not valid."""
    value = " ".join(value.split()).rstrip(",; ")
    if field == "category":
        return Category(value) if _has_token(value) else None
    if field == "kind":
        kind = value.lower()
        return Kind(kind) if kind in {"full", "teaser"} else None
    return _dates(field, value)


def _dates(field: str, value: str) -> Dates | None:
    """The dates of "2015", or for the field `date` also of "2015..2018", "2015.." and "..2018"."""
    first, dots, last = value.partition("..") if field == "date" else (value, "", "")
    start, end = span(first), span(last if dots else first)
    if (first and not start) or (last and not end) or not (start or end):
        return None
    if start and end and start[0] > end[1]:  # 2018..2015
        start, end = end, start
    return Dates(
        field,
        start[0] if start and field != "before" else None,
        end[1] if end and field != "after" else None,
    )


def _word(text: str, title: bool) -> Word:
    """A word, or a prefix where its only "*" is at the end and after a letter or digit."""
    stem = text.rstrip(",;")[:-1]
    if text.count("*") == 1 and text.rstrip(",;").endswith("*") and stem[-1:].isalnum():
        return Word(stem, True, title)
    return Word(text, title=title)


class _Item(NamedTuple):
    """An operand with its role: "plain", "required", "excluded", or the name of its field."""

    node: Node
    role: str


class _Part:
    """The operands between two ORs, with the AND or NOT that waits for its operand."""

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self._after_operand = self._joined = self._negated = False

    def join(self) -> None:
        """AND: the operands before and after it are required."""
        self._joined = self._after_operand

    def negate(self) -> None:
        """NOT: the next operand is excluded."""
        self._negated = True

    def add(self, item: _Item | None) -> None:
        """An operand, or None for one that has vanished, with the operators before it."""
        if item is not None:
            if self._negated:
                item = item._replace(role="excluded")
            if self._joined:
                self.items[-1], item = _required(self.items[-1]), _required(item)
            self.items.append(item)
        self._after_operand, self._joined, self._negated = item is not None, False, False


def _required(item: _Item) -> _Item:
    """A side of AND."""
    return item if item.role == "excluded" else item._replace(role="required")


class _Parser:
    """A recursive descent through tokens. `sort` is the last order named, or empty."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = iter(tokens)
        self._ignored = 0  # open parentheses beyond MAX_DEPTH
        self.sort = ""

    def group(self, depth: int, title: bool) -> Group | AnyOf:
        """The tokens up to the closing parenthesis; with `title`, words in the title."""
        parts = [_Part()]
        for token in self._tokens:
            if token.kind == "close":
                if not self._ignored and depth:
                    break
                self._ignored = max(0, self._ignored - 1)
            elif token.kind == "or":
                parts.append(_Part())
            elif token.kind == "and":
                parts[-1].join()
            elif token.kind == "not":
                parts[-1].negate()
            elif token.kind == "open" and depth == MAX_DEPTH:
                self._ignored += 1
            else:
                parts[-1].add(self._operand(token, depth, title))
        groups = [_grouped(part.items) for part in parts if part.items]
        if len(groups) > 1:
            return AnyOf(_flat(map(_simplified, groups)))
        return groups[0] if groups else Group()

    def _operand(self, token: _Token, depth: int, title: bool) -> _Item | None:
        """A word, phrase, filter or group with its role; None for an order and an empty group."""
        if token.kind == "sort":
            self.sort = token.text
            return None
        in_title = title or token.field == "title"
        node = token.node
        if token.kind == "open":
            node = self.group(depth + 1, in_title)
            if node == Group():  # "()" is nothing, and "title:()" the word "title"
                word = _Token("word", token.sign, text=f"{token.field}:")
                return self._operand(word, depth, title) if token.field else None
        elif token.kind == "phrase":
            node = Phrase(" ".join(token.text.split()), in_title)
        elif node is None:
            node = _word(token.text, in_title)
        if token.sign:
            role = "required" if token.sign == "+" else "excluded"
        elif token.field:
            role = token.field
        else:
            role = "required" if title or token.kind == "phrase" else "plain"
        return _Item(node, role)


def _grouped(items: list[_Item]) -> Group:
    """The group of some operands. Of one field, any is enough."""
    required: list[Node] = []
    optional: list[Node] = []
    excluded: list[Node] = []
    fields: dict[str, list[Node]] = {}

    def require(node: Node) -> None:
        node = _simplified(node)
        if isinstance(node, Group):
            required.extend(node.required)
            optional.extend(node.optional)
            excluded.extend(node.excluded)
        else:
            required.append(node)

    def exclude(node: Node) -> None:
        node = _simplified(node)
        if isinstance(node, Group) and not node.required:  # it excludes only
            required.append(_any_of(node.excluded))
        else:
            excluded.extend(_flat([node]))

    for node, role in items:
        if role == "excluded":
            exclude(node)
        elif role in FILTERS or role == "title":
            fields.setdefault(role, []).append(node)
        elif role == "required":
            require(node)
        elif isinstance(node, Word):
            optional.append(node)
        elif isinstance(node, Group) and not node.required and not node.excluded:
            optional.extend(node.optional)
        else:
            require(node)
    for nodes in fields.values():
        require(_any_of(map(_simplified, nodes)))
    return Group((*required,), (*optional,), (*excluded,))


def _simplified(node: Node) -> Node:
    """A node as it stands below the top. A group of one member is that member."""
    if not isinstance(node, Group):
        return node
    if not node.required and node.optional:
        node = Group((_any_of(node.optional),), (), node.excluded)
    if len(node.required) == 1 and not node.optional and not node.excluded:
        return node.required[0]
    return node


def _any_of(nodes: Iterable[Node]) -> Node:
    """Alternatives, of which one alone is itself."""
    parts = _flat(nodes)
    return parts[0] if len(parts) == 1 else AnyOf(parts)


def _flat(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Alternatives, with the parts of an `AnyOf` in its place."""
    return tuple(
        part for node in nodes for part in (node.parts if isinstance(node, AnyOf) else (node,))
    )
