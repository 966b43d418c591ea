"""The coordinates of a product's first image, read from its headers."""

import sqlalchemy as sa
from astropy.io import fits

from sia.v1.query import select_wcs
from vo_server.headers.cards import parse_lines
from vo_server.headers.database import Entry, save_headers
from vo_server.headers.sections import store

WCS = {
    "CTYPE1": "RA---TAN", "CRPIX1": 10.5, "CRPIX2": 20.5, "CRVAL1": 150.25, "CRVAL2": -30.5, "RADESYS": "FK5",
    "EQUINOX": 2000.0,
}  # fmt: skip


def entry(dp_id: str, hdu: int, **cards: object) -> Entry:
    block = fits.Header(cards).tostring().encode()
    return dp_id, hdu, store(block, parse_lines(block)[0])


def test_the_first_image_of_each_product_tells_its_coordinates(connection: sa.Connection) -> None:
    save_headers(
        connection,
        [
            entry("wcs one", 0, SIMPLE=True, RADESYS="ICRS"),
            entry("wcs one", 1, **WCS, CD1_1=-1e-4, CD2_2=1e-4),
            entry("wcs one", 2, **{**WCS, "CRPIX1": 99.0}),
            entry("wcs two", 0, **WCS, CDELT1=-2e-4, CDELT2=2e-4),
            entry("wcs none", 0, SIMPLE=True),
        ],
    )
    names = sa.values(sa.column("dp_id", sa.Text), name="products").data(
        [("wcs one",), ("wcs two",), ("wcs none",)]
    )
    wcs = select_wcs(names).lateral("wcs")
    rows = connection.execute(
        sa.select(names.c.dp_id, wcs).select_from(names.join(wcs, sa.true(), isouter=True))
    )
    found = {row.dp_id: row for row in rows}
    assert found["wcs one"].refpixel == [10.5, 20.5]
    assert found["wcs one"].cdmatrix == [-1e-4, 0.0, 0.0, 1e-4]
    assert found["wcs two"].cdmatrix == [-2e-4, 0.0, 0.0, 2e-4]
    assert (found["wcs two"].frame, found["wcs two"].projection) == ("FK5", "TAN")
    assert found["wcs two"].refvalue == [150.25, -30.5]
    assert found["wcs none"].refpixel is None
