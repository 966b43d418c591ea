"""The synthetic catalogue ``demo.sources``: seeded rows whose cones can be counted again in numpy."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demo.observatory import SEED

ROWS = 200_000
M31 = (10.6847, 41.2690)  #: degrees ICRS
_CLUMPS = ((*M31, 1.5, 8_000), (0.0, 89.9, 2.0, 2_000), (200.0, -89.9, 2.0, 2_000), (0.0, 0.0, 1.0, 2_000))


def make_sources(rows: int = ROWS, seed: int = SEED) -> pa.Table:
    """The catalogue's rows; the same for the same ``rows`` and ``seed``."""
    rng = np.random.default_rng([seed, 1])
    ra, dec = _positions(rng, rows)
    kind = rng.choice(3, rows, p=(0.7, 0.27, 0.03))
    is_star = kind == 0
    r_magnitude = (22.5 - rng.exponential(2.2, rows)).astype(np.float32)
    colour = rng.normal(0.6, 0.35, rows).astype(np.float32)
    redshift = np.where(kind == 2, rng.uniform(0.2, 4.0, rows), rng.gamma(2.0, 0.15, rows))
    motion = rng.normal(0, 6, (2, rows)).astype(np.float32)
    return pa.table(
        {
            "source_id": pa.array(np.arange(1, rows + 1, dtype=np.int64)),
            "ra": ra,
            "dec": dec,
            "object_class": pa.array(np.array(["star", "galaxy", "quasar"])[kind]),
            "gmag": r_magnitude + colour,
            "rmag": r_magnitude,
            "pm_ra": pa.array(motion[0], mask=~is_star),
            "pm_dec": pa.array(motion[1], mask=~is_star),
            "redshift": pa.array(redshift.astype(np.float32), mask=is_star),
            "n_epochs": rng.integers(1, 40, rows).astype(np.int16),
            "epoch": rng.uniform(59_000, 60_500, rows).round(5),
        }
    )


def write_sources(path: Path) -> None:
    """Write the catalogue as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    pq.write_table(make_sources(), part)
    part.replace(path)


def _positions(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Degrees ICRS: even over the sphere, and some clumps where tests look."""
    ra = rng.uniform(0, 360, rows)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, rows)))
    first = 0
    for centre_ra, centre_dec, radius, number in _CLUMPS:
        number = number * rows // ROWS
        distance = np.radians(radius * np.sqrt(rng.uniform(0, 1, number)))
        angle = rng.uniform(0, 2 * np.pi, number)
        here = slice(first, first + number)
        ra[here], dec[here] = _offset(centre_ra, centre_dec, distance, angle)
        first += number
    return ra, dec


def _offset(ra: float, dec: float, distance: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where ``distance`` in the direction ``angle`` (radians) leads from (``ra``, ``dec``, degrees)."""
    delta = np.radians(dec)
    sine = np.sin(delta) * np.cos(distance) + np.cos(delta) * np.sin(distance) * np.cos(angle)
    turn = np.arctan2(
        np.sin(angle) * np.sin(distance) * np.cos(delta), np.cos(distance) - np.sin(delta) * sine
    )
    return (ra + np.degrees(turn)) % 360, np.degrees(np.arcsin(sine))
