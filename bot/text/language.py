"""Is a short message French at all? Small words tell: no model, no list of countries."""

import re

from bot.text.normal import words

_FRENCH = frozenset(
    """
    je tu il elle on nous vous ils elles le la les l un une des du de d au aux et ou est suis ai as a sont avez
    etes pas plus ne n que qu qui quoi ce cette ces mon ma mes son sa ses notre votre leur pour par avec sans
    dans sur chez en y comment combien quand pourquoi j c m s t bonjour merci salut oui non droit aide fait
    faire avoir etre
    """.split()
)
_FOREIGN = frozenset(
    # English
    """
    the i my you your is are am do does how what where when why can cannot need help please hello hi and or not
    with for have has this that there from thank thanks money child children
    """.split()
    # Spanish, Catalan, Portuguese, Italian
    + """
    el los las yo mi mis usted como donde cuando necesito ayuda hola gracias por para con una unos tengo hijo
    hijos quiero puedo estoy soy muy pero si no che come dove quando aiuto ciao grazie sono ho bisogno mio mia
    obrigado preciso ajuda onde meu minha tenho bon dia
    """.split()
    # Romanian, Turkish, German, transliterated Arabic
    + """
    unde cum buna ziua multumesc vreau ajutor copil copii ich wie wo und nicht bitte hilfe danke nasil nerede
    yardim merhaba salam choukran kifach fin bghit kayn wach
    """.split()
)
_LATIN = re.compile(r"[a-zà-öø-ÿœæ]", re.IGNORECASE)


def looks_foreign(text: str) -> bool:
    """Tell whether `text` is written in another alphabet, or holds more small words of other languages than of French."""
    letters = [c for c in text if c.isalpha()]
    if letters and sum(bool(_LATIN.match(c)) for c in letters) < len(letters) / 2:
        return True
    found = words(text)
    foreign = sum(word in _FOREIGN for word in found)
    french = sum(word in _FRENCH for word in found)
    return foreign >= 2 and foreign > french
