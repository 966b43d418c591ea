"""Every kind of bad file is a finding with a stable rule, and never an exception."""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.fitsfile import Limits
from ingest.report import Finding
from ingest.scan import Candidate, Scanned, candidate, count, find, own_name, scan
from tests.ingest import samples
from vo_server.errors import UsageFault


def scanned(path: Path, limits: Limits | None = None) -> Scanned:
    found = candidate(path)
    assert isinstance(found, Candidate)
    return scan(found, limits)


def rules(result: Scanned) -> list[str]:
    return [finding.rule for finding in result.findings]


def test_a_good_file_has_its_digests_and_headers(tmp_path: Path) -> None:
    path = samples.mosaic(tmp_path / "mosaic.fits")
    result = scanned(path)
    assert rules(result) == []
    assert result.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert result.md5 == hashlib.md5(path.read_bytes()).hexdigest()
    assert result.media_type == "application/fits"
    assert result.file is not None
    assert [hdu.name for hdu in result.file.hdus] == ["PRIMARY", "CHIP1", "CHIP2"]
    assert result.file.hdus[1].shape == (8, 8)


@pytest.mark.parametrize("kept", [100, 2880 * 2, -1, -2880, -2881])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = samples.image(tmp_path / "image.fits")
    path.write_bytes(path.read_bytes()[:kept])
    result = scanned(path)
    # What is missing may be padding only: then the data are whole.
    assert rules(result) == (["PADDING"] if kept == -1 else ["TRUNCATED"])
    assert (result.file is None) == (kept != -1)


def test_a_truncated_extension_is_reported_with_its_hdu(tmp_path: Path) -> None:
    path = samples.mosaic(tmp_path / "mosaic.fits")
    path.write_bytes(path.read_bytes()[:-2880])
    (finding,) = scanned(path).findings
    assert (finding.rule, finding.hdu, finding.file) == ("TRUNCATED", 2, str(path))


@pytest.mark.parametrize("content", [b"PNG and so on", b"\x89PNG\r\n\x1a\n" * 900, b"SIMPLE = wrong column"])
def test_what_is_not_fits_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.fits"
    path.write_bytes(content)
    assert rules(scanned(path)) == ["NOT_FITS"]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.fits"
    path.touch()
    assert rules(scanned(path)) == ["EMPTY"]


def test_a_gzipped_file_is_read_as_what_it_holds(tmp_path: Path) -> None:
    path = samples.image(tmp_path / "image.fits")
    packed = tmp_path / "image.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    result = scanned(packed)
    assert (result.compression, result.media_type) == ("gz", "application/gzip")
    assert result.file is not None
    assert result.file.name == "image.fits"
    assert result.file.primary.cards == scanned(path).file.primary.cards  # type: ignore[union-attr]
    assert result.md5 == hashlib.md5(packed.read_bytes()).hexdigest()


def test_a_tile_compressed_image_has_the_shape_of_the_image(tmp_path: Path) -> None:
    path = tmp_path / "image.fits.fz"
    data = np.arange(30 * 20, dtype=np.int16).reshape(20, 30)
    header = fits.Header(samples.tangent(10, 20, 30, 0.1))
    samples.write(path, fits.PrimaryHDU(), fits.CompImageHDU(data, header=header))
    result = scanned(path)
    assert (result.compression, result.media_type, rules(result)) == ("fz", "application/fits", [])
    assert result.file is not None
    assert result.file.hdus[1].is_image
    assert not result.file.hdus[1].is_table
    assert result.file.hdus[1].shape == (30, 20)
    assert result.file.name == "image.fits"


@pytest.mark.parametrize(
    ("damage", "rule"), [("cut", "TRUNCATED"), ("flip", "COMPRESSION"), ("head", "COMPRESSION")]
)
def test_a_damaged_gzip_is_refused(tmp_path: Path, damage: str, rule: str) -> None:
    path = samples.image(tmp_path / "image.fits", OBJECT="x")
    packed = bytearray(gzip.compress(path.read_bytes()))
    if damage == "cut":
        packed = packed[: len(packed) // 2]
    elif damage == "flip":
        packed[-6] ^= 0xFF  # the checksum of the content
    else:
        packed[2] = 99  # an unknown method
    target = tmp_path / "bad.fits.gz"
    target.write_bytes(packed)
    assert rules(scanned(target)) == [rule]


def test_a_zip_bomb_is_not_inflated(tmp_path: Path) -> None:
    """A valid header that promises a terabyte of zeros, which gzip makes small."""
    header = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 1, "NAXIS1": 10**12}).tostring().encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = (
        packer.compress(header)
        + b"".join(packer.compress(bytes(1 << 20)) for _ in range(64))
        + packer.flush()
    )
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(bomb)
    (finding,) = scanned(path, Limits(inflated_bytes=8 << 20)).findings
    assert finding.rule == "COMPRESSION"
    assert str(8 << 20) in finding.message


