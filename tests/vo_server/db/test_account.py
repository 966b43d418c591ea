"""The account that runs the server, and where it may go."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vo_server.db.account import Account

STRANGER = Account("stranger", 65533, 65533, switch=True)


@pytest.fixture
def umask() -> Iterator[None]:
    """A cautious administrator's umask."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_the_account_is_never_root() -> None:
    account = Account.choose()
    assert account.uid != 0
    assert account.switch == (os.geteuid() == 0)


def test_a_closed_parent_is_named(open_dir: Path) -> None:
    closed = open_dir / "private"
    (closed / "below").mkdir(parents=True, mode=0o755)
    assert STRANGER.closed_parent(closed / "below") is None
    closed.chmod(0o700)
    assert STRANGER.closed_parent(closed / "below" / "missing") == closed
    closed.chmod(0o710)
    assert STRANGER.closed_parent(closed) == closed
    group = Account("member", 65533, closed.stat().st_gid, switch=True)
    assert group.closed_parent(closed) is None


def test_new_directories_are_open_whatever_the_umask(open_dir: Path, umask: None) -> None:
    STRANGER.make_directories(open_dir / "a" / "b")
    assert STRANGER.closed_parent(open_dir / "a" / "b") is None


def test_existing_directories_stay_as_they_are(open_dir: Path) -> None:
    mine = open_dir / "mine"
    mine.mkdir(mode=0o700)
    STRANGER.make_directories(mine)
    assert mine.stat().st_mode & 0o777 == 0o700


def test_commands_run_as_the_account(open_dir: Path) -> None:
    account = Account.choose()
    done = account.run(["id", "-u"], cwd=open_dir, env={"PATH": "/usr/bin:/bin"}, timeout=10)
    assert done.stdout.strip() == str(account.uid)
    failed = account.run(["sh", "-c", "echo no >&2; exit 3"], cwd=open_dir, env={"PATH": "/bin"}, timeout=10)
    assert (failed.returncode, failed.stdout) == (3, "no\n")
