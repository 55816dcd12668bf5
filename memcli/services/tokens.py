"""How many tokens a text may take in the context of an LLM, without any LLM's tokenizer.

Tokenizers differ, so one number can be safe but not exact. The costs below were fitted (quantile regression
at 99 %) to the highest count of seven tokenizers, cl100k, o200k, Llama 3, Qwen 3, Gemma 3, DeepSeek 3 and
Claude 2, for 7,000 texts of eighteen kinds, then rounded. What came of it: estimate divided by true count,
from the most to the least demanding of the seven, and the share of texts where it fell short of any one of
them, at worst. Of 200 random blocks of 1,000 tokens, none of any kind in the table fell short.

    English dialogue (LoCoMo)   1.20-1.29   0.0 %      Russian    1.23-2.06   0.4 %
    facts of ten words          1.41-1.50   0.4 %      German     1.17-1.48   1.8 %
    Markdown                    1.32-1.41   0.0 %      Chinese    1.38-1.90   0.5 %
    Python                      1.23-1.45   0.0 %      Japanese   1.36-2.25   0.3 %
    shell output                1.20-1.47   1.6 %      Arabic     1.22-3.24   0.0 %
    ids, URLs, numbers          1.18-1.77   0.2 %      Hindi      1.14-3.94   0.0 %

It is less safe for Latin script with long words (Finnish 0.95-1.33) and for Claude, whose tokenizers since
version 3 are not public. By an unofficial reconstruction (ctok 1.3), Claude 3 to 4.6 gives 1.17 for dialogue
(2.4 % short) and 1.05 for German; Claude since Opus 4.7 takes a fifth more than the estimate for English
(0.84) and needs a smaller budget.
"""

from __future__ import annotations

import math
import re

_BASE = 1.0
_COMMON_WORD = 0.75
_KINDS = {
    # a run of one kind: (what it is, tokens for the run, tokens for each character)
    "[A-Z]?[a-z]+": (0.7, 0.22),  # a word that is not common, or a part of one
    "[A-Z]+(?![a-z])": (1.15, 0.16),
    "[0-9]+": (1.15, 0.86),  # some tokenizers give each digit its own
    " +": (0.06, 0.15),
    "[\t-\r]+": (0.62, 0.1),
    "[!-/:-@\\[-`{-\x7f\x00-\x08\x0e-\x1f]+": (0.52, 0.48),
    "[\u00a1-\u00ff]+": (0.0, 0.55),  # letters with the common accents
    "[\u0100-\u024f\u1e00-\u1eff]+": (0.0, 1.2),  # letters with the others
    "[\u0400-\u052f]+": (0.6, 0.52),  # Cyrillic
    "[\u0370-\u03ff\u0590-\u06ff]+": (1.6, 0.95),  # Greek, Hebrew, Arabic
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+": (1.3, 1.25),  # Japanese, Chinese, Korean
    "[\u0900-\u097f]+": (0.0, 1.47),  # Devanagari
    "[\u2010-\u2044\u3000-\u303f\uff00-\uffef]+": (0.3, 0.52),  # typographic signs
    "[\U00010000-\U0010ffff]+": (0.8, 2.85),  # emoji
    "[\\s\\S]": (0.0, 2.3),  # everything else
}
_COSTS = tuple(_KINDS.values())
_PIECE = re.compile("|".join(f"({kind})" for kind in _KINDS))
_ENDINGS = ("s", "d", "ing", "ly", "er")

