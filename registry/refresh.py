"""Looking at the archive and keeping its records: at once, or again and again beside other work."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from registry.archived import Archived, read_archive, read_stamp
from registry.dublin_core import build_dublin_core
from registry.keeping import Kept, Made, keep, looking
from registry.operator import Operator
from registry.publisher import Publisher
from registry.records import TableServices, all_records
from registry.voresource import build_resource
from vo_server.archive import PUBLISHED
from vo_server.capabilities import Service
from vo_server.config import Settings
from vo_server.errors import VoError
from vo_server.uws.notices import Notices

RETRY = 30.0  #: seconds to wait when the database does not answer


class Refresher:
    """Makes the kept records those of the archive as it is.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The writer's.
    services, table_services
        What is served; see `registry.records.all_records`.
    """

    def __init__(
        self,
        engine: sa.Engine,
        settings: Settings,
        state_dir: Path,
        services: Sequence[Service],
        table_services: TableServices,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._state_dir = state_dir
        self._services = services
        self._table_services = table_services
        self._looked: tuple[Any, ...] | None = None

    def refresh(self, *, wait: bool = True) -> Kept | None:
        """Look once; None where another process is at it and ``wait`` is false."""
        operator = Operator.of(self._settings, self._state_dir)
        with looking(self._engine, wait=wait) as is_ours:
            if not is_ours:
                return None
            # Coverages may take minutes: no transaction is open meanwhile.
            kinds = {each.product_types for each in self._services if each.product_types}
            archived = read_archive(self._engine, self._state_dir, kinds)
            return keep(self._engine, self._made(operator, archived))

    def _made(self, operator: Operator, archived: Archived) -> Iterator[Made]:
        publisher = Publisher(operator, self._settings)
        mirrors = [str(mirror).rstrip("/") for mirror in operator.mirrors]
        for resource in all_records(publisher, archived, self._services, self._table_services):
            record = build_resource(resource, self._settings, mirrors)
            yield Made(resource.identifier, record, build_dublin_core(resource))

    def start(self) -> None:
        """Look now and then, and when something was published, in a thread that ends with the process."""
        threading.Thread(target=self._repeat, name="registry", daemon=True).start()

    def _repeat(self) -> None:
        while True:
            try:
                # Heard from before the look on, so that nothing is missed between looks.
                notices = Notices(self._engine, PUBLISHED)
                try:
                    self._try()
                    notices.wait(self._settings.registry_refresh)
                finally:
                    notices.close()
            except (sa.exc.SQLAlchemyError, ConnectionError):
                time.sleep(min(self._settings.registry_refresh, RETRY))

    def _try(self) -> None:
        """Look, and log what came of it."""
        log = structlog.get_logger("vo_server.registry")
        try:
            kept = self._look()
            if kept is not None and (kept.added or kept.changed or kept.deleted):
                log.info("records", added=kept.added, changed=kept.changed, deleted=kept.deleted)
        except VoError as exc:
            log.warning("records are not refreshed", reason=str(exc))
        except sa.exc.SQLAlchemyError as exc:
            log.warning("records are not refreshed", reason=type(exc).__name__)

    def _look(self) -> Kept | None:
        """Refresh where something may have changed; None where not, or where another process is at it."""
        # To look at all costs seconds for every million products.
        stamp = (*read_stamp(self._engine), Operator.of(self._settings, self._state_dir))
        if stamp == self._looked:
            return None
        kept = self.refresh(wait=False)
        if kept is not None:
            self._looked = stamp
        return kept
