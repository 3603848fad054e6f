"""English (Porter2) stemmer without nltk, for queries.

A build stems with nltk. A word of a query that no post has is stemmed here, since importing nltk
takes seconds. Both must give the same stem: `stem` equals
``nltk.stem.SnowballStemmer("english").stem`` for every string.

Source: Porter, M. F., "The English (Porter2) stemming algorithm", snowballstem.org. nltk follows
the revision before Snowball 3.0 and departs from it in a few places, each marked ``nltk:`` below.

A vowel is one of ``aeiouy``; a ``y`` that acts as a consonant is written ``Y`` during stemming. R1
is what follows the first non-vowel after a vowel, and R2 the same within R1; both are kept as start
offsets, which do not change with the end of the word. Most steps replace the longest listed suffix
if it lies in R1 or R2.

The tables are keyed by the last two letters of a suffix: most words end in two letters that no
suffix ends in, and need no step.
"""

_Suffixes = dict[str, dict[str, str]]  # by last two letters: each suffix and what replaces it


def _by_ending(replacements: dict[str, str]) -> _Suffixes:
    """Key suffixes by their last two letters, the longest suffix first."""
    suffixes: _Suffixes = {}
    for suffix in sorted(replacements, key=len, reverse=True):
        suffixes.setdefault(suffix[-2:], {})[suffix] = replacements[suffix]
    return suffixes


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
_STEP_1B = _by_ending({"eed": "ee", "eedly": "ee", "ed": "", "edly": "", "ing": "", "ingly": ""})
_STEP_2 = _by_ending({
    "tional": "tion", "enci": "ence", "anci": "ance", "abli": "able", "entli": "ent",
    "izer": "ize", "ization": "ize", "ational": "ate", "ation": "ate", "ator": "ate",
    "alism": "al", "aliti": "al", "alli": "al", "fulness": "ful", "ousli": "ous",
    "ousness": "ous", "iveness": "ive", "iviti": "ive", "biliti": "ble", "bli": "ble",
    "ogi": "og", "fulli": "ful", "lessli": "less", "li": "",
})  # fmt: skip
_STEP_3 = _by_ending({
    "tional": "tion", "ational": "ate", "alize": "al", "icate": "ic", "iciti": "ic",
    "ical": "ic", "ful": "", "ness": "", "ative": "",
})  # fmt: skip
_STEP_4 = _by_ending({
    "al": "", "ance": "", "ence": "", "er": "", "ic": "", "able": "", "ible": "", "ant": "",
    "ement": "", "ment": "", "ent": "", "ism": "", "ate": "", "iti": "", "ous": "", "ive": "",
    "ize": "", "ion": "",
})  # fmt: skip
_STEPS_2_TO_5 = frozenset(("ll", *_STEP_2, *_STEP_3, *_STEP_4))  # step 5 also takes any final e
_ENDINGS = _STEPS_2_TO_5.union(_STEP_1B)  # steps 1a, 1c and 5 also take any final s, y and e


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
    whole = word
    if "y" in word or not word.isalnum():  # else it has no y and no apostrophe
        whole = _prelude(word)
        word = _step_0(whole)
    if word[-1:] in "esy" or word[-2:] in _ENDINGS:
        word = _shorten(word, whole)
    return word.replace("Y", "y")


def _shorten(word: str, whole: str) -> str:
    """Apply the steps from 1a on; R1 and R2 are those of the `whole` word, before step 0."""
    if word.endswith(("s", "ied")):
        word = _step_1a(word)
    r1 = r2 = 0  # computed only for a word whose steps use them
    if word[-2:] in _STEP_1B:
        r1, r2 = _regions(whole)
        word, r2 = _step_1b(word, r1, r2)
    if word.endswith("y"):
        word = _step_1c(word)
    if word.endswith("e") or word[-2:] in _STEPS_2_TO_5:
        if not r1:
            r1, r2 = _regions(whole)
        word, r2 = _step_2(word, r1, r2)
        word, r2 = _step_3(word, r1, r2)
        word = _step_5(_step_4(word, r2), r1, r2)
    return word


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
    r1 = 0
    if word.startswith(_LONG_PREFIXES):
        r1 = 6 if word.startswith("commun") else 5
    after_vowel = False
    for end, letter in enumerate(word[r1:], r1 + 1):
        if letter in _VOWELS:
            after_vowel = True
        elif after_vowel:
            if r1:
                return r1, end
            r1 = end
            after_vowel = False
    return r1 or len(word), len(word)


