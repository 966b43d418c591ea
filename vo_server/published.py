"""The services of this server, in the order of the registry: one list for all who tell of them."""

from collections.abc import Iterator

from datalink.links.description import SERVICE as DATALINK
from datalink.soda.description import SERVICE as SODA
from scs.capability import service as cone_service
from scs.query import Cones
from sia.description import SERVICE as SIA
from sia.v1.description import SERVICE as SIA_V1
from ssa.description import SERVICE as SSA
from tap.capability import SERVICE as TAP
from vo_server.capabilities import Service
from vo_server.tables import Table

SERVICES = (TAP, SIA, SIA_V1, SSA, DATALINK, SODA)


def table_services(table: Table) -> Iterator[Service]:
    """The services that are made for one table: its cone search, where it has positions."""
    if (cones := Cones.of(table)) is not None:
        yield cone_service(cones)
