"""The parameters of a coverage: text to checked values."""

from dataclasses import dataclass

from vo_server.coverage import Axis
from vo_server.errors import UsageFault
from vo_server.parameters import Parameters

AXES: tuple[Axis, ...] = ("space", "time")
#: What a coverage can be had as: its media type and the extension of its name.
FORMATS = {
    "fits": ("application/fits", "fits"),
    "json": ("application/json", "json"),
    "ascii": ("text/plain", "txt"),
}
ORDER = 10  #: cells of 3.4 arcmin
MOST_ORDER = 12  #: cells of 51 arcsec


@dataclass(frozen=True, slots=True)
class MocParams:
    """A coverage as asked for; ``order`` is that of cells of the sky, ``release`` one of the collection's."""

    axis: Axis
    form: str
    order: int
    release: str | None = None

    @classmethod
    def from_parameters(cls, parameters: Parameters) -> "MocParams":
        """The checked values.

        Raises
        ------
        UsageFault
            A value is unknown or out of its range.
        """
        axis = (parameters.single("AXIS") or "space").lower()
        form = (parameters.single("FORMAT") or "fits").lower()
        order = parameters.whole_number("ORDER")
        form = next((name for name, (kind, _) in FORMATS.items() if form == kind), form)
        if form not in FORMATS:
            raise UsageFault(f"FORMAT={form[:40]!r} is unknown: send one of {', '.join(FORMATS)}")
        if order is not None and not 0 <= order <= MOST_ORDER:
            raise UsageFault(f"ORDER={order} is out of range: send 0 to {MOST_ORDER}")
        for known in AXES:
            if axis == known:
                return cls(
                    known, form, ORDER if order is None else order, parameters.single("RELEASE") or None
                )
        raise UsageFault(f"AXIS={axis[:40]!r} is unknown: send one of {', '.join(AXES)}")
