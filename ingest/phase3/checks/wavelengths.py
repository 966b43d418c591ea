"""WAVELMIN and WAVELMAX against the spectral axis of spectra and cubes, in air and in vacuum (SDP 5.6)."""

from collections.abc import Iterator

from ingest.phase3.finding import Mark
from vo_server.wavelengths import air_to_vacuum

Pair = tuple[float | None, float | None]


def limits(
    told: Pair, axis: tuple[float, float], half: float, is_air: bool | None, hdu: int, family: str
) -> Iterator[Mark]:
    """WAVELMIN and WAVELMAX that are not on an axis with the ends ``axis``, to ``half`` a bin; all in nm.

    Parameters
    ----------
    is_air : bool or None
        The medium of the axis; None when it is none of wavelengths.
    """
    low, high = axis
    if is_air is not None and (came := _in_other_medium(told, axis, is_air)):
        yield Mark(f"{family}_MEDIUM", came, hdu, "WAVELMIN")
        return
    for keyword, value in zip(("WAVELMIN", "WAVELMAX"), told, strict=True):
        if value is not None and not low - half * 1.001 <= value <= high + half * 1.001:
            came = f"{value!r} nm, the axis has {low:.6f} to {high:.6f} nm"
            yield Mark(f"{family}_LIMITS", came, hdu, keyword)


def _in_other_medium(told: Pair, axis: tuple[float, float], is_air: bool) -> str:
    """What the header has, when it has both ends of the axis, but in the other medium."""
    low, high = told
    if low is None or high is None or not 0 < axis[0] < axis[1]:
        return ""
    index = [float(air_to_vacuum(end * 1e-9)) / (end * 1e-9) for end in axis]
    other = [end * n if is_air else end / n for end, n in zip(axis, index, strict=True)]
    near = max(min(abs(other[0] - axis[0]), abs(other[1] - axis[1])) / 10, 1e-6)
    is_other = abs(low - other[0]) <= near and abs(high - other[1]) <= near
    is_own = abs(low - axis[0]) <= near or abs(high - axis[1]) <= near
    if not is_other or is_own:
        return ""
    names = ("vacuum", "air") if is_air else ("air", "vacuum")
    return f"{low!r} to {high!r} nm are the ends of the axis in {names[0]}, the axis is in {names[1]}"
