"""Communes: the 341 of the Hérault, and finding in what a person writes which one is meant, or that it is elsewhere.

`load()` is the list; `find` reads the words of a message; `settle` says what they come to.
"""

from bot.directory.communes.elsewhere import Elsewhere
from bot.directory.communes.gazetteer import Commune, Communes, load
from bot.directory.communes.hints import Hints, hints
from bot.directory.communes.mention import Mention, Where
from bot.directory.communes.recogniser import find
from bot.directory.communes.settle import settle

__all__ = ["Commune", "Communes", "Elsewhere", "Hints", "Mention", "Where", "find", "hints", "load", "settle"]
