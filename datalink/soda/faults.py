"""What a cut may find (SODA 1.0, {sync} Responses)."""

from vo_server.errors import UsageFault


class NothingThere(Exception):
    """The dataset has no pixel, point or row that the cut wants (204)."""


class Inapplicable(UsageFault):
    """A parameter that the dataset has no axis for."""
