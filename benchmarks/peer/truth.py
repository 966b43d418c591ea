"""What the right answers are, by numpy from the files that both servers were filled with."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as parquet

from benchmarks.peer.client import WrongAnswer

Array = npt.NDArray[np.float64]
EDGE = 1e-9  #: degrees within which a point may be on either side of a border


def unit_vectors(ra: npt.ArrayLike, dec: npt.ArrayLike) -> Array:
    """Shape (..., 3), from degrees."""
    lon, lat = np.radians(np.asarray(ra, float)), np.radians(np.asarray(dec, float))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1)


def separation(one: Array, other: Array) -> Any:
    """Degrees, exact for near points."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(one - other, axis=-1) / 2, 0, 1)))


class Truth:
    """The data of `benchmarks.peer.data`, searched by brute force."""

    def __init__(self, directory: Path) -> None:
        sources = parquet.read_table(directory / "sources.parquet")
        self.names: list[str] = sources.column_names
        self.sources = {name: sources[name].to_numpy() for name in self.names}
        self.id, self.ra, self.dec = (self.sources[name] for name in ("source_id", "ra", "dec"))
        self._vectors = unit_vectors(self.ra, self.dec)
        self._order = np.argsort(self.dec)
        self._sorted = self.dec[self._order]
        self.obscore = parquet.read_table(directory / "obscore.parquet")
        self.did = np.array(self.obscore["obs_publisher_did"].to_pylist())

    def column(self, name: str) -> Any:
        """A column of ObsCore."""
        return self.obscore[name].to_numpy(zero_copy_only=False)

    def cone(self, ra: float, dec: float, radius: float) -> tuple[set[int], set[int]]:
        """The sources that are surely, and those that are perhaps, within ``radius`` degrees."""
        low, high = np.searchsorted(self._sorted, [dec - radius - 1e-6, dec + radius + 1e-6])
        near = self._order[low:high]
        away = separation(self._vectors[near], unit_vectors(ra, dec))
        sure, perhaps = near[away < radius - EDGE], near[away < radius + EDGE]
        return set(self.id[sure].tolist()), set(self.id[perhaps].tolist())

    def polygon(self, corners: list[tuple[float, float]]) -> tuple[set[int], set[int]]:
        """The same for a convex polygon smaller than a hemisphere."""
        edges = unit_vectors(*np.array(corners).T)
        middle = edges.sum(0) / np.linalg.norm(edges.sum(0))
        near = np.nonzero(self._vectors @ middle > np.min(edges @ middle) - 1e-6)[0]
        depth = np.full(len(near), 9.0)
        for start, end in zip(edges, np.roll(edges, -1, 0), strict=True):
            normal = np.cross(start, end)
            normal *= np.sign(normal @ middle) / np.linalg.norm(normal)
            depth = np.minimum(depth, self._vectors[near] @ normal)
        return set(self.id[near[depth > 1e-10]].tolist()), set(self.id[near[depth > -1e-10]].tolist())


def check_set(got: list[Any], sure: set[Any], perhaps: set[Any]) -> None:
    """Nothing missing, nothing too many, nothing twice.

    Raises
    ------
    WrongAnswer
        Otherwise.
    """
    found = set(got)
    if len(found) != len(got):
        raise WrongAnswer("rows came twice")
    if not sure <= found <= perhaps:
        raise WrongAnswer(f"{len(sure - found)} of {len(sure)} rows missing, {len(found - perhaps)} too many")
