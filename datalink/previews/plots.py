"""Previews: what there is to see in a file, with coordinates, units and a scale of colours, as PNG."""

from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from astropy.visualization import AsinhStretch, ImageNormalize, ZScaleInterval
from astropy.wcs import WcsError
from matplotlib.figure import Figure

from datalink.previews.views import Floats, Image, Sources, Spectrum, Unpicturable, View

mpl.use("agg")

DOTS = 100  #: of an inch
WIDE, HIGH = 8.0, 6.0  #: inches
LABELS = {"RA": "RA", "DEC": "Dec", "GLON": "l", "GLAT": "b"}
INK, GRID = "#1f4e8c", "#b0b8c4"


def plot(view: View, title: str = "") -> bytes:
    """The PNG of a view.

    Raises
    ------
    Unpicturable
        It has no finite values.
    """
    figure = Figure(figsize=(WIDE, HIGH), dpi=DOTS, layout="constrained")
    match view:
        case Image():
            _plot_image(figure, view)
        case Spectrum():
            figure.set_size_inches(WIDE, WIDE / 2)
            _plot_spectrum(figure.add_subplot(), view)
        case Sources():
            _plot_sources(figure, view)
    if title:
        figure.suptitle(title, fontsize="medium")
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _plot_image(figure: Figure, view: Image) -> None:
    finite = view.values[np.isfinite(view.values)]
    if not finite.size:
        raise Unpicturable("an image needs a finite value")
    rows = 2 if view.spectrum is not None else 1
    if rows == 2:
        figure.set_size_inches(WIDE, HIGH * 1.4)
    heights = [3, 1][:rows]
    places = figure.add_gridspec(rows, 1, height_ratios=heights)
    axes = _sky_axes(figure, places[0], view)
    norm = ImageNormalize(finite, interval=ZScaleInterval(), stretch=AsinhStretch(), clip=True)
    shown = axes.imshow(view.values, origin="lower", norm=norm, cmap="viridis", interpolation="nearest")
    figure.colorbar(shown, ax=axes, label=view.unit, shrink=0.9)
    if view.spectrum is not None:
        _plot_spectrum(figure.add_subplot(places[1]), view.spectrum, "mean of the field")


def _sky_axes(figure: Figure, place: Any, view: Image) -> Any:
    """Axes with the coordinates of the sky, or with pixels where there are none."""
    if view.wcs is not None:
        try:
            axes = figure.add_subplot(place, projection=view.wcs)
            axes.coords.grid(color=GRID, alpha=0.6, linestyle="dotted")
            for number in (0, 1):
                kind = str(view.wcs.wcs.ctype[number])[:4].strip("-").upper()
                axes.coords[number].set_axislabel(LABELS.get(kind, kind))
                axes.coords[number].set_ticklabel(exclude_overlapping=True, size="small")
            return axes
        except (ValueError, TypeError, WcsError):
            figure.clear()
    axes = figure.add_subplot(place if view.wcs is None else 111)
    axes.set_xlabel("pixel")
    axes.set_ylabel("pixel")
    return axes


def _plot_spectrum(axes: Any, view: Spectrum, title: str = "") -> None:
    usable = np.isfinite(view.wave) & np.isfinite(view.flux)
    if usable.sum() < 2:
        raise Unpicturable("a spectrum needs two finite points")
    wave, flux = view.wave[usable], view.flux[usable]
    order = np.argsort(wave, kind="stable")
    axes.plot(wave[order], flux[order], color=INK, linewidth=0.7)
    low, high = _middle(flux)
    axes.set_ylim(low, high)
    axes.set_xlim(wave.min(), wave.max() if wave.max() > wave.min() else wave.min() + 1)
    axes.set_xlabel(view.wave_label)
    axes.set_ylabel(view.flux_label)
    axes.grid(color=GRID, alpha=0.4)
    if title:
        axes.set_title(title, fontsize="small")


def _middle(values: Floats) -> tuple[float, float]:
    """The range of nearly all values, with a margin: cosmic rays do not set the scale."""
    low, high = np.percentile(values, (0.5, 99.5))
    margin = 0.08 * ((high - low) or abs(high) or 1.0)
    return float(low - margin), float(high + margin)


def _plot_sources(figure: Figure, view: Sources) -> None:
    """All the sky in the projection of Hammer, or a field in the plane where the sources are in one."""
    # Around the meridian 0 the field goes on.
    centre = float(np.degrees(np.angle(np.exp(1j * np.radians(view.ra)).mean()))) % 360
    ra = (view.ra - centre + 180) % 360 - 180
    size = 4 if len(ra) < 2_000 else 1
    if np.ptp(ra) < 60 and np.ptp(view.dec) < 60:
        axes = figure.add_subplot()
        axes.scatter(centre + ra, view.dec, s=size, color=INK, linewidths=0)
        axes.invert_xaxis()
        middle = np.clip(np.median(view.dec), -85, 85)
        axes.set_aspect(float(1 / np.cos(np.radians(middle))))
        axes.set_xlabel("RA [deg]")
        axes.set_ylabel("Dec [deg]")
    else:
        axes = figure.add_subplot(projection="hammer")
        lon = (view.ra + 180) % 360 - 180
        axes.scatter(-np.radians(lon), np.radians(view.dec), s=size, color=INK, linewidths=0)
        axes.set_xticklabels([])
    axes.grid(color=GRID, alpha=0.6)