# English needs fewer tokens for its letters than other languages; these words tell it from them.
_COMMON_WORDS = """
a able about above accept access across act add after again against age ago agree ahead all allow almost
alone along already also always am amaze among an and animal another answer any anyone anything apart app
appear apply are area around art as ask at available away baby back bad bag ball bank bar base be beach
beautiful became because become bed been before began begin behind being believe below best better between
big bike birth bit black blue board boat body book born both bottom box boy break bring brother brown bug
build building built bus busy but buy by call came camera camp can cannot car card care carry case cat catch
cause center central century certain chair chance change charge check child children choice choose church
circle city class clean clear click close club code coffee cold college color come common community company
complete computer concert connect consider contact contain continue control cook cool copy correct cost
could count country couple course court cover create current cut daily dance dark data date daughter day
dead deal dear decide decision deep default depend describe design detail develop did die different
difficult dinner direct discuss do doctor does dog done door down draw dream dress drink drive drop during
each early earth easy eat effect eight either else email empty end energy english enjoy enough enter entire
error even evening event ever every everyone everything exactly example excite exercise expect experience
explain express extra eye face fact fall family famous far fast father favorite fear feature feel felt few
field fight figure file fill film final find fine finish fire first fish fit five fix floor flow fly focus
folder follow food foot for force forest forget form former forward found four free friday friend from front
full fun function future game garden gave general get gift girl give given glad go goal god going gold gone
good got great green grew group grow guess guitar guy had hair half hand happen happy hard has hat have he
head health hear heard heart heat heavy help her here hey high hike him himself his history hit hold holiday
home hope horse hospital hot hour house how however huge human hundred husband i idea if image important
improve in include increase individual information inside inspire install instead interest internet into is
island issue it item its itself january job join july june just keep key kid kill kind king kitchen knew
know known lake land language large last late later laugh law lead learn least leave led left leg less let
letter level library lie life light like likely limit line link list listen little live local long look lose
loss lost lot loud love low lunch machine made main major make man manage many map march mark market match
matter may maybe me mean measure meet meeting member memory men message met method middle might mile mind
minute miss model modern moment monday money month more morning most mother mountain move movie much museum
music must my name nature near necessary need network never new news next nice night nine no none nor normal
north not note nothing notice now number object of off offer office often oh ok old on once one only open
option or order original other our out outside over own page paint pair paper parent park part party pass
past path pay people perfect perhaps period person phone photo pick picture piece place plan plant play
please plus point police pool poor popular position possible post power practice prefer present press pretty
price print private probably problem process produce product program project property provide public pull
purpose push put question quick quiet quite race rain raise ran range rate rather reach read ready real
really reason receive recent record red relationship release remain remember remove report request require
research rest result return rich ride right ring rise river road rock role room rule run safe said same sat
saturday save saw say school science sea search season seat second secret section see seem seen self sell
send sense sent separate series serious serve server service session set seven several shape share she ship
shirt shoe shop short should show shower shut sick side sign similar simple simply since sing single sister
sit site six size skill sky sleep slow small smart smile so social soft software some someone something
sometimes son song soon sort sound source south space speak special spend sport spring stage stand standard
star start state station stay step still stop store story street string strong student study stuff style
subject such suggest summer sun sunday support sure surprise swim system table take talk tall taught tea
teach team tell ten term test text than thank that the their them themselves then there these they thing
think third this those though thought thousand three through thursday ticket time tire to today together
told tomorrow too took tool top total touch toward town toy train travel tree trip true trust try tuesday
turn tv twice two type under understand unit until up update upon us use user usual valid value various very
via video view visit voice wait walk wall want war warm was wash watch water way we wear weather website
wednesday week weekend weight welcome well went were west what whatever when where whether which while white
who whole whose why wide wife wild will win window winter wish with within without woman women wonder wood
word work world would wow write wrong yeah year yellow yes yesterday yet you young your yourself
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def estimate_tokens(text: str) -> int:
    """How many tokens *text* takes, rather too many than too few; 0 for an empty text only.

    The estimates of lines add up to no less than the estimate of all of them together.
    """
    if not text:
        return 0
    total = _BASE
    for piece in _PIECE.finditer(text):
        kind = piece.lastindex or 0
        if kind == 1 and _is_common(piece.group().lower()):
            total += _COMMON_WORD
        else:
            run, character = _COSTS[kind - 1]
            total += run + character * (piece.end() - piece.start())
    return math.ceil(total)


def _is_common(word: str) -> bool:
    """Whether *word* is a common English word or a form of one."""
    if word in _COMMON or not word.endswith(_ENDINGS):
        return word in _COMMON
    stems = (word[:-1], word[:-2], word[:-3], word[:-3] + "e")
    return any(stem in _COMMON for stem in stems)
