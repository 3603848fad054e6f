"""The rule: the light stemmer equals nltk's, for every lower-case string.

Ingestion stems with nltk and a query's unseen words are stemmed by `tipsearch.analysis.stemmer`,
so one word that the two stem apart is a word that no query can find. nltk itself is the oracle
here.
"""

import doctest
import importlib.util
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nltk.stem import SnowballStemmer

from tests.conftest import PATIENCE
from tipsearch.analysis import stemmer

nltk_stem = SnowballStemmer("english").stem

PACKAGES = ("nltk", "sklearn", "numpy")
MOST_FILES = 3_000
FEWEST_WORDS = 30_000


def listed(text: str) -> list[str]:
    """Return the words of a block of text."""
    return text.split()


# Every shape of start that the rules look at: R1's own prefixes, short syllables, y and Y, doubles,
# the letters before -li, -ion and -ogi, an empty R1 or R2, no vowel at all, quotes, other scripts.
STEMS = listed("""
    gener commun arsen generic communic a o e y ab at ax ow eb oy yy ayy syn by bay boy hop hopp hat
    bl abl tabl str strat stat crat skat fiz stiz standiz quiz plast rol roll control compel fail
    add egg off ebb inn err putt bb sens sensib nat rat conven ideal electr act cel relat form
    triplic hope care use fast log mytholog geo prog ness ring bring sing s ss is gas gaus this kiwi
    t tr st sk sky try cry wy wyy happ enjo naïv écol größ привет 東京 x1 3d utf8 _a a_b
    ab'c d'art o'reill 'tw '' hoax box show saw play key univers past later inter organ emerg
    drumm thumm acid larg weigh blank firm clean clear salt
""")
PUBLISHED_SUFFIXES = listed("""
    ' 's 's' sses ied ies us ss s eed eedly ed edly ing ingly
    tional enci anci abli entli izer ization ational ation ator alism aliti alli fulness ousli
    ousness iveness iviti biliti bli ogi fulli lessli li icate ative alize iciti ical ful ness
    al ance ence er ic able ible ant ement ment ent ism ate iti ous ive ize ion e l
""")
CHAINS = listed("""
    y ly ll le at bl iz ology ologist ologies ically ationally ationality ationalism fulness's
    fulnesses ousnesses ivenesses izationally izations' izer's izers\u2019 izing ized izingly ating
    ated atedly bling bled ably ability abilities ibilities ivity ivities alities ency ancies
    ently lessly lessness fully ously icity icities icates icative icalness alizing alization
    mently ements mentally ionally ioned sion tion tions xion ying yed ies'
    \u2019s \u2018s\u2019 \u201bs
""")
ENDINGS = ["", *PUBLISHED_SUFFIXES, *CHAINS]

EXCEPTIONAL = listed("""
    skis skies dying lying tying idly gently ugly early only singly sky news howe atlas cosmos bias
    andes inning innings outing outings canning cannings herring herrings earring earrings
    proceed proceeds proceeded proceeding exceed exceeds exceeded exceeding
    succeed succeeds succeeded succeeding
""")


def differences(words: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return each word that the two stem apart, with our stem and nltk's; at most twenty."""
    found = ((word, stemmer.stem(word), nltk_stem(word)) for word in words)
    return [row for row in found if row[1] != row[2]][:20]


def installed_texts() -> Iterator[Path]:
    """Yield the .py, .txt, .rst and .md files of the named packages and the standard library."""
    roots = [Path(sysconfig.get_path("stdlib"))]
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            roots.insert(0, Path(spec.origin).parent)
    for root in roots:
        for path in sorted(root.rglob("*")):
            outside = "site-packages" in path.relative_to(root).parts
            if path.suffix in {".py", ".txt", ".rst", ".md"} and not outside:
                yield path


def test_equals_nltk_on_every_word_of_the_installed_libraries() -> None:
    words: set[str] = set()
    for path in islice(installed_texts(), MOST_FILES):
        text = path.read_text(encoding="utf-8", errors="replace").lower()
        words.update(re.findall(r"[a-z']+", text))
    assert len(words) >= FEWEST_WORDS
    assert differences(sorted(words)) == []


def test_equals_nltk_on_every_stem_with_every_suffix() -> None:
    assert differences(stem + ending for stem in STEMS for ending in ENDINGS) == []


def test_equals_nltk_on_every_pair_of_published_suffixes() -> None:
    pairs = [first + second for first in PUBLISHED_SUFFIXES for second in PUBLISHED_SUFFIXES]
    starts = ("", "n", "sen", "stand", "gener", "y", "oper")
    assert differences(start + pair for start in starts for pair in pairs) == []


@pytest.mark.parametrize("word", EXCEPTIONAL)
def test_equals_nltk_on_the_exceptional_forms(word: str) -> None:
    near = [word + end for end in ("", "'", "'s", "\u2019s", "s", "es", "ed", "ing", "ly")]
    assert differences([*near, "'" + word, "un" + word, word[:-1]]) == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("sensationally", "sensate"),  # an R2 that starts within -ational is lost in step 3
        ("cyclization", "cyclize"),  # an R2 that starts within -ization is lost in step 2
        ("strated", "strat"),  # the e that step 1b adds counts as R2 in a word of six letters
        ("inning's", "in"),  # an exceptional form only as a whole word
        ("adding", "ad"),  # Snowball 3: add
        ("biologist", "biologist"),  # Snowball 3: biolog
        ("organization", "organ"),  # Snowball 3: organiz
    ],
)
def test_follows_nltk_where_it_departs_from_the_published_algorithm(
    word: str, expected: str
) -> None:
    assert (stemmer.stem(word), nltk_stem(word)) == (expected, expected)


def test_equals_nltk_on_the_shortest_words() -> None:
    letters = "aeiouybdlstz'\u20191_é"
    words = [a + b + c for a in ("", *letters) for b in ("", *letters) for c in ("", *letters)]
    assert differences(words) == []


@given(
    st.text(alphabet="aeiouybcdlstnrg'\u2019", max_size=12),
    st.lists(st.sampled_from(ENDINGS), max_size=3),
)
@settings(max_examples=3000, deadline=None, derandomize=True, database=None)
def test_equals_nltk_on_random_words_with_suffixes(start: str, endings: list[str]) -> None:
    assert differences(["".join([start, *endings])]) == []


@given(st.text())
@example("İYİ")  # lower-casing changes its length
@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
def test_equals_nltk_on_any_text(text: str) -> None:
    assert differences([text.lower(), text]) == []


def test_takes_a_very_long_word_in_linear_time() -> None:
    assert differences(["y" * 20_000 + "ing", "'" * 20_000, "ab" * 10_000 + "ational"]) == []


def test_docstring_examples_hold() -> None:
    results = doctest.testmod(stemmer)
    assert results.attempted > 0
    assert results.failed == 0


def test_importing_the_stemmer_loads_no_third_party_stemmer() -> None:
    heavy = "{'nltk', 'snowballstemmer', 'sklearn', 'scipy'}"
    code = f"import sys, tipsearch.analysis.stemmer; sys.exit(len({heavy} & set(sys.modules)))"
    root = Path(stemmer.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, timeout=PATIENCE, check=False)
    assert done.returncode == 0
