"""The history of the database: one Alembic revision per change of its tables."""
