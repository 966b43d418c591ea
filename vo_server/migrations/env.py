"""Alembic's entry: runs the migrations on the connection that `vo_server.db.migrate` gives it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table_schema="archive")
context.run_migrations()
