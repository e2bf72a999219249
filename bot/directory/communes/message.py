"""A message being read, and what was spent on it."""

from dataclasses import dataclass

from bot.directory.communes.hints import Hints


@dataclass
class Message:
    """The words of a message in their one form, what its raw text shows, and how often they were compared."""

    tokens: list[str]
    hints: Hints
    compared: int = 0
