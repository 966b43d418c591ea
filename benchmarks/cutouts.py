"""Parts of a 6 GB cube: milliseconds, bytes read and memory, for parts of several sizes.

``python -m benchmarks.cutouts``; the cube is sparse, so it takes no room on the disk.
"""

import resource
import tempfile
import time
from pathlib import Path
from typing import BinaryIO, cast

from astropy.io import fits

from datalink.soda.cutting import cut_file
from datalink.soda.params import Cut
from vo_server.intervals import Interval
from vo_server.positions import parse_pos

SHAPE = (600, 600, 4200)  #: pixels of 0.2 arcsec, channels of 1.25 angstrom from 475 nm
PARTS = {
    "1 arcmin x 10 angstrom": Cut(parse_pos("CIRCLE 150 2 0.00833"), Interval(6e-7, 6.01e-7)),
    "a point, all channels": Cut(parse_pos("CIRCLE 150 2 0.0001")),
    "all of the sky, 10 angstrom": Cut(band=Interval(6e-7, 6.01e-7)),
    "1 arcmin, 1000 angstrom": Cut(parse_pos("CIRCLE 150 2 0.00833"), Interval(6e-7, 7e-7)),
}


def main() -> None:
    """Measure and print."""
    with tempfile.NamedTemporaryFile(dir="/var/tmp", suffix=".fits") as cube:
        write_cube(cast("BinaryIO", cube))
        size = Path(cube.name).stat().st_size / 1e9
        print(f"cube of {size:.1f} GB: ms, MB of the part, MB by which the process has grown")
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for name, cut in PARTS.items():
            with tempfile.TemporaryFile(dir="/var/tmp") as sink:
                begun = time.perf_counter()
                cut_file(Path(cube.name), cut, "ADP.BENCH", cast("BinaryIO", sink), 2**31)
                seconds = time.perf_counter() - begun
                megabytes = sink.tell() / 1e6
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) / 1024
            print(f"{name:28}{1000 * seconds:>10.0f} ms{megabytes:>10.1f} MB{grown:>10.0f} MB")


def write_cube(file: BinaryIO) -> None:
    """A cube of zeros."""
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 3})
    header.update({f"NAXIS{n}": size for n, size in enumerate(SHAPE, 1)})
    header.update(
        {"CTYPE1": "RA---TAN", "CRVAL1": 150.0, "CRPIX1": 300.0, "CDELT1": -0.2 / 3600, "CUNIT1": "deg",
         "CTYPE2": "DEC--TAN", "CRVAL2": 2.0, "CRPIX2": 300.0, "CDELT2": 0.2 / 3600, "CUNIT2": "deg",
         "CTYPE3": "WAVE", "CRVAL3": 4.75e-7, "CRPIX3": 1.0, "CDELT3": 1.25e-10, "CUNIT3": "m"}
    )  # fmt: skip
    file.write(header.tostring().encode())
    file.truncate(file.tell() + 4 * SHAPE[0] * SHAPE[1] * SHAPE[2])
    file.flush()


if __name__ == "__main__":
    main()
