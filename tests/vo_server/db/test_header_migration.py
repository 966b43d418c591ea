"""The migration of headers: what was a row a card is the same header afterwards."""

import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from astropy.io import fits

from vo_server.config import Settings
from vo_server.db import migrate, open_database
from vo_server.db.upgrade import _configuration
from vo_server.headers.cards import parse_cards
from vo_server.headers.compaction import compact
from vo_server.headers.database import read_headers


def test_headers_that_were_rows_are_headers_after_the_migration(open_dir: Path) -> None:
    header = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "OBJECT": "it's"})
    header["HIERARCH ESO TEL AIRM START"] = (1.25, "Airmass at start")
    header["LONGSTR"] = ("x" * 150, "long")
    text = header.tostring().encode()
    rows = [
        {"dp_id": "old", "hdu": hdu, **{name: getattr(card, name) for name in ("pos", "keyword", "vtype")},
         "card": card.text}
        for hdu in (0, 1) for card in parse_cards(text)[0]
    ]  # fmt: skip
    state_dir = Path(tempfile.mkdtemp(dir=open_dir))
    state_dir.chmod(0o755)
    with open_database(Settings.load(state_dir=state_dir / "state")) as database:
        with database.owner.begin() as connection, _configuration() as config:
            connection.execute(sa.schema.CreateSchema("archive", if_not_exists=True))
            config.attributes["connection"] = connection
            command.upgrade(config, "0003")
            names = ", ".join(rows[0])
            values = ", ".join(f":{name}" for name in rows[0])
            connection.execute(sa.text(f"INSERT INTO header.keyword ({names}) VALUES ({values})"), rows)
        migrate(database)
        compact(database)
        with database.owner.connect() as connection:
            assert [found.text() for _, found in read_headers(connection, "old")] == [text, text]
            query = sa.text("SELECT value_n FROM header.keyword WHERE keyword = 'TEL.AIRM.START' AND hdu = 1")
            assert connection.scalar(query) == 1.25
            listed = connection.execute(sa.text("SELECT sum(rows) FROM archive.snapshot_file")).scalar_one()
            assert listed == 2 * len(parse_cards(text)[0])
