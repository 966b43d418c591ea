"""Validation of small spectra, against reading and checksumming their bytes in as many processes, in one run.

``python -m benchmarks.phase3 [--files 2000] [--processes 2] [--repeat 3]``
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from demo.observatory import observe
from demo.products.build import science_blocks
from demo.products.product import reduced
from demo.products.spectra import SETUPS, spectrum
from ingest.phase3.bytesums import total
from ingest.phase3.standard import load
from ingest.phase3.validate import CHUNK, examine, validate

STANDARD = Path(__file__).parent.parent / "demo" / "phase3.toml"


def write_spectra(directory: Path, count: int) -> list[Path]:
    """Spectra of X-shooter, about 100 kB each, all different."""
    blocks = [block for block in science_blocks(observe()) if block[0].instrument.name == "XSHOOTER"]
    setup = SETUPS["XSHOOTER", "NIR"][0]
    paths = []
    for number in range(count):
        block = blocks[number % len(blocks)]
        taken = [exposure for exposure in block if exposure.arm is not None and exposure.arm.name == "NIR"]
        path = directory / f"spectrum_{number:05d}.fits"
        path.write_bytes(spectrum(reduced(taken), setup, f"ADP.{number}", path.name))
        paths.append(path)
    return paths


def sums(paths: Sequence[Path]) -> int:
    """The floor: every byte is read and summed."""
    return sum(total(path.read_bytes()) & 1 for path in paths)


def floor(paths: list[Path], processes: int) -> float:
    """Seconds for reading and summing all files."""
    context = multiprocessing.get_context("spawn")
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor(processes, context) as pool:
        list(pool.map(sums, chunks[:processes]))  # the processes are there before the clock starts
        return timed(lambda: sum(pool.map(sums, chunks)))


def cpu() -> float:
    """Seconds of processor time that this process and those that ended took."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def timed(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(arguments: Sequence[str] | None = None) -> None:
    """Print files a second, floor, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        paths = write_spectra(Path(directory), options.files)
        size = sum(path.stat().st_size for path in paths)
        print(f"{len(paths)} spectra of {size / len(paths) / 1e3:.0f} kB, {options.processes} processes")
        standard = load(str(STANDARD))
        examine(paths[0], standard, 70_000.0)
        few = paths[:200]
        alone = timed(lambda: [examine(path, standard, 70_000.0) for path in few]) / len(few)
        print(f"one file in one process: {alone * 1e3:.2f} ms, without starting")
        for _ in range(options.repeat):
            least = floor(paths, options.processes)
            before = cpu()
            took = timed(lambda: validate(paths, standard, processes=options.processes, now=70_000.0))
            each = (cpu() - before) / len(paths) * 1e3
            print(
                f"validate {len(paths) / took:.0f} files/s ({size / took / 1e6:.0f} MB/s, starting included, "
                f"{each:.2f} ms of CPU a file), "
                f"floor {len(paths) / least:.0f} files/s: {took / least:.1f} times the floor"
            )


if __name__ == "__main__":
    main()
