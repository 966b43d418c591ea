"""A release of the demo archive: catalogues of the synthetic survey, as its own pipeline delivers them."""

from importlib.resources import as_file, files
from pathlib import Path

from vo_server.config import Settings
from vo_server.db import Database
from vo_server.progress import Progress

RELEASED = "SYNTHETIC-SKY-CAT"  #: the collection that is released, not just ingested
TITLE = "Source lists of the synthetic survey of the sky"
ABSTRACT = """\
Seven catalogues, one for each band from u to J, of sources that nobody has seen: positions and magnitudes are
made by a generator of random numbers from a fixed seed, and are the same on every machine.

They show what a release looks like: each catalogue is a file with its row in ivoa.ObsCore, and a table of its
own for ADQL and cone searches.
"""
DESCRIPTION = f"""\
{TITLE}, DR1

{ABSTRACT}
Release content: seven files of the category SCIENCE.CATALOG.
Release notes: there is no instrument, no sky and no error but that of the generator.
Data format: one binary table each, with identifier, position, magnitude and its error.
Acknowledgements: none are needed.
"""


def release(directory: Path, settings: Settings, database: Database, progress: Progress) -> None:
    """Deliver the catalogues in ``directory``; those that are published already stay as they are."""
    from ingest.phase3.releases.archive import Archive
    from ingest.phase3.releases.doors import deliver
    from vo_server.submissions.documents import keep_document
    from vo_server.submissions.values import Collection, Release

    archive = Archive.of(database, settings)
    told = Release(RELEASED, "DR1", TITLE, ABSTRACT, ("The demo of vo-server",))
    archive.submissions.create_collection(Collection(RELEASED, TITLE, "IDP", "demo"))
    archive.submissions.create_release(told)
    kept = keep_document(database.state_dir, RELEASED, "DR1", "description.txt", DESCRIPTION.encode())
    told = archive.submissions.describe_release(RELEASED, "DR1", kept)
    with as_file(files("demo").joinpath("phase3.toml")) as standard:
        deliver(
            archive, sorted(directory.glob("*.fits")), archive.submissions.collection(RELEASED), told,
            standard=str(standard), author="demo", progress=progress,
        )  # fmt: skip
