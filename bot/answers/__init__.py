"""What the assistant says: data in `data/answers`, checked, then rendered for a channel with today's figures.

An answer is edited as text; nothing here knows Rasa, the web or SMS providers.
"""

from bot.answers.book import AnswersError, Book, LiveBook, load
from bot.answers.model import Answer, Figure, Link, Period, Source, Variant
from bot.answers.render import Rendered, render

__all__ = [
    "Answer",
    "AnswersError",
    "Book",
    "Figure",
    "Link",
    "LiveBook",
    "Period",
    "Rendered",
    "Source",
    "Variant",
    "load",
    "render",
]
