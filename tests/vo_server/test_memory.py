import pytest

from benchmarks.tap_memory import measured_growth
from vo_server.db import Database


@pytest.mark.parametrize(
    ("name", "is_bound"), [("votable/b2", False), ("votable/b2", True), ("fits", False), ("parquet", False)]
)
def test_a_million_rows_are_sent_in_constant_memory(database: Database, name: str, is_bound: bool) -> None:
    # In memory at once they would be 75 to 250 MB.
    assert measured_growth(database.reader_url, name, 1_000_000, is_bound) < 60
