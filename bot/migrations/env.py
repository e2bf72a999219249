"""What Alembic runs round the versions: on the connection that it is given, within its transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], target_metadata=context.config.attributes.get("metadata")
)
context.run_migrations()
