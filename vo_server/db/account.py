"""The account that runs the embedded PostgreSQL, which refuses to run as root."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vo_server.errors import FatalFault

#: Existing accounts that may run the server when we are root, the first one that is there.
UNPRIVILEGED = ("nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system; `switch` tells whether it is not our own."""

    name: str
    uid: int
    gid: int
    switch: bool

    @classmethod
    def choose(cls) -> "Account":
        """Our own account, or an unprivileged one when we are root.

        Raises
        ------
        FatalFault
            We are root and there is no unprivileged account.
        """
        if os.geteuid() != 0:
            return cls(str(os.geteuid()), os.geteuid(), os.getegid(), switch=False)
        for name in UNPRIVILEGED:
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(name, found.pw_uid, found.pw_gid, switch=True)
        raise FatalFault(
            f"PostgreSQL does not run as root and there is no account {' or '.join(UNPRIVILEGED)}: "
            "run as another user, or set VO_DATABASE_URL"
        )

    def closed_parent(self, path: Path) -> Path | None:
        """The first directory on the way to ``path`` that the account may not enter, or None.

        By the mode bits of owner, group and others; ``path`` itself counts if it is a directory.
        """
        path = path.absolute()
        for directory in (*reversed(path.parents), path):
            if not directory.is_dir():
                return None
            status = directory.stat()
            if self.uid == status.st_uid:
                bit = 0o100
            elif self.gid == status.st_gid:
                bit = 0o010
            else:
                bit = 0o001
            if not status.st_mode & bit:
                return directory
        return None

    def make_directories(self, path: Path) -> None:
        """Create ``path`` and what is missing on the way to it, so that the account may enter.

        Whatever the umask is; directories that exist stay as they are.
        """
        if not path.is_dir():
            self.make_directories(path.parent)
            path.mkdir(exist_ok=True)
            path.chmod(0o755 if self.switch else 0o700)

    def give(self, path: Path) -> None:
        """Make the account the owner of ``path``, where it is not our own."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def run(
        self, command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account; its output, both streams together, is text."""
        # Without capture_output: a server that the command leaves behind would hold the pipe open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(word) for word in command],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
                user=self.uid if self.switch else None,
                group=self.gid if self.switch else None,
                extra_groups=[] if self.switch else None,
            )
            output.seek(0)
            text = output.read().decode(errors="replace")
        return subprocess.CompletedProcess(done.args, done.returncode, text)
