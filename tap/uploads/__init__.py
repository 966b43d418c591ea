"""Tables that come with a query (TAP 1.1, Table Upload): named, fetched, read, and put into its catalogue."""

from tap.uploads.fetching import Fetcher
from tap.uploads.gathering import Gatherer
from tap.uploads.parameter import Wanted, parse_upload
from tap.uploads.reading import Limits, UploadedTable, read_table

__all__ = ["Fetcher", "Gatherer", "Limits", "UploadedTable", "Wanted", "parse_upload", "read_table"]
