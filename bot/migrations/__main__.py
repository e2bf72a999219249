"""For developers: `python -m bot.migrations "what it adds"` drafts the next version from the tables of the code."""

import sys

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import bot.sms.tables  # noqa: F401 - its tables join the others
from bot.migrations import HEAD, HERE, upgrade
from bot.store import METADATA


def draft(message: str) -> None:
    """Write the file of the next version: what a database at HEAD lacks of the code's tables. To be read before it is kept."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection, METADATA)
        config = Config()
        config.set_main_option("script_location", str(HERE).replace("%", "%%"))
        config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
        config.attributes["connection"], config.attributes["metadata"] = connection, METADATA
        command.revision(config, message, autogenerate=True, rev_id=f"{int(HEAD) + 1:04}")
    engine.dispose()


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]))
