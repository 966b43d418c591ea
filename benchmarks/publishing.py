"""Batches of small spectra from a directory to published, against copying and digesting their bytes.

``python -m benchmarks.publishing [--files 1000] [--batches 4]``: each batch comes to an archive that has
those before it, so that growth is seen.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.ingest_rows import archive
from benchmarks.phase3 import STANDARD, write_spectra
from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.closing import check_batch
from ingest.phase3.releases.doors import take_files
from ingest.phase3.releases.publishing import publish
from vo_server.config import Settings
from vo_server.submissions.states import Person
from vo_server.submissions.values import Collection, Release

EVERYBODY = frozenset({Person.OWNER, Person.ARCHIVIST})


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000, help="of a batch")
    parser.add_argument("--batches", type=int, default=4)
    options = parser.parse_args(arguments)
    with archive() as database, tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        directory = Path(name)
        paths = write_spectra(directory, options.files * options.batches)
        place = Archive.of(database, Settings.load(state_dir=database.state_dir))
        collection = f"BENCH-{int(time.time())}"
        place.submissions.create_collection(Collection(collection, "Spectra", "IDP", "bench"))
        place.submissions.create_release(Release(collection, "DR1", "Spectra"))
        size = sum(path.stat().st_size for path in paths) / options.batches
        print(f"{options.batches} batches of {options.files} files, {size / 1e6:.0f} MB each")
        print("batch   floor    take   check publish  files/s  times the floor")
        for number in range(options.batches):
            files = paths[number * options.files : (number + 1) * options.files]
            print(row(number + 1, files, *seconds(place, collection, files, directory)), flush=True)


def seconds(place: Archive, collection: str, files: list[Path], directory: Path) -> tuple[float, ...]:
    """Seconds of the floor, and of each part of the way."""
    submissions = place.submissions
    floor = timed(lambda: copy_and_digest(files, directory / "copy"))
    batch = submissions.open_batch(collection, "DR1", "bench", "internal", str(STANDARD))
    taking = timed(lambda: take_files(place, batch, files))
    submissions.take(batch.batch_id, "close", "bench", EVERYBODY)
    checking = timed(lambda: check_batch(place, batch.batch_id))
    # Its raw frames are not in the archive: what the report says of that is not measured here.
    with place.owner.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE archive.batch SET state = 'approved' WHERE batch_id = {batch.batch_id:d}"
        )
    publishing = timed(lambda: publish(place, batch.batch_id, "bench", EVERYBODY))
    return floor, taking, checking, publishing


def row(number: int, files: Sequence[Path], floor: float, *parts: float) -> str:
    """One line of the report."""
    total = sum(parts)
    told = "".join(f"{part:8.2f}" for part in (floor, *parts))
    return f"{number:5d}{told}{len(files) / total:9.0f}{total / floor:17.1f}"


def copy_and_digest(files: Sequence[Path], target: Path) -> None:
    """The floor: every byte is read, digested and written once."""
    target.mkdir(exist_ok=True)
    for file in files:
        content = file.read_bytes()
        hashlib.sha256(content).hexdigest()
        (target / file.name).write_bytes(content)


def timed(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
