"""A process that stages a catalogue, says so, and waits to be killed."""

import sys
import time
from pathlib import Path

from ingest.phase3.catalogues import stage
from tests.ingest.phase3.catalogue_archive import NAMING
from vo_server.config import Settings
from vo_server.db import open_database


def main() -> None:
    """Stage, and wait."""
    directory, url, file = sys.argv[1:]
    settings = Settings.load(state_dir=Path(directory), database_url=url or None)
    with open_database(settings) as database, stage([Path(file)], NAMING, database):
        print("staged", flush=True)  # noqa: T201
        time.sleep(300)


if __name__ == "__main__":
    main()
