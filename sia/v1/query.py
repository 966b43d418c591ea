"""From checked parameters to a statement on ObsCore in the words of SIA 1.0: pure functions."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, array

from sia.params import PRODUCT_TYPES
from sia.v1.params import FITS, PNG, SiaV1Params
from vo_server import schemas
from vo_server.answer_columns import read_columns
from vo_server.engine import Statement, from_select
from vo_server.products import ObsCore, select_in_formats, within_shape
from vo_server.sky.sql import covers, is_within

#: Where an image is had in each format; the identifier follows.
PATHS = {FITS: "/download/", PNG: "/preview/"}
_FLOATS = ARRAY(DOUBLE_PRECISION)
Expression = sa.ColumnElement[Any]
COLUMNS = read_columns("sia.v1")


def _array(values: Sequence[Expression], kind: Any) -> Expression:
    return sa.cast(array(list(values)), kind)


def expressions(obs: Any, form: Any, wcs: Any) -> dict[str, Expression]:
    """What each column is made of, by its name.

    Parameters
    ----------
    obs : columns of ObsCore
    form : columns ``media_type`` and ``prefix`` (the address up to the identifier)
    wcs : columns of `select_wcs`
    """
    step = obs.s_pixel_scale / 3600.0
    sizes = [sa.cast(size, sa.Integer) for size in (obs.s_xel1, obs.s_xel2)]
    return {
        "title": obs.obs_title,
        "access_url": form.prefix.op("||")(obs.dp_id),
        "format": form.media_type,
        "ra": obs.s_ra,
        "dec": obs.s_dec,
        "naxes": sa.case((obs.em_xel > 1, 3), else_=2),
        "naxis": _array(sizes, ARRAY(sa.Integer)),
        # East is left: the first axis runs against right ascension.
        "scale": _array([-step, step], _FLOATS),
        "instrument": obs.instrument_name,
        "date_obs": (obs.t_min + obs.t_max) / 2,
        "filesize": sa.cast(sa.func.least(obs.access_estsize * 1000, 2**31 - 1), sa.Integer),
        "band": obs.filter,
        "band_unit": sa.literal("meters"),
        "band_middle": (obs.em_min + obs.em_max) / 2,
        "band_high": obs.em_max,
        "band_low": obs.em_min,
        "pixflags": sa.literal("C"),
        "frame": sa.func.coalesce(wcs.frame, "ICRS"),
        "equinox": wcs.equinox,
        "projection": wcs.projection,
        "refpixel": wcs.refpixel,
        "refvalue": wcs.refvalue,
        "cdmatrix": wcs.cdmatrix,
        "obs_publisher_did": obs.obs_publisher_did,
        "collection": obs.obs_collection,
        "target": obs.target_name,
        "facility": obs.facility_name,
        "exptime": obs.t_exptime,
        "seeing": obs.s_resolution,
        "s_region": obs.s_region,
    }


def build_statement(params: SiaV1Params, obscore: ObsCore, root_url: str) -> Statement:
    """A row for each image and cube in each format that the client takes."""
    columns = [item.column for item in COLUMNS if item.level <= params.verb]
    obs = obscore.relation.c
    wcs = select_wcs(obscore.relation).lateral("wcs")
    formats = () if params.is_metadata else params.formats
    select = select_in_formats(
        obscore,
        {name: root_url + PATHS[name] for name in formats},
        [column.name for column in columns],
        lambda form: expressions(obs, form, wcs.c),
        lambda rows: rows.join(wcs, sa.true(), isouter=True) if params.verb >= 2 else rows,
    ).where(obs.dataproduct_type.in_(PRODUCT_TYPES), _lies(params, obscore))
    return from_select(select, columns)


def _lies(params: SiaV1Params, obscore: ObsCore) -> sa.ColumnElement[bool]:
    """How an image has to lie (INTERSECT)."""
    if params.intersect == "COVERS":
        return covers(obscore.relation, obscore.region, params.region)
    if params.intersect == "ENCLOSED":
        return is_within(obscore.relation, obscore.region, params.region)
    wanted = params.center if params.intersect == "CENTER" else params.region
    return within_shape(obscore, wanted)  # type: ignore[arg-type]


def select_wcs(obscore: sa.FromClause) -> sa.Select[Any]:
    """The coordinates of a product's first image, from the keywords of its header; for a lateral join."""
    keyword = schemas.metadata(schemas.builtin(), views=True).tables["header.keyword"]

    def number(name: str) -> Expression:
        return sa.func.max(keyword.c.value_n).filter(keyword.c.keyword == name)

    def text(name: str) -> Expression:
        return sa.func.max(keyword.c.value_s).filter(keyword.c.keyword == name)

    def element(i: int, j: int) -> Expression:
        # CD, or PC times CDELT; a PC that is not said is the unit matrix (FITS 4.0, World coordinates).
        unit = 1.0 if i == j else 0.0
        pc = sa.func.coalesce(number(f"PC{i}_{j}"), unit) * number(f"CDELT{i}")
        given = sa.func.count().filter(keyword.c.keyword.in_(("CD1_1", "CD1_2", "CD2_1", "CD2_2")))
        return sa.case((given > 0, sa.func.coalesce(number(f"CD{i}_{j}"), 0.0)), else_=pc)

    matrix = [element(i, j) for i in (1, 2) for j in (1, 2)]
    is_image = sa.func.count().filter(keyword.c.keyword == "CRPIX1") > 0
    # The headers of a product are decoded once, all together.
    columns = sa.select(
        text("RADESYS").label("frame"),
        number("EQUINOX").label("equinox"),
        sa.func.substring(text("CTYPE1"), 6, 3).label("projection"),
        _array([number("CRPIX1"), number("CRPIX2")], _FLOATS).label("refpixel"),
        _array([number("CRVAL1"), number("CRVAL2")], _FLOATS).label("refvalue"),
        _array(matrix, _FLOATS).label("cdmatrix"),
    )
    headers = columns.where(keyword.c.dp_id == obscore.c.dp_id, keyword.c.keyword.in_(WCS))
    return headers.group_by(keyword.c.hdu).having(is_image).order_by(keyword.c.hdu).limit(1)


WCS = (
    *("RADESYS", "EQUINOX", "CTYPE1", "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CDELT1", "CDELT2"),
    *(f"{name}{i}_{j}" for name in ("CD", "PC") for i in (1, 2) for j in (1, 2)),
)
