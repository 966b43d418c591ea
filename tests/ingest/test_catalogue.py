"""Operators' catalogues: from a file in any format to a table that TAP serves."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest
import sqlalchemy as sa
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from ingest.catalogue import publish
from vo_server import sky
from vo_server.catalog import read_catalog
from vo_server.db import Database
from vo_server.errors import UsageFault

DOCUMENT = """
name: test_stars
description: Stars of a test
tables:
  - name: Star
    description: Some stars
    primaryKey: "#Star.id"
    vo:points:
      - {ra: ra, dec: dec, hpx: hpx}
    columns:
      - {name: id, datatype: long, description: Number, nullable: false, "ivoa:ucd": meta.id;meta.main}
      - {name: ra, datatype: double, description: RA, "ivoa:unit": deg, "ivoa:ucd": pos.eq.ra;meta.main}
      - {name: dec, datatype: double, description: Dec, "ivoa:unit": deg, "ivoa:ucd": pos.eq.dec;meta.main}
      - {name: Name, datatype: text, description: Name, "ivoa:ucd": meta.id}
      - {name: mag, datatype: float, description: Magnitude, "ivoa:unit": mag, "ivoa:ucd": phot.mag}
      - {name: count, datatype: short, description: Number of observations, "ivoa:ucd": meta.number}
      - {name: good, datatype: boolean, description: Whether it is good, "ivoa:ucd": meta.code.qual}
    indexes:
      - {name: star_mag, columns: ["#Star.mag"]}
