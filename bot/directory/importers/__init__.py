"""Reading what others publish: one module per format, each yielding records in our own format (see base).

Only the import command loads this package: it leans on ijson, which Rasa's environment does not have.
"""

from bot.directory.importers import data_inclusion, dila, finess, france_services, herault_data, mednum
from bot.directory.importers.base import Entry, Format, FormatError, Input

#: Every format, by the name that the command line knows it by.
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        herault_data.FORMAT,
        dila.FORMAT,
        france_services.FORMAT,
        data_inclusion.FORMAT,
        mednum.FORMAT,
        finess.FORMAT,
    )
}

__all__ = ["FORMATS", "Entry", "Format", "FormatError", "Input"]
