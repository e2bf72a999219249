"""The words of French, from the lexicon that comes with spaCy's small model (Lefff): for training only.

The model names lemmas, and knows an inflected form by a hash alone: forms are made from the lemmas by their usual
endings, and kept when the model knows their hash.
"""

from functools import lru_cache

from bot.text import fold

_ENDINGS = """
    s x e es aux ée és ées é ant er ez ent ons ions iez ais ait aient ai as a âmes âtes èrent erai eras era erons erez
    eront erais erait eriez eraient it is issons issez issent issais issait issions issiez issaient issant ie ies i u ue
    us ues irent ira irai iras irons irez iront irais irait iraient asse assent rice rices euse euses elle elles enne
    ennes ère ères ve ves se ses te tes le les ne nes che ches trice trices eons eait eais eant çait çais çons çant
    ra rai ras rons rez ront rais rait rions riez raient
""".split()
#: How many letters of a lemma an ending may replace.
_REPLACED = 3


@lru_cache(maxsize=1)
def lexicon() -> frozenset[str]:
    """Return some 350,000 words of French, inflected, folded, of letters only.

    Takes seconds and 50 MB: the assistant itself never calls it. Raise ImportError when spaCy's French model is missing.
    """
    from spacy.lookups import Lookups  # noqa: PLC0415 - a second to import, for training only
    from spacy.strings import hash_string  # noqa: PLC0415
    from spacy.util import get_package_path  # noqa: PLC0415

    (file,) = get_package_path("fr_core_news_sm").rglob("lemmatizer/lookups/lookups.bin")
    tables = Lookups().from_disk(file.parent)
    inflected = tables.get_table("lemma_lookup")
    hashes, lemmas = set(inflected.keys()), {lemma for lemmas in inflected.values() for lemma in lemmas}
    stems = {lemma[: len(lemma) - cut] for lemma in lemmas for cut in range(min(_REPLACED, len(lemma) - 2) + 1)}
    forms = lemmas | {form for stem in stems for ending in _ENDINGS if hash_string(form := stem + ending) in hashes}
    for name in ("lemma_exc", "lemma_index"):
        for words in tables.get_table(name).values():
            forms.update(words)
    return frozenset(folded for folded in map(fold, forms) if folded.isalpha())
