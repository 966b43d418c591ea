"""Random products: which of them a check looks at."""

import random
from dataclasses import dataclass

from health.site import Site

RADIUS = 30.0  #: degrees around a random place
PLACES = 4  #: places that are tried before any products are taken
COLUMNS = "obs_publisher_did, access_url, access_format, dataproduct_type, s_ra, s_dec, s_fov"


@dataclass(frozen=True, slots=True)
class Product:
    """A row of ObsCore, as far as it matters here; degrees, ICRS."""

    did: str
    access_url: str
    access_format: str
    kind: str
    ra: float | None
    dec: float | None
    fov: float | None


def sample(site: Site, most: int, condition: str = "") -> list[Product]:
    """Some products, others each time, that meet a condition in ADQL.

    They are taken around random places, which an index finds; sorting at random would read all products.
    """
    where = f" AND {condition}" if condition else ""
    found: dict[str, Product] = {}
    for _ in range(PLACES):
        ra, dec = random.uniform(0, 360), random.uniform(-90, 90)  # noqa: S311 (nothing is kept secret)
        near = f"DISTANCE(s_ra, s_dec, {ra:.3f}, {dec:.3f}) < {RADIUS}{where}"
        found |= _select(site, most - len(found), near)
        if len(found) >= most:
            break
    else:
        found |= _select(site, most - len(found), condition)
    return list(found.values())


def _select(site: Site, most: int, condition: str) -> dict[str, Product]:
    where = f" WHERE {condition}" if condition else ""
    rows = site.query(f"SELECT TOP {most} {COLUMNS} FROM ivoa.ObsCore{where}")  # noqa: S608 (ADQL of our own)
    return {
        row["obs_publisher_did"]: Product(
            row["obs_publisher_did"],
            row["access_url"],
            row["access_format"],
            row["dataproduct_type"],
            *(float(row[name]) if row[name] else None for name in ("s_ra", "s_dec", "s_fov")),
        )
        for row in rows
    }