def test_a_bomb_that_is_no_fits_file_is_left_after_its_first_block(tmp_path: Path) -> None:
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(gzip.compress(bytes(50 << 20)))
    assert rules(scanned(path)) == ["NOT_FITS"]


def test_a_huge_header_is_refused(tmp_path: Path) -> None:
    head = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0})
    endless = head.tostring(endcard=False, padding=False).encode() + b"HISTORY more".ljust(80) * 5000
    path = tmp_path / "huge.fits"
    path.write_bytes(endless.ljust(-(-len(endless) // 2880) * 2880))
    assert rules(scanned(path, Limits(header_bytes=100_000))) == ["HEADER_SIZE"]


def test_too_many_hdus_are_refused(tmp_path: Path) -> None:
    path = samples.mosaic(tmp_path / "mosaic.fits")
    assert rules(scanned(path, Limits(hdus=2))) == ["HEADER_SIZE"]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("NAXIS1", "               -5"), ("BITPIX", "                7"), ("NAXIS2", "              1.5"),
     ("NAXIS", "             9999"), ("NAXIS1", "'ten'            ")],
)  # fmt: skip
def test_a_size_that_cannot_be_is_refused_with_its_keyword(tmp_path: Path, keyword: str, value: str) -> None:
    path = samples.image(tmp_path / "image.fits")
    content = bytearray(path.read_bytes())
    start = next(i for i in range(0, 2880, 80) if content[i : i + 8].decode().strip() == keyword)
    content[start : start + 80] = f"{keyword:<8}= {value}".ljust(80).encode()
    path.write_bytes(content)
    (finding,) = scanned(path).findings
    assert (finding.rule, finding.hdu, finding.keyword) == ("STRUCTURE", 0, keyword)


def test_rubbish_behind_the_last_hdu_is_a_warning(tmp_path: Path) -> None:
    path = samples.image(tmp_path / "image.fits")
    path.write_bytes(path.read_bytes() + b"\0" * 2880)
    result = scanned(path)
    assert rules(result) == ["TRAILING_BYTES"]
    assert result.file is not None


def test_nul_bytes_and_bad_cards_are_warnings_with_keyword_and_hdu(tmp_path: Path) -> None:
    path = samples.image(tmp_path / "image.fits", NOTE="abc", OTHER=1)
    content = path.read_bytes().replace(b"'abc     '", b"'a\0c     '").replace(b"OTHER   = ", b"OTHER   =?")
    path.write_bytes(content)
    result = scanned(path)
    assert result.file is not None
    assert sorted((f.rule, f.hdu, f.keyword) for f in result.findings) == [
        ("BAD_BYTES", 0, None),
        ("BAD_CARD", 0, "OTHER"),
    ]


def test_a_dangling_link_and_a_closed_file_are_unreadable(tmp_path: Path) -> None:
    (tmp_path / "gone.fits").symlink_to(tmp_path / "nowhere.fits")
    found = list(find([tmp_path]))
    assert [entry.rule for entry in found if isinstance(entry, Finding)] == ["UNREADABLE"]


def test_a_file_that_vanishes_between_finding_and_reading_is_unreadable(tmp_path: Path) -> None:
    path = samples.image(tmp_path / "image.fits")
    found = candidate(path)
    path.unlink()
    assert isinstance(found, Candidate)
    assert rules(scan(found)) == ["UNREADABLE"]


def test_files_are_found_once_in_order_and_hidden_ones_never(tmp_path: Path) -> None:
    for name in ("b/2.fits", "a/1.fits", "a/.hidden.fits", ".git/x.fits"):
        samples.write(tmp_path / name, fits.PrimaryHDU())
    (tmp_path / "again.fits").symlink_to(tmp_path / "a" / "1.fits")
    found = [entry.path for entry in find([tmp_path, tmp_path / "b"]) if isinstance(entry, Candidate)]
    assert sorted(found) == [str(tmp_path / "a/1.fits"), str(tmp_path / "b/2.fits")]
    assert count([tmp_path]) == 3


def test_a_path_that_does_not_exist_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="no such file"):
        list(find([tmp_path / "nothing"]))


@pytest.mark.parametrize("name", ["image.fits", "image.fits.gz", "image.fits.fz"])
def test_the_name_of_a_file_is_without_its_compression(name: str) -> None:
    assert own_name(f"/some/where/{name}") == "image.fits"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_makes_scan_fail(tmp_path: Path, data: st.DataObject) -> None:
    """Flip bytes anywhere in a real file: the answer is a file or findings."""
    content = bytearray(samples.mosaic(tmp_path / "mosaic.fits").read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    target = tmp_path / "damaged.fits"
    target.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    result = scanned(target)
    assert result.file is not None or result.findings
