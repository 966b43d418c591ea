"""The demo archive: real files, the synthetic observatory and a catalogue, made, ingested and published.

Every step can be repeated: files are put in place by renaming, ingest and publish change nothing when nothing
changed, and a stamp in the database, written last, lets the next start pass over all of it.
"""

import hashlib
import json
import shutil
from importlib.resources import files
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert

from demo.catalogue import write_sources
from demo.observatory import SEED, observe
from demo.products.build import write_products
from demo.raw import write_raw
from demo.real import Fetched, debian_files, fetch, write_mappings
from demo.release import RELEASED, release
from vo_server.archive import PROPERTY
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.progress import Progress

PROPERTY_NAME = "demo"  #: of the stamp in archive.property

log = structlog.get_logger(__name__)


def build(state_dir: Path, settings: Settings, database: Database, progress: Progress) -> None:
    """Have the demo archive in the database and its files below ``state_dir/demo``.

    Parameters
    ----------
    progress : callable
        ``progress(done, total, what)``.
    """
    directory = state_dir / "demo"
    cache = settings.demo_cache or directory / "real"
    fetched = fetch(cache, progress)
    for reason in sorted(set(fetched.missing.values())):
        names = [name for name, why in fetched.missing.items() if why == reason]
        log.warning("demo_files_missing", files=names, reason=reason, next="fetched at the next start")
    code = _code_digest()
    stamp = _stamp(code, fetched)
    if _read_stamp(database) == stamp and _is_complete(directory, code):
        return
    _make_synthetic(directory, code, progress)
    _take_in(directory, fetched, settings, database, progress)
    _write_stamp(database, stamp)


def _make_synthetic(directory: Path, code: str, progress: Progress) -> None:
    """Write raw frames, products and the catalogue, unless this version of the code has done so before."""
    if _is_complete(directory, code):
        return
    what = "making the synthetic observatory"
    part, target = directory / "synthetic.part", directory / "synthetic"
    shutil.rmtree(part, ignore_errors=True)
    exposures = observe()
    progress(0, 3, what)
    write_raw(exposures, part / "raw")
    progress(1, 3, what)
    write_products(exposures, part / "products")
    progress(2, 3, what)
    write_sources(directory / "catalogue" / "sources.parquet")
    (part / ".complete").write_text(code)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    progress(3, 3, what)


def _is_complete(directory: Path, code: str) -> bool:
    """Whether the synthetic files are those that this code makes."""
    mark = directory / "synthetic" / ".complete"
    is_marked = mark.is_file() and mark.read_text() == code
    return is_marked and (directory / "catalogue" / "sources.parquet").is_file()


def _take_in(
    directory: Path, fetched: Fetched, settings: Settings, database: Database, progress: Progress
) -> None:
    """Ingest all files, publish the catalogue, and release what comes by the door of pipelines."""
    from ingest.catalogue import publish
    from ingest.run import run

    products = sorted((directory / "synthetic" / "products").iterdir())
    paths = [directory / "synthetic" / "raw", *(path for path in products if path.name != RELEASED)]
    paths += [*fetched.paths, *debian_files()]
    write_mappings(directory / "mappings")
    report = run(paths, database, settings, progress, presets=[directory / "mappings"])
    log.info("demo_ingested", report=str(report))
    schema = files("demo").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    publish(schema, directory / "catalogue" / "sources.parquet", database, progress)
    release(directory / "synthetic" / "products" / RELEASED, settings, database, progress)


def _code_digest() -> str:
    """A digest of everything that decides on the synthetic files: our own source and data."""
    digest = hashlib.sha256(str(SEED).encode())
    here = Path(__file__).parent
    for path in sorted(path for path in here.rglob("*") if path.suffix in (".py", ".toml", ".yaml")):
        digest.update(path.relative_to(here).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _stamp(code: str, fetched: Fetched) -> str:
    """What the archive should hold, in one line: it changes when a missing file could be fetched."""
    names = sorted(str(path) for path in (*fetched.paths, *debian_files()))
    return json.dumps({"code": code, "files": hashlib.sha256("\n".join(names).encode()).hexdigest()})


def _read_stamp(database: Database) -> str | None:
    with database.owner.connect() as connection:
        query = sa.select(PROPERTY.c.value).where(PROPERTY.c.name == PROPERTY_NAME)
        value: str | None = connection.execute(query).scalar()
        return value


def _write_stamp(database: Database, stamp: str) -> None:
    with database.owner.begin() as connection:
        row = insert(PROPERTY).values(name=PROPERTY_NAME, value=stamp)
        connection.execute(
            row.on_conflict_do_update(index_elements=[PROPERTY.c.name], set_={"value": row.excluded.value})
        )
