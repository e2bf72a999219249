"""The versions of the gateway's schema, one file each in `versions`, walked by Alembic.

Expand, then contract (docs/architecture.md): a version only adds, and what it adds may be left out by who does not know it,
so that the code before it goes on with the database after it; what is no longer used goes in a later release.
"""

from pathlib import Path

import sqlalchemy as sa

HERE = Path(__file__).parent
#: The version of today's schema: that of the last file. Versions are numbers of four digits, in order.
HEAD = max(path.name[1:5] for path in (HERE / "versions").glob("v[0-9]*.py"))

_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))


class TooNew(Exception):
    """The database is of a later version, and not one that only adds."""


def current(connection: sa.Connection) -> str | None:
    """Return the version of a database, None for one that has none: empty, or made before versions were kept."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    version: str | None = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return version


def upgrade(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Bring a database to HEAD, within the transaction under way; leave a later one as it is.

    Raise TooNew when `metadata`, what the code knows of the tables, does not fit a later one.
    """
    version = current(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        if missing := lacks(connection, metadata):
            raise TooNew(f"{version} : {missing}")
        return
    # Loaded by need: most starts find the database as it should be, and Alembic takes a quarter of a second.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    command.upgrade(config, "head")


def lacks(connection: sa.Connection, metadata: sa.MetaData) -> str:
    """Return what keeps the code from using a later database: what it lacks, or wants and is not given; "" when nothing."""
    found = sa.inspect(connection)
    for table in metadata.sorted_tables:
        if not found.has_table(table.name):
            return table.name
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        for name in table.columns.keys() - columns.keys():
            return f"{table.name}.{name}"
        for name in columns.keys() - table.columns.keys():
            if not columns[name]["nullable"] and columns[name]["default"] is None:
                return f"{table.name}.{name}"
    return ""
