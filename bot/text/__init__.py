"""French text as people type it: cleaned, folded, normalised, and heard.

Pure functions on strings; no I/O. Both environments use this package.
"""

from bot.text.clean import clean, is_readable
from bot.text.language import looks_foreign
from bot.text.normal import fold, normalise, words
from bot.text.rank import rank
from bot.text.sound import loose_key, sound_key

__all__ = ["clean", "fold", "is_readable", "looks_foreign", "loose_key", "normalise", "rank", "sound_key", "words"]
