"""From checked parameters to a statement and the head of its result; the same for sync and async."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tap.adql import Translation, understand
from tap.params import TapParams
from tap.uploads.gathering import with_uploads
from vo_server import __version__
from vo_server.config import Settings
from vo_server.engine import PostgresEngine, Snapshot, Statement, Upload
from vo_server.formats import Head, Info, ServiceDescriptor
from vo_server.instants import utc_text
from vo_server.services import archive_descriptors
from vo_server.tables import Catalog, Column
from vo_server.user_tables import UserTables

#: Columns whose values DataLink takes as an ID, the best first.
LINK_COLUMNS = ("obs_publisher_did", "dp_id")
#: Schemas that tell about the archive and hold no data of the sky.
METADATA = frozenset(("tap_schema", "health"))
CACHED_QUERIES = 512
SOFTWARE = f"vo-server/{__version__}"
CACHED_LENGTH = 10_000  #: characters; a longer query is seldom asked twice


class Translations:
    """Queries that were understood, remembering the last few hundred: parsing costs more than a small query.

    What is remembered holds for one catalogue; another one, after something was published, forgets it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._known: OrderedDict[str, Translation] = OrderedDict()

    def translate(self, text: str, catalog: Catalog) -> Translation:
        """What an ADQL query becomes.

        Raises
        ------
        AdqlError
            The query is wrong; the message says where and what is expected.
        """
        with self._lock:
            if catalog is not self._catalog:
                self._catalog = catalog
                self._known.clear()
            if text in self._known:
                self._known.move_to_end(text)
                return self._known[text]
        translation = understand(text, catalog)
        with self._lock:
            if catalog is self._catalog and len(text) <= CACHED_LENGTH:
                self._known[text] = translation
                if len(self._known) > CACHED_QUERIES:
                    self._known.popitem(last=False)
        return translation


@dataclass(frozen=True, slots=True)
class Known:
    """What a query may be about: what all can query, and with the tables of its account."""

    published: Catalog
    own: Catalog

    @classmethod
    def to(cls, account: str, published: Catalog, user_tables: UserTables) -> "Known":
        """What an account knows; may ask the database."""
        return cls(published, user_tables.catalog(published, account))


def understood(
    params: TapParams, known: Known, translations: Translations, uploads: Sequence[Upload]
) -> Translation:
    """A query with the tables that came with it; `Engines.choose` makes a statement of it."""
    catalog = with_uploads(known.own, uploads)
    if catalog is known.published:
        return translations.translate(params.query, catalog)
    # Some of its columns are those of one user: nothing to remember for others.
    return understand(params.query, catalog)


def query_class(statement: Statement, uploads: Sequence[Upload]) -> str:
    """What kind of query it is, for what is counted: a small fixed set of words."""
    if uploads:
        return "upload"
    if statement.dialect != PostgresEngine.dialect:
        return "files"
    sources = {schema for schema, _ in statement.relations}
    if sources <= METADATA:
        return "metadata"
    return "join" if len(statement.relations) > 1 else "table"


def result_head(
    params: TapParams,
    columns: Iterable[Column],
    settings: Settings,
    snapshots: Iterable[Snapshot] = (),
) -> Head:
    """What stands around the rows (DALI 1.1, Use of VOTable).

    The request, where the data come from (Data Origin in the VO 1.1, INFOs), and how to get at the files.
    """
    infos = [
        Info("standardID", "ivo://ivoa.net/std/TAP"),
        Info("request_lang", params.lang),
        Info("query", params.query),
        Info("server_software", SOFTWARE),
        Info("service_protocol", "ivo://ivoa.net/std/TAP"),
        Info("request_date", utc_text(datetime.now(UTC))),
        Info("publisher", settings.archive_name),
        Info("ivoid", f"ivo://{settings.authority}/tap"),
    ]
    if params.runid:
        infos.append(Info("RUNID", params.runid))
    for snapshot in snapshots:
        when = utc_text(snapshot.fresh_until)
        told = f"{snapshot.table} is as the archive was then: later changes are not in this answer"
        infos.append(Info("snapshot", when, told))
    descriptors = row_services(columns, settings.root_url)
    return Head(tuple(infos), descriptors, table_name="result", largest=settings.result_size)


def row_services(columns: Iterable[Column], root_url: str) -> tuple[ServiceDescriptor, ...]:
    """DataLink and SODA for rows that name a product (DataLink 1.1, Service Descriptors)."""
    names = {column.name.lower(): column.name for column in columns}
    for wanted in LINK_COLUMNS:
        if wanted in names:
            return archive_descriptors(root_url, names[wanted])
    return ()
