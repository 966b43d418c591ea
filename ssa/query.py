"""From checked parameters to a statement on ObsCore in the words of SSA 1.1: pure functions."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, array

from ssa.params import FITS, PNG, VOTABLE, SsaParams
from ssa.ranges import MJD_0
from vo_server.answer_columns import read_columns
from vo_server.engine import Statement, from_select
from vo_server.intervals import Interval
from vo_server.products import (
    ObsCore,
    any_of,
    is_between,
    is_one_of,
    overlaps,
    select_in_formats,
    within_shape,
)
from vo_server.sky.sql import distance_to
from vo_server.tables import Column

#: The product types that SSA serves.
PRODUCT_TYPES = ("spectrum", "sed")
COLUMNS: tuple[Column, ...] = tuple(item.column for item in read_columns("ssa"))
#: Where a spectrum is had in each format; the identifier follows.
PATHS = {
    FITS: "/download/",
    VOTABLE: f"/soda/sync?RESPONSEFORMAT={quote(VOTABLE, safe='')}&ID=",
    PNG: "/preview/",
}
Expression = sa.ColumnElement[Any]


def build_statement(params: SsaParams, obscore: ObsCore, root_url: str) -> Statement:
    """A row for each spectrum in each format that the client takes; with TOP, the best matches first."""
    formats = () if params.is_metadata else params.formats
    select = select_in_formats(
        obscore,
        {name: root_url + PATHS[name] for name in formats},
        [column.name for column in COLUMNS],
        lambda form: expressions(obscore.relation.c, form, params),
    ).where(*conditions(params, obscore))
    if params.top is not None:
        select = select.order_by(sa.desc("score"), obscore.relation.c.dp_id).limit(params.top)
    return from_select(select, COLUMNS)


def conditions(params: SsaParams, obscore: ObsCore) -> list[sa.ColumnElement[bool]]:
    """Spectra for ``params``: elements of one list OR, parameters AND; a NULL satisfies no constraint."""
    obs = obscore.relation.c
    found: list[sa.ColumnElement[bool]] = [
        obs.dataproduct_type.in_(PRODUCT_TYPES),
        *any_of(overlaps(obs.em_min, obs.em_max, item) for item in params.band),
        *any_of(overlaps(obs.t_min, obs.t_max, item) for item in params.time),
        *any_of(is_modified(obs.last_mod_date, item) for item in params.mtime),
        *is_one_of(obs.o_calib_status, params.fluxcalib),
        *any_of(obs.obs_collection.icontains(word, autoescape=True) for word in params.collection),
        *any_of(without_blanks(obs.target_name) == plain(name) for name in params.targetname),
    ]
    limits = (
        (obs.em_res_power, params.specrp),
        (obs.s_resolution, params.spatres),
        (obs.t_resolution, params.timeres),
        (obs.snr, params.snr),
    )
    found += [is_between(column, limit) for column, limit in limits if limit is not None]
    for column, did in ((obs.obs_publisher_did, params.pubdid), (obs.obs_creator_did, params.creatordid)):
        if did is not None:
            # IVOA identifiers are compared without regard to case.
            found.append(sa.func.lower(column) == did.lower())
    if params.pos is not None:
        found.append(within_shape(obscore, params.pos))
    return found


def without_blanks(column: Expression) -> Expression:
    """Names of targets are written with and without blanks."""
    return sa.func.lower(sa.func.replace(column, " ", ""))


def plain(name: str) -> str:
    """A name as `without_blanks` makes it."""
    return name.replace(" ", "").lower()


def is_modified(column: Expression, interval: Interval) -> sa.ColumnElement[bool]:
    """Whether an instant lies within an interval of MJD."""
    found: list[sa.ColumnElement[bool]] = [column.is_not(None)]
    start = MJD_0.replace(tzinfo=None)
    if interval.low > -1e6:
        found.append(column >= start + timedelta(days=interval.low))
    if interval.high < 1e6:
        found.append(column <= start + timedelta(days=interval.high))
    return sa.and_(*found)


def expressions(obs: Any, form: Any, params: SsaParams) -> dict[str, Expression]:
    """What each column is made of, by its name.

    Parameters
    ----------
    obs : columns of ObsCore
    form : columns ``media_type`` and ``prefix`` (the address up to the identifier)
    """
    middle = (obs.em_min + obs.em_max) / 2
    public = sa.or_(obs.obs_release_date.is_(None), obs.obs_release_date <= sa.func.now())
    nothing = sa.cast(sa.null(), sa.Double)
    return {
        "score": sa.cast(score(obs, params), sa.REAL),
        "assoc_id": obs.dp_id,
        "acref": form.prefix.op("||")(obs.dp_id),
        "format": form.media_type,
        "size": sa.case((form.media_type == FITS, obs.access_estsize), else_=None),
        "length": obs.em_xel,
        "deleted": sa.cast(sa.null(), sa.DateTime),
        "title": sa.func.coalesce(obs.obs_title, obs.obs_collection.op("||")(" ").op("||")(obs.dp_id)),
        "creator": obs.obs_creator_name,
        "collection": obs.obs_collection,
        "creator_did": obs.obs_creator_did,
        "date": obs.publication_date,
        "instrument": obs.instrument_name,
        "bandpass": obs.filter,
        "reference": obs.bib_reference,
        "publisher_did": obs.obs_publisher_did,
        "curation_date": obs.last_mod_date,
        "rights": sa.case((public, "public"), else_="proprietary"),
        "target_name": obs.target_name,
        "snr": obs.snr,
        "flux_ucd": obs.o_ucd,
        "location": sa.cast(array([obs.s_ra, obs.s_dec]), ARRAY(DOUBLE_PRECISION)),
        "aperture": obs.s_fov,
        "region": obs.s_region,
        "time_location": (obs.t_min + obs.t_max) / 2,
        "time_extent": (obs.t_max - obs.t_min) * 86400.0,
        "time_start": obs.t_min,
        "time_stop": obs.t_max,
        "exptime": obs.t_exptime,
        "spectral_location": middle,
        "spectral_extent": obs.em_max - obs.em_min,
        "spectral_start": obs.em_min,
        "spectral_stop": obs.em_max,
        "flux_calibration": obs.o_calib_status,
        "bin_size": (obs.em_max - obs.em_min) / sa.func.nullif(obs.em_xel, 0),
        "spectral_resolution": middle / sa.func.nullif(obs.em_res_power, 0),
        "resolving_power": obs.em_res_power,
        "time_resolution": obs.t_resolution,
        "position_error": nothing,
        "spatial_resolution": obs.s_resolution / 3600.0,
    }


def score(obs: Any, params: SsaParams) -> Expression:
    """1 where nothing ranks the spectra; else less, the farther they are from POS (SSA 1.1, TOP)."""
    if params.pos is None:
        return sa.literal(1.0)
    distance = distance_to(obs.s_ra, obs.s_dec, params.pos.ra, params.pos.dec)
    # A half at one minute of arc.
    return sa.func.coalesce(1.0 / (1.0 + 60.0 * distance), 0.0)
