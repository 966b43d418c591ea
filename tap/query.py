"""From checked parameters to a statement and the head of its result; the same for sync and async."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from tap.adql import translate
from tap.params import TapParams
from tap.uploads.gathering import with_uploads
from vo_server.engine import Statement, Upload
from vo_server.formats import Head, Info, ServiceDescriptor, datalink_descriptor
from vo_server.tables import Catalog, Column

#: Columns whose values DataLink takes as an ID, the best first.
LINK_COLUMNS = ("obs_publisher_did", "dp_id")
CACHED_QUERIES = 512
CACHED_LENGTH = 10_000  #: characters; a longer query is seldom asked twice


class Translations:
    """ADQL to statements, remembering the last few hundred: parsing costs more than a small query.

    What is remembered holds for one catalogue; another one, after something was published, forgets it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._known: OrderedDict[str, Statement] = OrderedDict()

    def translate(self, text: str, catalog: Catalog) -> Statement:
        """The statement for an ADQL query.

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
        statement = translate(text, catalog)
        with self._lock:
            if catalog is self._catalog and len(text) <= CACHED_LENGTH:
                self._known[text] = statement
                if len(self._known) > CACHED_QUERIES:
                    self._known.popitem(last=False)
        return statement


def planned(
    params: TapParams, catalog: Catalog, translations: Translations, uploads: Sequence[Upload]
) -> Statement:
    """The statement of a query, with the tables that came with it."""
    if uploads:
        # Their columns are those of this query only: nothing to remember.
        return translate(params.query, with_uploads(catalog, uploads))
    return translations.translate(params.query, catalog)


def result_head(params: TapParams, columns: Iterable[Column], root_url: str) -> Head:
    """What stands around the rows: the request, and how to get at the files (DALI 1.1, Use of VOTable)."""
    infos = [
        Info("standardID", "ivo://ivoa.net/std/TAP"),
        Info("request_lang", params.lang),
        Info("query", params.query),
    ]
    if params.runid:
        infos.append(Info("RUNID", params.runid))
    return Head(infos=tuple(infos), descriptors=datalink_descriptors(columns, root_url), table_name="result")


def datalink_descriptors(columns: Iterable[Column], root_url: str) -> tuple[ServiceDescriptor, ...]:
    """The DataLink service for rows that name a product (DataLink 1.1, Service Descriptors)."""
    names = {column.name.lower(): column.name for column in columns}
    for wanted in LINK_COLUMNS:
        if wanted in names:
            return (datalink_descriptor(root_url, names[wanted]),)
    return ()
