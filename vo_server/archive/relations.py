"""What files have to do with each other: progenitors, recipes, associated files, calibrations."""

from sqlalchemy import Column, Index, Integer, Table, Text

from vo_server.archive.schema import METADATA, instant

#: The files that a product was made from (Phase 3 keywords PROVi, extension PHASE3PROVENANCE).
PROVENANCE = Table(
    "provenance",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("pos", Integer, primary_key=True),
    Column("progenitor", Text, nullable=False, index=True, comment="as the header names it, without .fits"),
    Column("entity", Text, nullable=False, index=True, comment="its dp_id; its name while it is not here"),
)

#: Executions of recipes, as products tell of them (PRO RECi); products of one execution share a row.
ACTIVITY = Table(
    "activity",
    METADATA,
    Column("activity_id", Text, primary_key=True, comment="the recipe, and a digest of all that is told"),
    Column("recipe", Text, nullable=False, index=True, comment="PRO RECi ID"),
    Column("pipeline", Text, comment="PRO RECi PIPE ID, with its version"),
    Column("drs", Text, comment="PRO RECi DRS ID, the library below"),
    instant("started"),
    instant("ended"),
)

#: The recipes that a file went through: step 0 wrote it, step 1 came before that.
GENERATION = Table(
    "generation",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("activity_id", Text, nullable=False, index=True),
    Column("category", Text, comment="what the file is to the recipe that wrote it: PRO CATG"),
)

#: The files that a recipe read (PRO RECi RAWj and CALj).
USED = Table(
    "used",
    METADATA,
    Column("activity_id", Text, primary_key=True),
    Column("pos", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="raw or calibration"),
    Column("name", Text, nullable=False, comment="as the header names it, without directory and .fits"),
    Column("category", Text, comment="its tag in the set of frames"),
    Column("datamd5", Text, index=True, comment="MD5 of its data"),
    Column("entity", Text, nullable=False, index=True, comment="its dp_id; its name while it is not here"),
    Index("used_name", "name", "datamd5"),
)

#: The parameters that a recipe ran with (PRO RECi PARAMj).
PARAMETER = Table(
    "parameter",
    METADATA,
    Column("activity_id", Text, primary_key=True),
    Column("pos", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("default_value", Text, comment="of the recipe, as the header tells it"),
)

#: The files that belong to a product (Phase 3 keywords ASSONi, ASSOCi).
ASSOCIATION = Table(
    "association",
    METADATA,
    Column("dp_id", Text, primary_key=True, comment="the science file"),
    Column("pos", Integer, primary_key=True),
    Column("name", Text, nullable=False, index=True, comment="name of the file, as the header gives it"),
    Column("associated", Text, index=True, comment="its dp_id, once it is in the archive"),
    Column("category", Text),
)

#: The calibrations that a file is to be reduced with, from raw frames or from masters.
CALIBRATION = Table(
    "calibration",
    METADATA,
    Column("dp_id", Text, primary_key=True, comment="the file to be calibrated"),
    Column("mode", Text, primary_key=True, comment="raw2raw or raw2master"),
    Column("pos", Integer, primary_key=True, comment="in the order of the cascade, from 1"),
    Column("calibration", Text, nullable=False, index=True, comment="dp_id of the calibration"),
    Column("category", Text, comment="its tag in a set of frames, such as MASTER_BIAS"),
)
