"""American spelling: the British spelling of a word as the American one, before stemming.

The rules are those of endings and of Greek letters in which the two spellings differ in a regular
way. A rule is here only if it makes no two English words one. What it makes of a word need not be a
word: "detour" gives "detor" in all its forms, which does no harm. Porter2 itself unites
"travelled" and "traveled".
"""

from __future__ import annotations

import re

_RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # organise, recognisable; not exercise, promise, precise(ly), improvise, advertise
        (
            r"^(.+(?:[aeiouy]l|ll|[aeiorug]n|[aeou]r|[aeio]t|[iy]m|[dtn]om|[io]d|rd|ic|[ae]s|[or]g"
            r"|[tp]h|tiv))is(?=(?:e[drs]?|ers|ings?|ation(?:s|al)?|ab(?:le|ly|ility))$)",
            r"\1iz",
        ),
        (r"(?<=.l)ys(?=(?:e[drs]?|ers|ing|able)$)", "yz"),  # analyse; not the noun analysis
        # colour, favourite, behavioural; not hour, tourist, where no vowel comes before
        (
            r"^(.*[aeiouy].*[^aeouwy])our(?=(?:s|ed|ers?|ings?|ab(?:le|ly)|ful(?:ly)?|less|ites?"
            r"|itism|al(?:ly)?|hoods?|ly|is(?:m|ts?)|i[sz](?:e.?|ing|ation)|ations?|y)?$)",
            r"\1or",
        ),
        # Greek letters: anaemia, haemoglobin, anaesthetic, paediatric, oestrogen, manoeuvre
        (
            r"ae(?=mi[ac])|(?<=^h)ae(?=m..)|(?<=an)ae(?=sth)|(?<=gyn)ae(?=c)|(?<=^p)ae(?=d)"
            r"|(?<=op)ae(?=d)|^oe(?=dema|soph|str)|(?<=^f)oe(?=t)|(?<=rrh)oe(?=a)|(?<=man)oe(?=uv)",
            "e",
        ),
        (
            r"^(.*(?:cent|theat|met|lit|fib|calib|spect|lust|somb|maneuv))r(?:e(?=s?$)|(?=ed$|ing$))",
            r"\1er",
        ),
        (r"^(.*[aeio]log)(?:ue(?=s?$)|u(?=(?:ed|ers?|ing)$))", r"\1"),  # catalogue, dialogue
        (r"^(.+dg)ement(?=(?:s|al(?:ly)?)?$)", r"\1ment"),  # judgement
        (r"^((?:self)?(?:def|off|lic|pret))enc(?=e(?:[drs]|less)?|ing$)", r"\1ens"),
        (r"^(.*program)me(?=s?$)", r"\1"),
        (r"(?<=sul)ph", "f"),
    )
]
# Words that no rule has, and all that start with them.
_STARTS = {
    "ageing": "aging", "aluminium": "aluminum", "artefact": "artifact", "enquir": "inquir",
    "enrolment": "enrollment", "fulfilment": "fulfillment", "grey": "gray",
    "instalment": "installment", "jewellery": "jewelry", "mould": "mold", "moustache": "mustache",
    "plough": "plow", "practise": "practice", "practising": "practicing", "pyjama": "pajama",
    "sceptic": "skeptic", "skilful": "skillful", "yoghurt": "yogurt",
}  # fmt: skip
_START = re.compile(f"(?:{'|'.join(_STARTS)})")
# What every rule needs, since most words have none of it.
_BRITISH = re.compile("is[aei]|lys|our|ae|oe|re[ds]?$|logu|dgement|ence|mme|ulph")


def american(word: str) -> str:
    """The American spelling of a word in lower case.

    >>> [american(word) for word in ("colours", "organisation's", "centred", "analysing")]
    ['colors', "organization's", 'centered', 'analyzing']
    >>> [american(word) for word in ("hours", "exercise", "acre", "analysis", "difference")]
    ['hours', 'exercise', 'acre', 'analysis', 'difference']
    """
    base, apostrophe, rest = word.partition("'")
    if _BRITISH.search(base):
        for pattern, replacement in _RULES:
            base = pattern.sub(replacement, base)
    if start := _START.match(base):
        base = _STARTS[start[0]] + base[start.end() :]
    return base + apostrophe + rest
