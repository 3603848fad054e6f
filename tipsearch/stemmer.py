"""English stems without nltk, for the query path.

Ingestion stems with nltk; a query's unseen words are stemmed here, since importing nltk takes
seconds. A post and a query meet only where both give the same stem, so `stem` has one contract:
it equals ``nltk.stem.SnowballStemmer("english").stem`` for every string.

Source: Porter, M. F., "The English (Porter2) stemming algorithm", snowballstem.org. nltk follows
the revision before Snowball 3.0 and departs from it in a few places, each marked ``nltk:`` below.

Three ideas carry the algorithm. A vowel is one of ``aeiouy``; a ``y`` that acts as a consonant
is written ``Y`` meanwhile. R1 is what follows the first non-vowel after a vowel, and R2 is the
same rule applied within R1; both are held as start offsets, which stay put while the word's end
changes. Most steps replace the longest listed suffix, if it lies in R1 or R2, and else do nothing.
"""

_VOWELS = frozenset("aeiouy")
_DOUBLES = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")
_BEFORE_LI = frozenset("cdeghkmnrt")
_LONG_PREFIXES = ("gener", "commun", "arsen")  # R1 starts right after these

# nltk: the forms that Porter2 stops at after step 1a are listed here, and so only as whole words.
_EXCEPTIONS = {
    "skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie",
    "idly": "idl", "gently": "gentl", "ugly": "ugli", "early": "earli", "only": "onli",
    "singly": "singl", "sky": "sky", "news": "news", "howe": "howe", "atlas": "atlas",
    "cosmos": "cosmos", "bias": "bias", "andes": "andes",
    **{noun + end: noun for noun in ("inning", "outing", "canning", "herring", "earring")
       for end in ("", "s")},
    **{verb + end: verb for verb in ("proceed", "exceed", "succeed")
       for end in ("", "s", "ed", "ing")},
}  # fmt: skip
_STEP_0 = {"'": "", "'s": "", "'s'": ""}
_STEP_1A = {"sses": "ss", "ied": "i", "ies": "i", "us": "us", "ss": "ss", "s": ""}
_STEP_1B = {"eed": "ee", "eedly": "ee", "ed": "", "edly": "", "ing": "", "ingly": ""}
_STEP_2 = {
    "tional": "tion", "enci": "ence", "anci": "ance", "abli": "able", "entli": "ent",
    "izer": "ize", "ization": "ize", "ational": "ate", "ation": "ate", "ator": "ate",
    "alism": "al", "aliti": "al", "alli": "al", "fulness": "ful", "ousli": "ous",
    "ousness": "ous", "iveness": "ive", "iviti": "ive", "biliti": "ble", "bli": "ble",
    "ogi": "og", "fulli": "ful", "lessli": "less", "li": "",
}  # fmt: skip
_STEP_3 = {
    "tional": "tion", "ational": "ate", "alize": "al", "icate": "ic", "iciti": "ic",
    "ical": "ic", "ful": "", "ness": "", "ative": "",
}  # fmt: skip
_STEP_4 = {
    "al": "", "ance": "", "ence": "", "er": "", "ic": "", "able": "", "ible": "", "ant": "",
    "ement": "", "ment": "", "ent": "", "ism": "", "ate": "", "iti": "", "ous": "", "ive": "",
    "ize": "", "ion": "",
}  # fmt: skip


def stem(word: str) -> str:
    """Return the stem of one English word, lower-cased, exactly as nltk gives it.

    Any string is accepted; letters outside a-z count as non-vowels, and words of one or two
    characters are returned as they are. The stem is a key to match by, not always a word.

    >>> [stem(word) for word in ("customers", "angrily", "agreed", "relational", "news")]
    ['custom', 'angrili', 'agre', 'relat', 'news']
    >>> stem("customer's") == stem("customer")
    True
    """
    word = word.lower()
    if len(word) <= 2:
        return word
    if word in _EXCEPTIONS:
        return _EXCEPTIONS[word]
    word = _prelude(word)
    r1, r2 = _regions(word)
    word = _step_1a(_step_0(word))
    word, r2 = _step_1b(word, r1, r2)
    word = _step_1c(word)
    word, r2 = _step_2(word, r1, r2)
    word, r2 = _step_3(word, r1, r2)
    word = _step_5(_step_4(word, r2), r1, r2)
    return word.replace("Y", "y")


def _prelude(word: str) -> str:
    """Make apostrophes straight, drop one at the start, and write each consonant y as ``Y``."""
    for curly in "\u2019\u2018\u201b":
        word = word.replace(curly, "'")
    word = word.removeprefix("'")
    if word.startswith("y"):
        word = "Y" + word[1:]
    for vowel in "aeiouy":  # y comes last: of a run of y every second one is a consonant
        word = word.replace(vowel + "y", vowel + "Y")
    return word


