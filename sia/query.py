"""From checked parameters to a statement on ObsCore (SIA 2.0, {query} resource): a pure function."""

from typing import Any

import sqlalchemy as sa

from sia.params import PRODUCT_TYPES, SiaParams
from vo_server.engine import Statement, from_select
from vo_server.products import ObsCore, any_of, is_between, is_one_of, is_released, overlaps, within_shape


def build_statement(params: SiaParams, obscore: ObsCore) -> Statement:
    """The statement that answers ``params``, with every column of ObsCore."""
    return from_select(select_products(params, obscore), obscore.columns)


def select_products(params: SiaParams, obscore: ObsCore) -> sa.Select[Any]:
    """Images and cubes for ``params``: values of one parameter OR, parameters AND (SIA 2.0).

    A NULL never satisfies a constraint.
    """
    obs = obscore.relation.c
    dptypes = params.dptype or PRODUCT_TYPES
    conditions = [
        obs.dataproduct_type.in_(dptypes),
        *any_of(within_shape(obscore, shape) for shape in params.pos),
        *any_of(within_shape(obscore, cells) for cells in params.moc),
        *any_of(overlaps(obs.em_min, obs.em_max, interval) for interval in params.band),
        *any_of(overlaps(obs.t_min, obs.t_max, interval) for interval in params.time),
        # ObsCore separates and encloses the states with slashes: /I/Q/.
        *any_of(obs.pol_states.contains(f"/{state}/", autoescape=True) for state in params.pol),
        *any_of(is_between(obs.s_fov, interval) for interval in params.fov),
        *any_of(is_between(obs.s_resolution, interval) for interval in params.spatres),
        *any_of(is_between(obs.em_res_power, interval) for interval in params.specrp),
        *any_of(is_between(obs.t_exptime, interval) for interval in params.exptime),
        *any_of(is_between(obs.t_resolution, interval) for interval in params.timeres),
        *any_of(is_released(obs.obs_release_date, period) for period in params.releasedate),
        # IVOA identifiers are compared without regard to case (SIA 2.0, ID).
        *is_one_of(sa.func.lower(obs.obs_publisher_did), [text.lower() for text in params.id]),
        *is_one_of(obs.obs_collection, params.collection),
        *is_one_of(obs.facility_name, params.facility),
        *is_one_of(obs.instrument_name, params.instrument),
        *is_one_of(obs.target_name, params.target),
        *is_one_of(obs.access_format, params.format),
        *is_one_of(obs.calib_level, params.calib),
    ]
    return sa.select(*(obs[column.name.lower()] for column in obscore.columns)).where(*conditions)
