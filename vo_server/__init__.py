"""The core of the archive: settings, database, tables, engine, formats, jobs and the HTTP application."""

from importlib.metadata import version

__version__ = version("vo-server")
