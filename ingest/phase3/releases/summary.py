"""What is in a batch, in numbers: what its provider confirms and its reviewer looks at."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ingest.read import Parsed
from vo_server.coverage.cells import space_moc
from vo_server.submissions.values import BatchFile

MOST = 50  #: values of a list
ORDER = 10  #: of the cells that count the area: 0.003 square degrees each
SKY = 41252.96125  #: square degrees


def summarise(parsed: Iterable[Parsed], files: Sequence[BatchFile]) -> dict[str, Any]:
    """Numbers, volume, sky, times, wavelengths, instruments, filters of a batch, as JSON can hold them.

    Returns
    -------
    dict
        ``files`` and ``volume`` (bytes) of all files; of the products ``categories``, ``types``,
        ``instruments``, ``filters``, ``programmes``, ``targets`` with how many there are of each;
        ``t_min``, ``t_max`` (MJD), ``em_min``, ``em_max`` (m), ``exposure`` (s, the sum),
        ``area`` (square degrees covered at least once, to the size of a cell of order 10).
    """
    found = list(parsed)
    rows = [one.row for one in found if one.kind == "product"]
    counted = {
        "types": "dataproduct_type", "instruments": "instrument_name", "filters": "filter",
        "programmes": "proposal_id", "targets": "target_name",
    }  # fmt: skip
    return {
        "files": len(files),
        "volume": sum(file.size for file in files),
        "products": len(rows),
        "categories": _counts(one.category for one in found),
        **{name: _counts(row.get(column) for row in rows) for name, column in counted.items()},
        "t_min": min((row["t_min"] for row in rows if row.get("t_min") is not None), default=None),
        "t_max": max((row["t_max"] for row in rows if row.get("t_max") is not None), default=None),
        "em_min": min((row["em_min"] for row in rows if row.get("em_min") is not None), default=None),
        "em_max": max((row["em_max"] for row in rows if row.get("em_max") is not None), default=None),
        "exposure": sum(row["t_exptime"] for row in rows if row.get("t_exptime") is not None),
        "area": _area(row["s_region"] for row in rows if row.get("s_region")),
    }


def _counts(values: Iterable[str | None]) -> dict[str, int]:
    counted = Counter(value for value in values if value)
    told = dict(counted.most_common(MOST))
    if len(counted) > MOST:
        told[f"{len(counted) - MOST} more"] = sum(counted.values()) - sum(told.values())
    return told


def _area(regions: Iterable[str]) -> float:
    """Square degrees that are covered."""
    return round(float(space_moc(regions, ORDER).sky_fraction) * SKY, 4)
