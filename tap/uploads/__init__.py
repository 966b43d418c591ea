"""Tables that come with a query (TAP 1.1, Table Upload): named, fetched, and put into its catalogue."""

from tap.uploads.fetching import Fetcher
from tap.uploads.gathering import Gatherer
from tap.uploads.parameter import Wanted, parse_upload

__all__ = ["Fetcher", "Gatherer", "Wanted", "parse_upload"]
