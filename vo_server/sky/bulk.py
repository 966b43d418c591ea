"""Shapes of many regions at once, as PostgreSQL's text: what `shape_of` does, a column at a time.

Only the common kinds are done here, circles and polygons of a few vertices and less than 30 degrees; others
are left to `shape_of`. By rounding, caps may be larger and inner ones smaller than those of `shape_of`: both
are bounds, and the exact test decides the same.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vo_server.sky.vectors import CHORD_ERROR, Floats, unit

MOST_VERTICES = 6
LARGEST = np.radians(30.0)  #: radius of a cap
SMALLEST = 1e-5  #: radians; length of an edge, 2 arcsec
Literals = list[tuple[str, str] | None]
_SIMPLE = re.compile(r"(CIRCLE|POLYGON) ICRS ([-+.0-9eE ]+)")


def shape_literals(texts: Sequence[str]) -> Literals:
    """Shape and box of each region (see `vo_server.sky.shapes`) as texts of ``float8[]`` and ``cube``.

    Parameters
    ----------
    texts : sequence of str
        STC-S as `format_stcs` writes it.

    Returns
    -------
    list
        None for a region that must be left to `shape_of`.
    """
    found: Literals = [None] * len(texts)
    for kind, rows, numbers in _groups(texts):
        made = _circles(numbers) if kind == "CIRCLE" else _polygons(numbers)
        for row, literal in zip(rows, made, strict=True):
            found[row] = literal
    return found


def _groups(texts: Sequence[str]) -> Iterator[tuple[str, list[int], Floats]]:
    """Regions of one kind and one count of numbers: their rows, and the numbers (rows, count)."""
    groups: dict[tuple[str, int], tuple[list[int], list[str]]] = {}
    for row, text in enumerate(texts):
        if match := _SIMPLE.fullmatch(text):
            words = match[2].split()
            rows, together = groups.setdefault((match[1], len(words)), ([], []))
            rows.append(row)
            together += words
    for (kind, count), (rows, together) in groups.items():
        if count != 3 if kind == "CIRCLE" else count not in range(6, 2 * MOST_VERTICES + 1, 2):
            continue
        try:
            # Five times faster than numpy's own reading of strings.
            numbers = pc.cast(pa.array(together, pa.string()), pa.float64())
        except pa.ArrowInvalid:
            continue
        yield kind, rows, np.asarray(numbers).reshape(len(rows), count)


def _circles(numbers: Floats) -> Literals:
    ra, dec, radius = numbers.T
    angle = np.radians(radius)
    usable = _on_sky(ra, dec) & (radius >= 0) & (angle < LARGEST)
    center = unit(ra, dec)
    parts = np.column_stack([np.zeros(len(ra)), center, angle])
    return _literals(usable, center, angle, angle, parts)


def _polygons(numbers: Floats) -> Literals:
    ra, dec = numbers[:, ::2], numbers[:, 1::2]
    vectors = unit(ra, dec)
    following = np.roll(vectors, -1, axis=1)
    center, radius = _caps(vectors)
    edges = np.linalg.norm(vectors - following, axis=2).min(axis=1)
    usable = _on_sky(ra, dec).all(axis=1) & (radius < LARGEST) & (edges > SMALLEST)
    # The direction of an edge is known the less exactly the shorter it is; the inner cap must be inside.
    inner = _inner(vectors, following, center) - CHORD_ERROR / np.maximum(edges, SMALLEST)
    count = vectors.shape[1]
    reach = radius + 4 * CHORD_ERROR
    parts = np.column_stack([np.full(len(ra), count), center, reach, vectors.reshape(len(ra), -1)])
    return _literals(usable, center, reach, inner, parts)


def _on_sky(ra: Floats, dec: Floats) -> NDArray[np.bool_]:
    return (ra >= 0) & (ra <= 360) & (np.abs(dec) <= 90)


def _caps(vectors: Floats) -> tuple[Floats, Floats]:
    """The smallest caps around the vertices: one through two or three of them. Inf where none is small."""
    rows, count, _ = vectors.shape
    best, center = np.full(rows, np.inf), np.zeros((rows, 3))
    chosen = [*combinations(range(count), 2), *combinations(range(count), 3)]
    for indexes in chosen:
        points = vectors[:, indexes]
        if len(indexes) == 2:
            axis = points.sum(axis=1)
        else:
            axis = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
            axis *= np.where(np.einsum("ij,ij->i", axis, points[:, 0]) < 0, -1.0, 1.0)[:, None]
        length = np.linalg.norm(axis, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            candidate = axis / length[:, None]
        reach = _angles(vectors, candidate)
        radius = reach[:, indexes].max(axis=1)
        covers = reach.max(axis=1) <= radius * (1 + 1e-12) + 1e-15  # NaN never does
        better = covers & (radius < best) & (length > 1e-20)
        best[better] = reach.max(axis=1)[better]
        center[better] = candidate[better]
    return center, best


def _angles(vectors: Floats, center: Floats) -> Floats:
    """Angles (rows, vertices) between vertices and centres."""
    chord = np.linalg.norm(vectors - center[:, None], axis=2)
    return np.asarray(2 * np.arcsin(np.minimum(1.0, chord / 2)))


def _inner(vectors: Floats, following: Floats, center: Floats) -> Floats:
    """Radii of caps inside convex polygons; -1 for the others."""
    normals = np.cross(vectors, following - vectors)  # differences of neighbours are exact
    turns = np.einsum("ijk,ijk->ij", normals, np.roll(vectors, -2, axis=1))
    side = np.einsum("ijk,ijk->ij", normals, center[:, None] - vectors)
    # All other vertices on one side of every edge: convex, and no star.
    every = np.einsum("ijk,ilk->ijl", normals, vectors)
    convex = ((every >= -1e-16).all(axis=(1, 2)) & (turns > 0).all(axis=1)) | (
        (every <= 1e-16).all(axis=(1, 2)) & (turns < 0).all(axis=1)
    )
    inside = (np.sign(side) == np.sign(turns)).all(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.abs(side) / np.linalg.norm(normals, axis=2)
    nearest = np.arcsin(np.minimum(1.0, np.nan_to_num(distance).min(axis=1)))
    return np.where(convex & inside, nearest, -1.0)


def _literals(
    usable: NDArray[np.bool_], center: Floats, outer: Floats, inner: Floats, parts: Floats
) -> Literals:
    """The texts, None where not ``usable``."""
    # Rounded up and down by more than the error of a chord, as `shapes` does.
    outer_chord = (2 * np.sin(outer / 2) + 2 * CHORD_ERROR) ** 2
    within = np.maximum(0.0, 2 * np.sin(np.maximum(inner, 0.0) / 2) - 2 * CHORD_ERROR)
    inner_chord = np.where(within > 0, within**2, -1.0)
    shapes = np.column_stack([np.ones(len(outer)), center, outer_chord, inner_chord, parts])
    reach = 2 * np.arcsin(np.minimum(1.0, np.sqrt(outer_chord) / 2)) + 1e-12
    tilt = np.arccos(np.clip(center, -1.0, 1.0))
    ends = np.pi - tilt <= reach[:, None], tilt <= reach[:, None]
    low = np.where(ends[0], -1.0, np.cos(tilt + reach[:, None]) - CHORD_ERROR)
    high = np.where(ends[1], 1.0, np.cos(tilt - reach[:, None]) + CHORD_ERROR)
    shape_texts, low_texts, high_texts = _joined(shapes), _joined(low), _joined(high)
    return [
        (f"{{{shape}}}", f"({start}),({end})") if is_usable else None
        for is_usable, shape, start, end in zip(
            usable.tolist(), shape_texts, low_texts, high_texts, strict=True
        )
    ]


def _joined(values: Floats) -> list[str]:
    """Each row's numbers, exact, with commas."""
    columns = [pc.cast(pa.array(np.ascontiguousarray(column)), pa.string()) for column in values.T]
    texts: list[str] = pc.binary_join_element_wise(*columns, ",").to_pylist()
    return texts
