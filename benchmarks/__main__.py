"""Every benchmark, one after the other: ``python -m benchmarks``."""

from benchmarks import (
    catalogues,
    cutouts,
    downloads,
    engines,
    harvest,
    ingest_rows,
    phase3,
    publishing,
    tap_latency,
    tap_memory,
    tap_scaling,
    tap_stream,
)

if __name__ == "__main__":
    tap_latency.main([])
    tap_stream.main()
    tap_memory.main([])
    ingest_rows.main([])
    tap_scaling.main([])
    engines.main([])
    downloads.main([])
    cutouts.main()
    harvest.main([])
    phase3.main([])
    publishing.main([])
    catalogues.main([])