def _regions(word: str) -> tuple[int, int]:
    """Return the offsets at which R1 and R2 start; the word's length where a region is empty."""
    if word.startswith(_LONG_PREFIXES):
        r1 = 6 if word.startswith("commun") else 5
    else:
        r1 = _after_vowel_and_consonant(word, 0)
    return r1, _after_vowel_and_consonant(word, r1)


def _after_vowel_and_consonant(word: str, start: int) -> int:
    for end in range(start + 2, len(word) + 1):
        if word[end - 1] not in _VOWELS and word[end - 2] in _VOWELS:
            return end
    return len(word)


def _split(word: str, table: dict[str, str], longest: int) -> tuple[str, str]:
    """Part `word` before the longest key of `table` that ends it; the key is empty if none does."""
    for length in range(longest, 0, -1):
        suffix = word[-length:]
        if suffix in table:
            return word[:-length], suffix
    return word, ""


def _ends_in_short_syllable(word: str) -> bool:
    """Tell whether `word` ends non-vowel, vowel, non-vowel but w, x, Y; or is vowel, non-vowel."""
    if len(word) < 2 or word[-1] in _VOWELS or word[-2] not in _VOWELS:
        return False
    return len(word) == 2 or (word[-1] not in "wxY" and word[-3] not in _VOWELS)


def _step_0(word: str) -> str:
    """Drop a possessive ending."""
    return _split(word, _STEP_0, 3)[0]


def _step_1a(word: str) -> str:
    """Reduce plurals: -sses, -ies, -s; keep -us, -ss."""
    base, suffix = _split(word, _STEP_1A, 4)
    if suffix in ("ied", "ies") and len(base) <= 1:
        return base + "ie"
    if suffix == "s" and _VOWELS.isdisjoint(base[:-1]):
        return word
    return base + _STEP_1A.get(suffix, "")


def _step_1b(word: str, r1: int, r2: int) -> tuple[str, int]:
    """Drop -ed, -ing and their adverbs after a vowel, then mend the end of what is left."""
    base, suffix = _split(word, _STEP_1B, 5)
    if suffix in ("eed", "eedly"):
        return (base + "ee" if len(base) >= r1 else word), r2
    if not suffix or _VOWELS.isdisjoint(base):
        return word, r2
    if base.endswith(("at", "bl", "iz")):
        # nltk: in a word of six letters or more, the added e always counts as part of R2.
        return base + "e", (min(r2, len(base)) if len(base) >= 5 else r2)
    if base.endswith(_DOUBLES):
        return base[:-1], r2
    return (base + "e" if len(base) <= r1 and _ends_in_short_syllable(base) else base), r2


def _step_1c(word: str) -> str:
    """Turn a final y into i after a non-vowel that is not the word's first letter."""
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in _VOWELS:
        return word[:-1] + "i"
    return word


def _step_2(word: str, r1: int, r2: int) -> tuple[str, int]:
    """Shorten a compound suffix in R1."""
    base, suffix = _split(word, _STEP_2, 7)
    if not suffix or len(base) < r1:
        return word, r2
    if (suffix == "ogi" and base[-1] != "l") or (suffix == "li" and base[-1] not in _BEFORE_LI):
        return word, r2
    word = base + _STEP_2[suffix]
    # nltk: an R2 that starts within -izer or -ization is empty afterwards.
    return word, (len(word) if suffix in ("izer", "ization") and r2 > len(base) else r2)


def _step_3(word: str, r1: int, r2: int) -> tuple[str, int]:
    """Shorten or drop a simple suffix in R1 (-ative: in R2)."""
    base, suffix = _split(word, _STEP_3, 7)
    if not suffix or len(base) < (r2 if suffix == "ative" else r1):
        return word, r2
    word = base + _STEP_3[suffix]
    # nltk: an R2 that starts within -ational is empty afterwards (only in this step).
    return word, (len(word) if suffix == "ational" and r2 > len(base) else r2)


def _step_4(word: str, r2: int) -> str:
    """Drop a last suffix in R2 (-ion: only after s or t)."""
    base, suffix = _split(word, _STEP_4, 5)
    if len(base) < r2 or (suffix == "ion" and base[-1] not in "st"):
        return word
    return base


def _step_5(word: str, r1: int, r2: int) -> str:
    """Drop a final e, or one l of two, where the word is long enough to spare it."""
    base = word[:-1]
    if word.endswith("e"):
        spare = len(base) >= r2 or (len(base) >= r1 and not _ends_in_short_syllable(base))
        return base if spare else word
    return base if word.endswith("ll") and len(base) >= r2 else word
