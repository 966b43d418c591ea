"""Who may import whom: the walls between the rooms, read from the imports themselves."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "vo_server",
    "tap",
    "sia",
    "ssa",
    "scs",
    "datalink",
    "provenance",
    "moc",
    "hips",
    "registry",
    "health",
    "ingest",
    "phase3",
    "portal",
    "demo",
)
#: Package -> the packages of ours that it may import (itself always).
ALLOWED = {
    "vo_server": set[str](),
    "tap": {"vo_server"},
    "sia": {"vo_server"},
    "ssa": {"vo_server"},
    "scs": {"vo_server"},
    "datalink": {"vo_server"},
    "provenance": {"vo_server"},
    "moc": {"vo_server"},
    "hips": {"vo_server"},
    "registry": {"vo_server"},
    "health": {"vo_server"},
    "portal": {"vo_server", "tap"},  # only tap.adql, to check a query
    "ingest": {"vo_server"},
    "phase3": {"vo_server"},
    "demo": {"vo_server", "ingest"},
}
#: The core modules that know the packages: the application and the command line.
ENTRY_POINTS = {
    "vo_server.http.app",
    "vo_server.running.beside",
    "vo_server.cli",
    "vo_server.running.processes",
    "vo_server.published",
}
#: The half of the core that speaks HTTP; all else runs without a web framework.
HTTP_HALF = ("vo_server.http", "vo_server.uws.endpoint")
BATCH = ("ingest", "demo", "vo_server.tables", "vo_server.schemas", "vo_server.db", "vo_server.engine")


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the product, with its file."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(path: Path) -> set[str]:
    """The modules that a file imports anywhere, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


@pytest.mark.parametrize(
    ("module", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_module_imports_only_what_its_room_may(module: str, path: Path) -> None:
    if module in ENTRY_POINTS:
        return
    package = module.partition(".")[0]
    ours = {name for name in imported(path) if name.partition(".")[0] in PACKAGES}
    foreign = {name for name in ours if name.partition(".")[0] not in ALLOWED[package] | {package}}
    assert not foreign, f"{module} imports {sorted(foreign)}"
    if package == "portal":
        assert {name for name in ours if name.startswith("tap")} <= {"tap.adql"}


def test_no_package_reaches_into_an_entry_point() -> None:
    reaching = {
        (module, name)
        for module, path in modules()
        for name in imported(path)
        if name in ENTRY_POINTS and module not in ENTRY_POINTS
    }
    assert not reaching


@pytest.mark.parametrize("module", [name for name, _ in modules() if name.startswith("vo_server")])
def test_the_core_speaks_http_in_one_half_only(module: str) -> None:
    if module in ENTRY_POINTS or module.startswith(HTTP_HALF):
        return
    foreign = {
        name
        for name in imported(dict(modules())[module])
        if name.startswith((*HTTP_HALF, "starlette", "uvicorn"))
    }
    assert not foreign, f"{module} imports {sorted(foreign)}"


def test_batch_packages_never_load_the_web_framework() -> None:
    names = [module for module, _ in modules() if module.startswith(BATCH)]
    names += ["vo_server.uws.worker", "vo_server.published", "registry.refresh", "health.run", "health.store"]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "assert 'starlette' not in sys.modules, 'starlette was loaded'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_package_says_what_it_is_for() -> None:
    for package in PACKAGES:
        found = importlib.import_module(package)
        assert found.__doc__
        for module in pkgutil.walk_packages(found.__path__, prefix=f"{package}."):
            source = Path(ROOT, *module.name.split("."))
            path = source / "__init__.py" if module.ispkg else source.with_suffix(".py")
            assert ast.get_docstring(ast.parse(path.read_text())), f"{module.name} has no docstring"
