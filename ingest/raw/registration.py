"""What an archive adds to a raw frame: classification, programme, set-up, and a row of ObsCore."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.fitsfile import FitsFile
from ingest.raw.classify import Classifier, load_classifier
from ingest.raw.obscore import obscore_row
from ingest.raw.programmes import Programmes, load_programmes
from ingest.raw.setup import read_setup
from ingest.report import Explained
from vo_server.config import Settings

PROGRAMMES = "programmes.toml"  #: the operator's rules, where no setting names another file


@dataclass(frozen=True, slots=True)
class Registered:
    """A raw frame, ready for the archive.

    Attributes
    ----------
    row : mapping
        Columns of ``dbo.raw``.
    setup : tuple or None
        Instrument and columns of ``setups.<instrument>``.
    obscore : mapping or None
        Columns of ``ivoa.ObsCore``, where the operator wants them.
    """

    row: Mapping[str, Any]
    setup: tuple[str, Mapping[str, Any]] | None = None
    obscore: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """The rules of an archive for raw frames.

    Attributes
    ----------
    in_obscore : str
        Which of them ObsCore has: ``none``, ``science`` or ``all``.
    """

    classifier: Classifier
    programmes: Programmes
    in_obscore: str = "none"

    def register(self, file: FitsFile, row: Mapping[str, Any]) -> Registered:
        """``row``, which the mapping made of the header, with everything else."""
        known = {name: value for name, value in row.items() if value is not None}
        complete = {**row, **self.programmes.facts(row), **known, **self.classifier.classify(file).columns()}
        if complete.get("release_date") is None:
            complete["release_date"] = self.programmes.release_date(complete)
        wanted = self.in_obscore == "all" or (
            self.in_obscore == "science" and complete.get("dp_cat") == "SCIENCE"
        )
        return Registered(complete, read_setup(file), obscore_row(complete) if wanted else None)

    def explain(self, file: FitsFile, row: Mapping[str, Any]) -> list[Explained]:
        """The columns that do not come from the mapping, and from where they come."""
        registered = self.register(file, row)
        name = registered.row["rule_set"]
        origin = f"rules of {name}" if name else "no rules for this instrument"
        columns = ("raw_type", "do_catg", "classification", "rule_set")
        found = [Explained(column, registered.row[column], origin) for column in columns]
        for column in ("release_date", *self.programmes.facts(row)):
            if row.get(column) is None:
                found.append(Explained(column, registered.row[column], "rules of programmes"))
        if registered.setup is not None:
            instrument, values = registered.setup
            found += [
                Explained(f"ist.{instrument}.{k}", v, "header") for k, v in values.items() if v is not None
            ]
        return found


def load_registration(settings: Settings, state_dir: Path) -> Registration:
    """The rules that the settings name, beside our own.

    Raises
    ------
    UsageFault
        A file of them is malformed.
    """
    default = state_dir / PROGRAMMES
    programmes = settings.programmes or (default if default.exists() else None)
    return Registration(load_classifier(settings.rules), load_programmes(programmes), settings.raw_in_obscore)
