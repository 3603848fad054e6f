"""Query language: each rule by example, precedence against brute force, and no text that fails.

The truth on precedence is the rules themselves, applied to a query as it was drawn, before it was
text: a post matches the tree exactly where it matches the drawing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date as Date
from itertools import chain, combinations, product
from typing import NamedTuple

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.dates import EPOCH, day
from tipsearch.corpus.post import Post
from tipsearch.query.grammar import (
    MAX_DEPTH,
    MAX_NODES,
    AnyOf,
    Category,
    Dates,
    Group,
    Kind,
    Node,
    Phrase,
    Query,
    Word,
    parse,
)
from tipsearch.query.wording import in_words

A, B, C, D = map(Word, "abcd")


def words(text: str) -> Group:
    """A tree of plain words."""
    return Group(optional=tuple(map(Word, text.split())))


def need(*nodes: Node) -> Group:
    """A tree that requires some nodes."""
    return Group(required=nodes)


def dates(field: str, first: str | None, last: str | None) -> Dates:
    """A filter by dates."""
    return Dates(
        field, *(day(Date.fromisoformat(text)) if text else None for text in (first, last))
    )


T_A, T_B, T_C = (Word(text, title=True) for text in "abc")

EXAMPLES: list[tuple[str, Group]] = [
    # Plain words.
    ("", Group()),
    (" \t\n", Group()),
    ("angry customer", words("angry customer")),
    ("angry angry", words("angry angry")),
    ("C++ c# a+b 24/7 AT&T follow-up x-", words("C++ c# a+b 24/7 AT&T follow-up x-")),
    ("don't 'single quotes' ‘curly’", words("don't 'single quotes' ‘curly’")),
    ("a - b & c ... — * ??", words("a b c")),
    ("and or not", words("and or not")),
    ("™ ½", words("™ ½")),  # in compatibility characters there are letters and digits
    ("re: your call", words("re: your call")),
    ("https://x.org/a?b=c 10:30 author:x", words("https://x.org/a?b=c 10:30 author:x")),
    # Phrases.
    ('"a b"', need(Phrase("a b"))),
    ('c "a b"', Group((Phrase("a b"),), (C,))),
    ('"a  b', need(Phrase("a b"))),
    ("“a b” „b c“", need(Phrase("a b"), Phrase("b c"))),
    ('"" a " - "', words("a")),
    ('"a* -b (c | OR"', need(Phrase("a* -b (c | OR"))),
    ('a"b c"d', Group((Phrase("b c"),), words("a d").optional)),
    # Exclusion.
    ("a -b", Group((), (A,), (B,))),
    ("-a", Group((), (), (A,))),
    ('-"a b" c', Group((), (C,), (Phrase("a b"),))),
    ("-(a b)", Group((), (), (A, B))),
    ("-(a AND b)", Group((), (), (need(A, B),))),
    ("a NOT b", Group((), (A,), (B,))),
    ("NOT (a b) NOT -c NOT NOT d", Group((), (), (A, B, C, D))),
    ("-5 minutes", Group((), words("minutes").optional, (Word("5"),))),
    ("a -follow-up", Group((), (A,), (Word("follow-up"),))),
    ("-(-a)", need(A)),
    ("(-a) b", Group((), (B,), (A,))),
    ("--a -- b -", words("--a b")),
    ("(a)-b", words("a -b")),
    ('-"" -() -* a', words("a")),
    # Requirement.
    ("+a b", Group((A,), (B,))),
    ("+a +-b +", Group((A,), words("+-b").optional)),
    ("+(a b) c", Group((AnyOf((A, B)),), (C,))),
    # OR.
    ("a OR b", need(AnyOf((A, B)))),
    ("a|b | c || d", need(AnyOf((A, B, C, D)))),
    ("a b OR c d", need(AnyOf((A, B, C, D)))),
    ("a +b OR c", need(AnyOf((Group((B,), (A,)), C)))),
    ("a -b OR -c", need(AnyOf((Group((A,), (), (B,)), Group((), (), (C,)))))),
    ("OR a | OR", words("a")),
    ("(a OR b) c", Group((AnyOf((A, B)),), (C,))),
    ("a OR (b OR c)", need(AnyOf((A, B, C)))),
    # AND.
    ("a AND b", need(A, B)),
    ("a && b c", Group((A, B), (C,))),
    ("a AND b OR c", need(AnyOf((need(A, B), C)))),
    ("a AND (b c)", need(A, AnyOf((B, C)))),
    ("a AND NOT b", Group((A,), (), (B,))),
    ("AND AND a AND", words("a")),
    ("a AND OR b", need(AnyOf((A, B)))),
    ("a AND AND b", need(A, B)),
    ("a AND () b", words("a b")),
    # Parentheses.
    ("((a b) c) ()", words("a b c")),
    ("(a -b) c", Group((A,), (C,), (B,))),
    ("(a (b", words("a b")),
    ("a) b)) -c", Group((), (A, B), (C,))),
    ("customer(s)", words("customer s")),
    # Prefixes.
    ("cust* a", Group((), (Word("cust", prefix=True), A))),
    ("+cust*, b", Group((Word("cust", prefix=True),), (B,))),
    ("c*t **a** C++* *", words("c*t **a** C++*")),
    # Titles.
    ("title:a b", Group((T_A,), (B,))),
    ('title:"a b"', need(Phrase("a b", title=True))),
    ("TITLE:cust*", need(Word("cust", prefix=True, title=True))),
    ("title:(a b)", need(T_A, T_B)),
    ("title:(a OR (b c))", need(AnyOf((T_A, need(T_B, T_C))))),
    ("title:a title:b", need(AnyOf((T_A, T_B)))),
    ("+title:a +title:b", need(T_A, T_B)),
    ("title:a AND title:b", need(T_A, T_B)),
    ("-title:(a -b)", Group((), (), (Group((T_A,), (), (T_B,)),))),
    ("title: a title:* title:() b", words("title: a title:* title: b")),
    ('title:"" a', words("title: a")),
    # Categories and kinds.
    ("category:x a", Group((Category("x"),), (A,))),
    ('Category:"x y" category:z', need(AnyOf((Category("x y"), Category("z"))))),
    ("(category:x) category:y", need(Category("x"), Category("y"))),
    ("category:x title:a category:y", need(AnyOf((Category("x"), Category("y"))), T_A)),
    ("-category:x -category:y", Group((), (), (Category("x"), Category("y")))),
    ("category:(a b)", words("category: a b")),
    ("kind:full", need(Kind("full"))),
    ("KIND:Teaser, -kind:full", Group((Kind("teaser"),), (), (Kind("full"),))),
    ('kind:foo kind:"a b"', Group((Phrase("a b"),), words("kind:foo kind:").optional)),
    # Dates.
    ("after:2020", need(dates("after", "2020-01-01", None))),
    ("before:2015-06", need(dates("before", None, "2015-06-30"))),
    ("before:2016-02-03", need(dates("before", None, "2016-02-03"))),
    ("date:2015", need(dates("date", "2015-01-01", "2015-12-31"))),
    ('date:"2016-02"', need(dates("date", "2016-02-01", "2016-02-29"))),
    ("date:2015..2018-05", need(dates("date", "2015-01-01", "2018-05-31"))),
    ("date:2015..", need(dates("date", "2015-01-01", None))),
    ("date:..2015", need(dates("date", None, "2015-12-31"))),
    ("date:2018..2015", need(dates("date", "2015-01-01", "2018-12-31"))),
    (
        "date:2015 date:2018-01-02",
        need(
            AnyOf(
                (
                    dates("date", "2015-01-01", "2015-12-31"),
                    dates("date", "2018-01-02", "2018-01-02"),
                )
            )
        ),
    ),
    (
        "after:2015 before:2016",
        need(dates("after", "2015-01-01", None), dates("before", None, "2016-12-31")),
    ),
    (
        "after:soon date:2015-13 date:.. after:2015..2016 date:0000",
        words("after:soon date:2015-13 date:.. after:2015..2016 date:0000"),
    ),
    # Order: the tree is without it.
    ("sort:date a", words("a")),
    ("sort:foo sort: a", words("sort:foo sort: a")),
]

# A query and its sort order; operators are there.
SORTED = [
    ("sort:date", "date"),
    ("angry SORT:Date, kind:full", "date"),
    ("(a OR sort:date) b", "date"),
    ("sort:date sort:score", "score"),
    ('a sort:"score"', "score"),
]

# Without these a text is plain words.
OPERATOR = ["a OR b", "a|b", "a AND b", "a && b", "NOT a", "-a", "+a", '"a"', "a*", "title:a"]
OPERATOR += ["category:a", "kind:full", "after:2020", "before:2020", "date:2020", "sort:score"]

# What queries are made of, joined in any order.
PIECES = """
    a b cd e-mail 24/7 C++ don't Ünï ™ é ( ) -( +( -" " “ ” „ | || && OR AND NOT - + -- * ** , : ;
    title: title:( title:" category: category:x category:" kind: kind:full kind:no sort: sort:date
    . .. after: after:2020 before:2015-06 date:2015..2018 date:.. re: https://x.org/a?b=c 10:30
""".split()
PIECES += [" ", "\n", "\0", "\ud800", "\xa0"]
MARKED = st.lists(st.sampled_from(PIECES) | st.just(" "), max_size=30).map("".join)
ANY_TEXT = st.text(st.characters(), max_size=60) | MARKED


def nodes_of(node: Node) -> Iterator[tuple[Node, int]]:
    """A node and all below it, each with its depth."""
    yield node, 1
    inner: tuple[Node, ...] = ()
    if isinstance(node, Group):
        inner = (*node.required, *node.optional, *node.excluded)
    elif isinstance(node, AnyOf):
        inner = node.parts
    for child in inner:
        for found, depth in nodes_of(child):
            yield found, depth + 1


def fail_unless_bounded(query: Query) -> None:
    """The tree is within its bounds, and each node has the members that its type says."""
    nodes = [*nodes_of(query.tree)]
    assert len(nodes) <= MAX_NODES
    # A level of parentheses is alternatives and a group; the top and a leaf are beyond them.
    assert max(depth for _, depth in nodes) <= 2 * (MAX_DEPTH + 1) + 2
    for node, depth in nodes:
        if isinstance(node, AnyOf):
            assert len(node.parts) > 1
            assert not any(isinstance(part, AnyOf) for part in node.parts)
        if isinstance(node, Group) and depth > 1:
            assert bool(node.required) or (bool(node.excluded) and not node.optional)
            assert node.optional or node.excluded or len(node.required) > 1


@pytest.mark.parametrize(("text", "tree"), EXAMPLES)
def test_examples(text: str, tree: Group) -> None:
    """Each rule of the language, by example; nodes are compared with their types."""
    assert repr(parse(text).tree) == repr(tree)


@pytest.mark.parametrize(("text", "sort"), SORTED)
def test_sort(text: str, sort: str) -> None:
    """The last order named counts, wherever it stands, and it is an operator."""
    assert parse(text)[1:] == (sort, True)


def test_operators_are_told() -> None:
    """A query with any operator says so; one without says that it is plain."""
    assert all(parse(text).operators for text in OPERATOR)
    plain = ["", "a b", "(a b)", "a OR", "| a - + ()", "re: title: kind:no", '"" a', "customer(s)"]
    assert not any(parse(text).operators for text in plain)


def test_texts() -> None:
    """The words and phrases that posts are to have leave out those excluded, at any depth."""
    query = parse('a -b "c d" (title:e OR (+f -g)) -(h AND i) category:x')
    assert {node.text for node in query.texts} == {"a", "c d", "e", "f"}
    assert parse("category:x -a after:2020").texts == ()


@given(ANY_TEXT)
@example("(" * 5_000 + "a" + ")" * 5_000)
@example("-(+a -(" * 2_000)
def test_any_text_is_a_query(text: str) -> None:
    """No text raises an error, and each tree is within its bounds."""
    fail_unless_bounded(parse(text))


@given(ANY_TEXT)
def test_plain_words_are_all_words(text: str) -> None:
    """A query without operators has all tokens of its text, in order, but for AND, OR and NOT."""
    query, analyzer = parse(text), Analyzer()
    assume(not query.operators)
    assert query.tree == Group(optional=query.texts)
    operators = {"and", "or", "not"}
    found = [token for word in query.texts for token in analyzer.tokens(word.text)]
    assert [token for token in found if token not in operators] == [
        token for token in analyzer.tokens(text) if token not in operators
    ]


@given(ANY_TEXT)
def test_an_empty_group_in_front_changes_nothing(text: str) -> None:
    """The fast way for plain words and the parser give the same query."""
    assert repr(parse(f"() {text}")) == repr(parse(text))


SIZES = {
    "open": "(" * 100_000,
    "close": ")" * 100_000,
    "nested": "(" * 100_000 + "a" + ")" * 100_000,
    "exclusions": "-(+a " * 100_000,
    "alternatives": "-a|" * 100_000,
    "nested alternatives": "(a OR -b +c " * 100_000,
    "fields": "title:(a b) " * 50_000,
    "pairs": "title:a title:b date:2015 date:2016|" * 10_000,
    "empty fields": 'kind:"a b"' * 100_000,
    "empty fields and alternatives": 'kind:"a b"|' * 100_000,
    "plain": "word " * 200_000,
    "one word": "x" * 1_000_000,
    "quotes": '"' * 1_000_000,
    "signs": " -" * 500_000,
    "controls": "\0" * 1_000_000,
    "surrogates": "\ud800 " * 500_000,
}


@pytest.mark.parametrize("text", SIZES.values(), ids=SIZES.keys())
def test_size_is_bounded(text: str) -> None:
    """However long a text is, its tree is small, and it has words of its own."""
    query = parse(text)
    fail_unless_bounded(query)
    assert len(in_words(query)) < 100 * MAX_NODES


def raw(node: Node) -> str:
    """The text of a word."""
    assert isinstance(node, Word)
    return node.text


def test_text_behind_the_last_node_is_one_plain_word() -> None:
    """What does not fit is kept, as words without operators."""
    words = [f"w{number}" for number in range(2_000)]
    for text in (" ".join(words), "+w0 " + " ".join(words[1:])):
        tree = parse(text).tree
        assert " ".join(map(raw, (*tree.required, *tree.optional))) == " ".join(words)
    tree = parse("a | " * 1_000 + "-b").tree
    assert isinstance(tree.required[0], AnyOf)
    (rest,) = tree.optional
    assert raw(rest).endswith("a | -b")


@pytest.mark.parametrize("levels", [MAX_DEPTH, MAX_DEPTH + 1, 5 * MAX_DEPTH])
def test_deep_parentheses(levels: int) -> None:
    """Parentheses beyond the limit are ignored, and those within it still pair."""
    query = parse("(+a " * levels + ")" * levels + "| b")
    assert isinstance(query.tree.required[0], AnyOf)
    assert query.tree.required[0].parts[1] == B
    outer = parse("-(" + "(" * levels + "x" + ")" * levels + " y) z")
    assert outer.tree == Group((), (Word("z"),), (Word("x"), Word("y")))


# A drawn query: text is made from it, and the rules are applied to it. Each part has an operand
# that is not excluded, since a group that only excludes has examples of its own.
class Leaf(NamedTuple):
    """A word, or a field with its value: "a", "title:a", "category:x"."""

    field: str
    value: str


class Operand(NamedTuple):
    """A leaf or a group behind a sign: nothing, "+", "-" or "NOT "."""

    sign: str
    of: Leaf | Level


class Level(NamedTuple):
    """Parts between ORs; a part is chains, and a chain is operands between ANDs."""

    parts: list[list[list[Operand]]]


LEAVES = st.builds(Leaf, st.just(""), st.sampled_from("abc")) | st.sampled_from(
    [Leaf("title:", "a"), Leaf("title:", "b"), Leaf("category:", "x"), Leaf("category:", "y")]
)


def levels(inner: st.SearchStrategy[Leaf | Level]) -> st.SearchStrategy[Level]:
    """Levels of given members, of which the first of each part is not excluded."""
    signed = st.builds(Operand, st.sampled_from(["", "", "", "+", "-", "NOT "]), inner)
    first = st.builds(Operand, st.sampled_from(["", "", "+"]), inner)
    chains = st.lists(st.lists(signed, min_size=1, max_size=2), max_size=2)
    part = st.builds(
        lambda head, tail, more: [[head, *tail], *more], first, st.lists(signed, max_size=1), chains
    )
    return st.builds(Level, st.lists(part, min_size=1, max_size=2))


LEVELS = levels(st.recursive(LEAVES, levels, max_leaves=6))


def text_of(node: Leaf | Level) -> str:
    """A drawn query as text."""
    if isinstance(node, Leaf):
        return node.field + node.value
    return " OR ".join(
        " ".join(" AND ".join(map(operand_text, chain)) for chain in part) for part in node.parts
    )


def operand_text(operand: Operand) -> str:
    """A drawn operand as text."""
    text = text_of(operand.of)
    return operand.sign + (f"({text})" if isinstance(operand.of, Level) else text)


class Facts(NamedTuple):
    """What a post has: words anywhere, words in the title, categories."""

    words: frozenset[str]
    title: frozenset[str]
    categories: frozenset[str]


def subsets(letters: str) -> list[frozenset[str]]:
    """All sets of some letters."""
    sizes = range(len(letters) + 1)
    return [frozenset(some) for some in chain(*(combinations(letters, size) for size in sizes))]


POSTS = [Facts(*sets) for sets in product(subsets("abc"), subsets("ab"), subsets("xy"))]


def is_plain(level: Leaf | Level) -> bool:
    """Whether it is plain words, with parentheses at most."""
    if isinstance(level, Leaf):
        return not level.field
    operands = [operand for chain in level.parts[0] for operand in chain]
    single = len(level.parts) == 1 and all(len(chain) == 1 for chain in level.parts[0])
    return single and all(not operand.sign and is_plain(operand.of) for operand in operands)


def meets(node: Leaf | Level, post: Facts) -> bool:
    """Whether a post matches what was drawn."""
    if isinstance(node, Leaf):
        has = {"": post.words, "title:": post.title, "category:": post.categories}[node.field]
        return node.value in has
    return any(part_meets(part, post) for part in node.parts)


def part_meets(part: list[list[Operand]], post: Facts) -> bool:
    """Whether a post matches operands beside each other, by the rules for a group."""
    required: list[bool] = []
    optional: list[bool] = []
    fields: dict[str, bool] = {}
    for operands in part:
        for sign, of in operands:
            holds = meets(of, post)
            if sign in {"-", "NOT "}:
                if holds:
                    return False
            elif sign == "+" or len(operands) > 1:
                required.append(holds)
            elif is_plain(of):
                optional.append(holds)
            elif isinstance(of, Leaf):
                fields[of.field] = fields.get(of.field, False) or holds
            else:
                required.append(holds)
    required += fields.values()
    return all(required) if required else any(optional) or not optional


def matches(node: Node, post: Facts) -> bool:
    """Whether a post matches a node of a tree."""
    match node:
        case Word(text, _, title):
            return text in (post.title if title else post.words)
        case Category(name):
            return name in post.categories
        case AnyOf(parts):
            return any(matches(part, post) for part in parts)
        case Group(required, optional, excluded):
            return (
                all(matches(part, post) for part in required)
                and not any(matches(part, post) for part in excluded)
                and (bool(required) or not optional or any(matches(p, post) for p in optional))
            )
    raise AssertionError(node)


@given(LEVELS)
def test_precedence(level: Level) -> None:
    """A tree matches the posts that the rules say, of all posts there can be."""
    tree = parse(text_of(level)).tree
    assert [matches(tree, post) for post in POSTS] == [meets(level, post) for post in POSTS]


def unparse(node: Node, sign: str = "") -> str:
    """The canonical text of a node behind a sign."""
    match node:
        case Word(text, prefix, title):
            if text[0] in "+-" and not title:
                if sign:  # two signs are plain text
                    return f'{sign}(""{text}{"*" * prefix})'
                sign = '""'  # behind an empty phrase the sign is a part of the word
            text = f"{'title:' * title}{text}{'*' * prefix}"
        case Phrase(text, title):
            text = f'{"title:" * title}"{text}"'
        case Category(name):
            text = f'category:"{name}"'
        case Kind(kind):
            text = f"kind:{kind}"
        case Dates(field, first, last):
            ends = [
                "" if end is None else Date.fromordinal(end + EPOCH).isoformat()
                for end in (first, last)
            ]
            text = f"{field}:{('..' if field == 'date' else '').join(ends)}"
        case AnyOf(parts):
            text = f"({' OR '.join(unparse(part, '+') for part in parts)})"
        case Group():
            text = f"({unparse_members(node)})"
    return sign + text


def unparse_members(group: Group) -> str:
    """The canonical text of the members of a group."""
    members = [unparse(member) for member in group.optional]
    members += [unparse(member, "+") for member in group.required]
    members += [unparse(member, "-") for member in group.excluded]
    return " ".join(members)


@given(LEVELS.map(text_of) | MARKED)
@example("-(--a")
@example('a b -c +d "e f" title:g* (h OR (+i -j k)) category:"x y" date:2015..2018')
def test_canonical_text_gives_the_tree_back(text: str) -> None:
    """The text that a tree is written as is read as the same tree."""
    tree = parse(text).tree
    assert repr(parse(unparse_members(tree)).tree) == repr(tree)


@pytest.mark.long
def test_many_generated_queries() -> None:
    """100,000 queries of random pieces are read, within the bounds, and have words."""
    draw = random.Random(1)
    for _ in range(100_000):
        pieces = draw.choices(PIECES, k=draw.randint(1, 30))
        query = parse(draw.choice(["", " "]).join(pieces))
        fail_unless_bounded(query)
        assert in_words(query)


@pytest.mark.long
def test_mutated_titles(posts: list[Post]) -> None:
    """2,000 titles with pieces put in, left out and repeated are read, within the bounds."""
    draw = random.Random(2)
    for _ in range(2_000):
        title = [*draw.choice(posts).title]
        for _ in range(draw.randint(1, 5)):
            start = draw.randint(0, len(title))
            title[start : start + draw.randint(0, 3)] = draw.choice(PIECES) * draw.randint(0, 3)
        query = parse("".join(title))
        fail_unless_bounded(query)
        assert in_words(query)
