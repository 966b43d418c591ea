"""Every benchmark, one after the other: ``python -m benchmarks``."""

from benchmarks import tap_memory, tap_stream

if __name__ == "__main__":
    tap_stream.main()
    tap_memory.main([])
