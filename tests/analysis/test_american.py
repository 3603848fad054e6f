"""Spelling: British and American spelling of a word are one term; other words are left alone."""

import pytest

from tipsearch.analysis.american import american
from tipsearch.analysis.analyzer import Analyzer

PAIRS = """
    colour color; colours colors; coloured colored; favourite favorite; behaviour behavior
    behavioural behavioral; neighbour neighbor; neighbourhood neighborhood; honour honor
    honourable honorable; labour labor; flavour flavor; humour humor; odour odor; vapour vapor
    endeavour endeavor; armour armor; harbour harbor; tumour tumor; rumour rumor; savour savor
    organise organize; organised organized; organising organizing; organisation organization
    apologise apologize; apologises apologizes; realise realize; recognise recognize
    recognisable recognizable; prioritise prioritize; customise customize; personalise personalize
    summarise summarize; emphasise emphasize; criticise criticize; standardise standardize
    minimise minimize; analyse analyze; analysed analyzed; analysing analyzing; paralyse paralyze
    centre center; centres centers; centred centered; theatre theater; metre meter; litre liter
    fibre fiber; calibre caliber; catalogue catalog; catalogued cataloged; dialogue dialog
    judgement judgment; acknowledgement acknowledgment; programme program; programmes programs
    defence defense; offence offense; licence license; pretence pretense; practise practice
    travelled traveled; traveller traveler; cancelled canceled; modelling modeling
    grey gray; ageing aging; aluminium aluminum; enquiry inquiry; jewellery jewelry; mould mold
    plough plow; pyjamas pajamas; sceptical skeptical; enrolment enrollment; skilful skillful
    anaemia anemia; paediatric pediatric; haemoglobin hemoglobin; oestrogen estrogen
    oedema edema; foetus fetus; diarrhoea diarrhea; manoeuvre maneuver; sulphur sulfur
    anaesthetic anesthetic; gynaecology gynecology; artefact artifact; yoghurt yogurt
"""
SAME = """
    hour hours four pour sour tour tourist your flour our wise rise promise promised exercise
    precise precisely concise surprise advertise advertising expertise enterprise improvise
    improvement franchise merchandise paradise supervise revise advise noise raise praise cruise
    disguise compromise premise acre genre massacre mediocre there analysis difference sentence
    presence vogue league shoe poem does goes programmer programming summer fence element
"""


@pytest.mark.parametrize("pair", PAIRS.replace("\n", ";").replace(";;", ";").split(";"))
def test_both_spellings_are_one_term(pair: str) -> None:
    """A post in British spelling is found in American spelling, and the other way round."""
    british, americans = pair.split() or ("", "")
    assert Analyzer().term(british) == Analyzer().term(americans)


def test_other_words_keep_their_spelling() -> None:
    """A rule leaves alone what is spelt alike on both sides of the ocean."""
    assert [word for word in SAME.split() if american(word) != word] == []


def test_american_spelling_is_final() -> None:
    """The American spelling is left as it is, and so is what comes after an apostrophe."""
    words = [word for pair in PAIRS.replace(";", "\n").splitlines() for word in pair.split()[1:]]
    assert [word for word in words if american(word) != word] == []
    assert american("neighbour's") == "neighbor's"