def _split(word: str, suffixes: _Suffixes) -> tuple[str, str, str]:
    """Return what precedes the longest suffix, the suffix and its replacement; "" if none fits."""
    for suffix, replacement in suffixes.get(word[-2:], {}).items():
        if word.endswith(suffix):
            return word[: -len(suffix)], suffix, replacement
    return word, "", ""


def _ends_in_short_syllable(word: str) -> bool:
    """Whether `word` ends in non-vowel, vowel, non-vowel but w, x, Y; or is vowel, non-vowel."""
    if len(word) < 2 or word[-1] in _VOWELS or word[-2] not in _VOWELS:
        return False
    return len(word) == 2 or (word[-1] not in "wxY" and word[-3] not in _VOWELS)


def _step_0(word: str) -> str:
    """Drop a possessive ending: ', 's or 's'."""
    return word.removesuffix("'").removesuffix("'s")


def _step_1a(word: str) -> str:
    """Reduce plurals: -sses, -ies, -s; keep -us, -ss."""
    if word.endswith(("ies", "ied")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("us", "ss")) or _VOWELS.isdisjoint(word[:-2]):
        return word
    return word[:-1]


def _step_1b(word: str, r1: int, r2: int) -> tuple[str, int]:
    """Drop -ed, -ing and their adverbs after a vowel, then repair the end of the rest."""
    base, suffix, replacement = _split(word, _STEP_1B)
    if replacement:  # -eed, -eedly
        return (base + replacement if len(base) >= r1 else word), r2
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
    return word[:-1] + "i" if len(word) > 2 and word[-2] not in _VOWELS else word


def _step_2(word: str, r1: int, r2: int) -> tuple[str, int]:
    """Shorten a compound suffix in R1."""
    base, suffix, replacement = _split(word, _STEP_2)
    if not suffix or len(base) < r1:
        return word, r2
    if (suffix == "ogi" and base[-1] != "l") or (suffix == "li" and base[-1] not in _BEFORE_LI):
        return word, r2
    word = base + replacement
    # nltk: an R2 that starts within -izer or -ization is empty afterwards.
    return word, (len(word) if suffix in ("izer", "ization") and r2 > len(base) else r2)


def _step_3(word: str, r1: int, r2: int) -> tuple[str, int]:
    """Shorten or drop a simple suffix in R1 (-ative: in R2)."""
    base, suffix, replacement = _split(word, _STEP_3)
    if not suffix or len(base) < (r2 if suffix == "ative" else r1):
        return word, r2
    word = base + replacement
    # nltk: an R2 that starts within -ational is empty afterwards (only in this step).
    return word, (len(word) if suffix == "ational" and r2 > len(base) else r2)


def _step_4(word: str, r2: int) -> str:
    """Drop a last suffix in R2 (-ion: only after s or t)."""
    base, suffix, _ = _split(word, _STEP_4)
    return word if len(base) < r2 or (suffix == "ion" and base[-1] not in "st") else base


def _step_5(word: str, r1: int, r2: int) -> str:
    """Drop a final e, or one l of two, where the word is long enough to spare it."""
    base = word[:-1]
    if word.endswith("e"):
        spare = len(base) >= r2 or (len(base) >= r1 and not _ends_in_short_syllable(base))
        return base if spare else word
    return base if word.endswith("ll") and len(base) >= r2 else word
