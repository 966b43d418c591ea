"""Coverage of collections in space and time as MOCs (MOC 2.0): kept until they change."""

from vo_server.coverage.store import ALL, TIME_ORDER, Axis, Coverages

__all__ = ["ALL", "TIME_ORDER", "Axis", "Coverages"]