"""
ROWS: dict[str, list[Any]] = {
    "id": [1, 2, 3],
    "ra": [10.0, 359.999, None],
    "dec": [-90.0, 12.5, None],
    "name": ['Sirius, "A"', "", None],
    "mag": [1.5, None, 3.25],
    "count": [7, None, -3],
    "good": [True, False, None],
}
TYPES = {"id": pa.int64(), "ra": pa.float64(), "dec": pa.float64(), "name": pa.string(), "mag": pa.float32(),
         "count": pa.int16(), "good": pa.bool_()}  # fmt: skip


def arrow(**changed: list[Any]) -> pa.Table:
    return pa.table({k: pa.array(v, TYPES.get(k)) for k, v in (ROWS | changed).items()})


def write_parquet(path: Path) -> Path:
    parquet.write_table(arrow(), path)
    return path


def write_csv(path: Path) -> Path:
    arrow_csv.write_csv(arrow(), path)
    return path


def masked() -> Table:
    table = Table()
    for name, values in ROWS.items():
        fill = {"name": "", "good": False}.get(name, 0)
        data = np.array([fill if value is None else value for value in values])
        table[name] = MaskedColumn(data, mask=[value is None for value in values])
    return table


def write_votable(path: Path) -> Path:
    masked().write(path, format="votable", table_id="stars")
    return path


def write_fits(path: Path) -> Path:
    def real(name: str) -> np.ndarray[Any, Any]:
        return np.array([np.nan if value is None else value for value in ROWS[name]])

    fits.BinTableHDU.from_columns(
        [
            fits.Column("ID", "K", array=np.array(ROWS["id"])),
            fits.Column("RA", "D", array=real("ra")),
            fits.Column("DEC", "D", array=real("dec")),
            fits.Column("NAME", "20A", array=[value or "" for value in ROWS["name"]]),
            fits.Column("MAG", "E", array=real("mag")),
            fits.Column(
                "COUNT", "I", null=-9, array=np.array([-9 if v is None else v for v in ROWS["count"]])
            ),
            fits.Column("GOOD", "L", array=np.array([bool(value) for value in ROWS["good"]])),
        ]
    ).writeto(path)
    return path


@pytest.fixture
def stars(database: Database) -> Iterator[Database]:
    yield database
    with database.owner.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS test_stars CASCADE")
        connection.exec_driver_sql("DELETE FROM archive.schema_document WHERE schema_name ILIKE 'test_stars'")
        for table in ("columns", "tables", "schemas"):
            where = "schema_name" if table == "schemas" else "table_name"
            connection.exec_driver_sql(f"DELETE FROM tap_schema.{table} WHERE {where} ILIKE 'test_stars%%'")


def stored(database: Database) -> list[dict[str, Any]]:
    with database.owner.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM test_stars.star ORDER BY id"))
        return [dict(row._mapping) for row in rows]


@pytest.mark.parametrize(
    ("name", "write"),
    [("s.parquet", write_parquet), ("s.csv", write_csv), ("s.vot", write_votable), ("s.fits", write_fits)],
)
def test_every_format_gives_the_same_rows(stars: Database, tmp_path: Path, name: str, write: Any) -> None:
    assert publish(DOCUMENT, write(tmp_path / name), stars) == 3
    rows = stored(stars)
    for column, values in ROWS.items():
        got = [row[column] for row in rows]
        if column == "name":
            # FITS and VOTable cannot tell an empty string from none.
            assert [value or None for value in got] == [value or None for value in values]
        elif column == "good" and name != "s.parquet" and name != "s.csv":
            assert got[:2] == values[:2]
        else:
            assert got == values
    assert [row["hpx"] for row in rows] == [*map(int, sky.hpx([10.0, 359.999], [-90.0, 12.5])), None]
    with stars.owner.connect() as connection:
        assert read_catalog(connection).table("test_stars.star") is not None
        indexes = set(
            connection.scalars(sa.text("SELECT indexname FROM pg_indexes WHERE schemaname = 'test_stars'"))
        )
        left = connection.scalar(
            sa.text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'publishing%'")
        )
    assert {"star_pkey", "star_mag", "star_hpx", "star_hpx_zone"} <= indexes
    assert left == 0


def test_clients_may_read_what_is_published(stars: Database, tmp_path: Path) -> None:
    publish(DOCUMENT, write_parquet(tmp_path / "s.parquet"), stars)
    reader = sa.create_engine(sa.engine.make_url(stars.reader_url).set(drivername="postgresql+psycopg2"))
    with reader.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM test_stars.star")) == 3
        names = connection.scalars(
            sa.text("SELECT column_name FROM tap_schema.columns WHERE table_name = 'test_stars.Star'")
        )
        assert set(names) == {"id", "ra", "dec", "Name", "mag", '"count"', "good"}
    reader.dispose()


def test_publishing_again_replaces_all_rows(stars: Database, tmp_path: Path) -> None:
    publish(DOCUMENT, write_parquet(tmp_path / "s.parquet"), stars)
    parquet.write_table(arrow().slice(1, 1), tmp_path / "s.parquet")
    assert publish(DOCUMENT, tmp_path / "s.parquet", stars) == 1
    assert [row["id"] for row in stored(stars)] == [2]


def test_a_failure_leaves_the_former_rows(stars: Database, tmp_path: Path) -> None:
    publish(DOCUMENT, write_parquet(tmp_path / "s.parquet"), stars)
    parquet.write_table(arrow(id=[5, 5, 6]), tmp_path / "s.parquet")
    with pytest.raises(UsageFault, match=r"s\.parquet: .*star_pkey"):
        publish(DOCUMENT, tmp_path / "s.parquet", stars)
    assert [row["id"] for row in stored(stars)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"id": [1, None, 3]}, "column id: 1 values are null"),
        ({"dec": [91.0, 0.0, None]}, "columns ra and dec: "),
        ({"ra": [-0.5, 10.0, None]}, "column ra: right ascensions are 0 to 360 degrees"),
        ({"color": [1, 2, 3]}, "does not declare: color"),
    ],
)
def test_a_wrong_value_is_named_with_file_and_column(
    stars: Database, tmp_path: Path, changed: dict[str, list[Any]], message: str
) -> None:
    parquet.write_table(arrow(**changed), tmp_path / "s.parquet")
    with pytest.raises(UsageFault, match=r"^s\.parquet") as caught:
        publish(DOCUMENT, tmp_path / "s.parquet", stars)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,ra,dec\n1,ten,0\n", "ten"),
        ("id,count\n1,99999\n", "count"),
        ("ra,dec\n1,2\n", "id"),
        ("id,ID\n1,2\n", "differ only in case"),
        ("", "id"),
    ],
)
def test_a_wrong_csv_is_refused(stars: Database, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(UsageFault, match=r"s\.csv") as caught:
        publish(DOCUMENT, path, stars)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["s.parquet", "s.fits", "s.vot", "s.xyz"])
def test_a_file_that_is_not_of_its_format_is_refused(stars: Database, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(UsageFault, match=name):
        publish(DOCUMENT, tmp_path / name, stars)


def test_the_built_in_schemas_cannot_be_replaced(stars: Database, tmp_path: Path) -> None:
    document = DOCUMENT.replace("test_stars", "ivoa")
    with pytest.raises(UsageFault):
        publish(document, write_parquet(tmp_path / "s.parquet"), stars)


def test_a_gzipped_fits_table_is_read(stars: Database, tmp_path: Path) -> None:
    plain = write_fits(tmp_path / "plain.fits")
    packed = tmp_path / "s.fits.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert publish(DOCUMENT, packed, stars) == 3


def test_regions_get_shapes(stars: Database, tmp_path: Path) -> None:
    points, regions = "{ra: ra, dec: dec, hpx: hpx}", "{region: name, shape: shape, box: box}"
    document = DOCUMENT.replace("vo:points", "vo:regions").replace(points, regions)
    parquet.write_table(
        arrow(name=["CIRCLE ICRS 10 20 1", None, "POLYGON ICRS 0 0 1 0 1 1"]), tmp_path / "s.parquet"
    )
    publish(document, tmp_path / "s.parquet", stars)
    assert [row["shape"] and row["shape"][0] for row in stored(stars)] == [1.0, None, 1.0]
    parquet.write_table(arrow(name=["CIRCLE", None, None]), tmp_path / "s.parquet")
    with pytest.raises(UsageFault, match=r"s\.parquet, column name, row 1"):
        publish(document, tmp_path / "s.parquet", stars)
