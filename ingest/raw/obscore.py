"""Raw frames as rows of ObsCore, for archives that want to have them there (ObsCore 1.1, calib_level 1)."""

from collections.abc import Mapping
from typing import Any

from ingest.hidden import circle_around
from ingest.raw.derive import words

Row = Mapping[str, Any]
#: Word of DPR.TECH -> dataproduct_type; a raw frame of an integral field is spectra side by side, not a cube.
_TYPES = {
    "IMAGE": "image", "INTERFEROMETRY": "visibility", "ECHELLE": "spectrum", "SPECTRUM": "spectrum",
    "IFU": "spectrum", "MOS": "spectrum", "MXU": "spectrum", "LSS": "spectrum",
}  # fmt: skip
COLLECTION = "RAW"  #: behind the instrument's name: ``MUSE-RAW``


def obscore_row(row: Row) -> dict[str, Any]:
    """The columns of ``ivoa.ObsCore`` that follow from a row of ``dbo.raw``."""
    instrument = row.get("instrument") or "unknown"
    target = row.get("target") or row.get("object")
    exposure, start, region = row.get("exposure"), row.get("mjd_obs"), row.get("s_region")
    low, high = row.get("lambda_min"), row.get("lambda_max")
    found = {
        "dataproduct_type": product_type(row.get("dp_tech")),
        "calib_level": 1,
        "obs_collection": f"{instrument}-{COLLECTION}",
        "obs_id": str(row.get("ob_id") or row.get("origfile") or instrument),
        "target_name": target,
        "s_ra": row.get("ra_pnt"),
        "s_dec": row.get("dec_pnt"),
        "s_region": region,
        "s_fov": None if region is None else 2 * circle_around(region).radius,
        "t_min": start,
        "t_max": None if start is None or exposure is None else start + exposure / 86400,
        "t_exptime": exposure,
        "em_min": None if low is None else low * 1e-9,
        "em_max": None if high is None else high * 1e-9,
        "o_ucd": "phot.count",
        "o_calib_status": "uncalibrated",
        "facility_name": row.get("telescope"),
        "instrument_name": row.get("instrument"),
        "proposal_id": row.get("prog_id"),
        "obs_title": " ".join(filter(None, (instrument, target, row.get("dp_type"), "raw"))),
        "obs_creator_name": row.get("pi_coi"),
        "obs_release_date": row.get("release_date"),
        "filter": row.get("filter_path"),
        "gal_lon": row.get("gal_lon"),
        "gal_lat": row.get("gal_lat"),
        "n_obs": 1,
        "obstech": row.get("dp_tech"),
    }
    return found | {name: row[name] for name in ("s_shape", "s_box") if name in row}


def product_type(dp_tech: str | None) -> str | None:
    """ObsCore's dataproduct_type of a technique; None where it has none."""
    technique = words(dp_tech)
    return next((kind for word, kind in _TYPES.items() if word in technique), None)
