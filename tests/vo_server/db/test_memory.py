"""The embedded PostgreSQL's share of the memory."""

from pathlib import Path

import pytest

from vo_server.db.memory import MB, memory_settings, usable


@pytest.mark.parametrize(
    ("megabytes", "buffers", "cache"),
    [(512, "256MB", "1024MB"), (4096, "512MB", "2048MB"), (1_000_000, "2048MB", "500000MB")],
)
def test_the_cache_grows_with_the_memory_within_limits(megabytes: int, buffers: str, cache: str) -> None:
    assert memory_settings(megabytes * MB) == {"shared_buffers": buffers, "effective_cache_size": cache}


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    machine = usable(limit)
    limit.write_text("max\n")
    assert usable(limit) == machine > 0
    limit.write_text(f"{64 * MB}\n")
    assert usable(limit) == 64 * MB
