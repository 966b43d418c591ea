"""Every benchmark, one after the other: ``python -m benchmarks``."""

from benchmarks import tap_latency, tap_memory, tap_stream

if __name__ == "__main__":
    tap_latency.main([])
    tap_stream.main()
    tap_memory.main([])
