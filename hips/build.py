"""From the public images of a collection to a directory of tiles (HiPS 1.0, HiPS tiles)."""

import math
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.io import fits
from astropy.visualization import AsinhStretch, ImageNormalize, ZScaleInterval
from astropy.wcs import WCS
from PIL import Image
from reproject import reproject_interp
from reproject.hips import reproject_to_hips

from vo_server.archive import FILE
from vo_server.config import Settings
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.files.stores import path_of
from vo_server.products import ObsCore
from vo_server.progress import Progress

TILE = 512  #: pixels of the side of a tile (HiPS 1.0)
MOST_LEVEL = 9  #: pixels of 0.8 arcsec
MOST_SAMPLES = 2_000_000  #: pixels that set the scale of grey


@dataclass(frozen=True, slots=True)
class Source:
    """One image, and arcsec for each of its pixels where that is known."""

    path: Path
    scale: float | None


def directory_name(collection: str) -> str:
    """What the directory of a collection is called: letters, digits, dots, dashes."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", collection).strip(".") or "_"


def select_images(collection: str) -> sa.Select[Any]:
    """The public images of a collection, as ObsCore and the table of files know them."""
    obs = ObsCore.read().relation
    released = sa.or_(FILE.c.release_date.is_(None), FILE.c.release_date <= sa.func.now())
    return (
        sa.select(FILE.c.url, obs.c.s_pixel_scale)
        .select_from(FILE.join(obs, obs.c.dp_id == FILE.c.dp_id))
        .where(obs.c.obs_collection == collection, obs.c.dataproduct_type == "image", released)
        .order_by(FILE.c.dp_id)
    )


def level_for(sources: Sequence[Source]) -> int:
    """The order whose pixels are about as fine as those of the finest image."""
    scales = [source.scale for source in sources if source.scale]
    if not scales:
        return 3
    pixel = math.degrees(math.sqrt(4 * math.pi / 12)) * 3600 / TILE  #: arcsec at order 0
    return max(3, min(MOST_LEVEL, math.ceil(math.log2(pixel / min(scales)))))


def build(
    collection: str,
    engine: sa.Engine,
    settings: Settings,
    directory: Path,
    progress: Progress,
    level: int | None = None,
) -> Path:
    """Make the HiPS of a collection in the place of the one that is there; where it is.

    What clients see is the former one until the new one is whole.

    Raises
    ------
    NotFoundFault
        The collection has no public image.
    UsageFault
        The level is out of range, or no image has coordinates on the sky.
    """
    if level is not None and not 0 <= level <= MOST_LEVEL:
        raise UsageFault(f"level {level} is out of range: 0 to {MOST_LEVEL}")
    with engine.connect() as connection:
        rows = connection.execute(select_images(collection)).all()
    sources = [Source(path, scale) for url, scale in rows if (path := path_of(url)) is not None]
    if not sources:
        raise NotFoundFault(f"the collection {collection[:100]!r} has no public image")
    directory.mkdir(parents=True, exist_ok=True)
    with _place(directory) as place:
        made = place / "hips"
        for part in _tiles(sources, place, level_for(sources) if level is None else level, progress):
            merge(part, made)
            shutil.rmtree(part)
        if not made.exists():
            raise UsageFault(f"no image of {collection[:100]!r} has coordinates on the sky")
        draw_tiles(made)
        depth = max(int(order.name.removeprefix("Norder")) for order in made.glob("Norder*"))
        (made / "properties").write_text(properties(collection, settings, depth))
        return _exchange(made, directory / directory_name(collection))


@contextmanager
def _place(directory: Path) -> Iterator[Path]:
    """A directory beside the finished ones, gone with the block."""
    with tempfile.TemporaryDirectory(prefix=".making-", dir=directory) as name:
        yield Path(name)


def _exchange(made: Path, target: Path) -> Path:
    former = made.parent / "former"
    if target.exists():
        target.rename(former)
    made.rename(target)
    return target


def _tiles(sources: Sequence[Source], place: Path, level: int, progress: Progress) -> Iterator[Path]:
    """The tiles of each image that has coordinates on the sky."""
    for number, source in enumerate(sources, 1):
        part = place / f"part{number}"
        with warnings.catch_warnings():
            # What astropy repairs in a header does not matter to its pixels.
            warnings.simplefilter("ignore")
            found = _pixels(source.path)
            if found is not None:
                reproject_to_hips(
                    found,
                    coord_system_out="equatorial",
                    reproject_function=reproject_interp,
                    output_directory=str(part),
                    level=level,
                    tile_size=TILE,
                )
                yield part
        progress(number, len(sources), "images")


def _pixels(path: Path) -> tuple[Any, Any] | None:
    """The first image of the sky in a file; None where there is none that is understood."""
    try:
        with fits.open(path) as hdus:
            for hdu in hdus:
                if getattr(hdu, "data", None) is None or isinstance(hdu, fits.BinTableHDU):
                    continue
                wcs = WCS(hdu.header, hdus)
                if wcs.has_celestial and hdu.data.ndim == 2 and str(wcs.wcs.lngtyp).strip() in ("RA", "GLON"):
                    return np.array(hdu.data, np.float32), wcs.celestial
    # What a damaged file does to astropy has no common type.
    except (OSError, ValueError, TypeError, KeyError, fits.VerifyError, AssertionError):
        return None
    return None


def merge(part: Path, target: Path) -> None:
    """Put the tiles of one image to those of others: where both have a pixel, the later one is taken."""
    for tile in part.glob("Norder*/Dir*/Npix*.fits"):
        place = target / tile.relative_to(part)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            tile.rename(place)
            continue
        with fits.open(tile) as new, fits.open(place, mode="update") as known:
            known[0].data = np.where(np.isfinite(new[0].data), new[0].data, known[0].data)


def draw_tiles(directory: Path) -> None:
    """A PNG beside each FITS tile, all in one scale of grey; what has no value is transparent."""
    tiles = sorted(directory.glob("Norder*/Dir*/Npix*.fits"))
    deepest = max(tile.parts[-3] for tile in tiles)
    samples: list[Any] = []
    for tile in (tile for tile in tiles if tile.parts[-3] == deepest):
        values = fits.getdata(tile)
        samples.append(values[np.isfinite(values)][:: max(1, values.size // 20_000)])
        if sum(map(len, samples)) > MOST_SAMPLES:
            break
    known = np.concatenate(samples)
    low, high = ZScaleInterval().get_limits(known) if known.size else (0.0, 1.0)
    norm = ImageNormalize(vmin=low, vmax=high, stretch=AsinhStretch(), clip=True)
    for tile in tiles:
        values = np.asarray(fits.getdata(tile), np.float64)[::-1]
        seen = np.isfinite(values)
        grey = np.where(seen, 255 * np.asarray(norm(np.where(seen, values, low))), 0)
        layers = [Image.fromarray(np.rint(layer).astype(np.uint8)) for layer in (grey, 255 * seen)]
        Image.merge("LA", layers).save(tile.with_suffix(".png"))


def properties(collection: str, settings: Settings, order: int) -> str:
    """The text of the file ``properties`` (HiPS 1.0, Properties)."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    name = directory_name(collection)
    values = {
        "creator_did": f"ivo://{settings.authority}/hips/{name}",
        "publisher_did": f"ivo://{settings.authority}/hips/{name}",
        "obs_collection": collection,
        "obs_title": f"{collection}: images",
        "obs_copyright": settings.archive_name,
        "hips_version": "1.4",
        "hips_builder": "vo-server",
        "hips_release_date": now,
        "hips_status": "public master clonableOnce",
        "hips_frame": "equatorial",
        "hips_order": str(order),
        "hips_order_min": "0",
        "hips_tile_width": str(TILE),
        "hips_tile_format": "png fits",
        "dataproduct_type": "image",
    }
    return "".join(f"{key:<20} = {value}\n" for key, value in values.items())


def remove(collection: str, directory: Path) -> bool:
    """Take a HiPS away; whether there was one."""
    target = directory / directory_name(collection)
    if not target.is_dir():
        return False
    shutil.rmtree(target)
    return True
