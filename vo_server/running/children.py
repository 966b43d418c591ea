"""The processes beside the server's first one: those that run jobs, and more that answer requests."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import structlog

from vo_server.config import Settings
from vo_server.db import Database

GRACE = 6.0  #: seconds that they have to end: open requests, and jobs that are handed back
CALM = 30.0  #: seconds; one that dies earlier than that is started again later and later
LONGEST_PAUSE = 30.0  #: seconds before one is started again, at most


class Role(StrEnum):
    """What a process does: run jobs, answer requests, publish, or check once what the others answer."""

    WORKER = "worker"
    WEB = "web"
    ARCHIVIST = "archivist"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """What a process is told on its standard input.

    Attributes
    ----------
    name : str
        Different for every process.
    listener : int or None
        The file descriptor of the socket whose requests a ``web`` process answers.
    owner_url : str or None
        For an ``archivist`` only: it writes published tables.
    """

    role: Role
    name: str
    settings: dict[str, Any]
    writer_url: str
    reader_url: str
    state_dir: str
    listener: int | None = None
    owner_url: str | None = None

    @classmethod
    def of(
        cls, role: Role, settings: Settings, database: Database, name: str, listener: int | None = None
    ) -> "ChildConfig":
        """The configuration of a process of this server."""
        return cls(
            role=role,
            name=name,
            settings=settings.model_dump(mode="json"),
            writer_url=database.writer.url.render_as_string(hide_password=False),
            reader_url=database.reader_url,
            state_dir=str(database.state_dir),
            listener=listener,
            owner_url=_owner_url(database) if role is Role.ARCHIVIST else None,
        )

    def to_json(self) -> str:
        """One line for the standard input."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def _owner_url(database: Database) -> str:
    return database.owner.url.render_as_string(hide_password=False)


@dataclass
class _Slot:
    """One process's place: what is there now, and when to start the next."""

    role: Role
    process: subprocess.Popen[str] | None = None
    name: str = ""
    started: float = 0.0
    pause: float = 0.0
    due: float = 0.0


@dataclass
class Children:
    """The other processes of one server; a context manager.

    A process reads its configuration from its standard input and ends when that is closed, so that none
    outlives a server that was killed. One that dies is started again, after a pause that grows.

    Attributes
    ----------
    roles : sequence of Role
        One for each process.
    listener : socket.socket
        Where requests come; the web processes share it.
    on_death : callable
        Called with the name and the process id of one that died.
    """

    settings: Settings
    database: Database
    roles: Sequence[Role]
    listener: socket.socket
    on_death: Callable[[str, int], None]
    slots: list[_Slot] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _count: int = 0

    def __enter__(self) -> "Children":
        self.slots = [_Slot(role) for role in self.roles]
        self._thread = threading.Thread(target=self._watch, name="children", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for slot in self.slots:
            if slot.process is not None:
                slot.process.terminate()
        end = time.monotonic() + GRACE
        for slot in self.slots:
            if slot.process is not None:
                wait_or_kill(slot.process, end - time.monotonic())

    def _watch(self) -> None:
        log = structlog.get_logger("vo_server.running.children")
        while not self._stop.is_set():
            for slot in self.slots:
                if slot.process is not None and slot.process.poll() is not None:
                    self._bury(slot, log)
                if slot.process is None and time.monotonic() >= slot.due:
                    self._start(slot)
            self._stop.wait(0.1)

    def _start(self, slot: _Slot) -> None:
        self._count += 1
        slot.name = f"{socket.gethostname()}-{os.getpid()}-{self._count}"
        slot.started = time.monotonic()
        shared = self.listener.fileno() if slot.role is Role.WEB else None
        config = ChildConfig.of(slot.role, self.settings, self.database, slot.name, shared)
        slot.process = launch(config)

    def _bury(self, slot: _Slot, log: Any) -> None:
        lived = time.monotonic() - slot.started
        slot.pause = 0.0 if lived > CALM else min(LONGEST_PAUSE, max(0.5, 2 * slot.pause))
        slot.due = time.monotonic() + slot.pause
        process, slot.process = slot.process, None
        log.warning(
            f"{slot.role} process died",
            process=slot.name,
            code=process.returncode if process else None,
            again_in=slot.pause,
        )
        if process is not None:
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            self.on_death(slot.name, process.pid)


def launch(config: ChildConfig) -> subprocess.Popen[str]:
    """A process beside this one, told what it is to do."""
    # A session of its own: Ctrl-C goes to the server, which then ends the others in order.
    process = subprocess.Popen(
        # The last word is for people who read ps.
        [sys.executable, "-m", "vo_server.running.beside", config.role],
        stdin=subprocess.PIPE,
        start_new_session=True,
        pass_fds=() if config.listener is None else (config.listener,),
        text=True,
    )
    with contextlib.suppress(BrokenPipeError):
        if process.stdin is not None:
            process.stdin.write(config.to_json() + "\n")
            process.stdin.flush()
    return process


def wait_or_kill(process: subprocess.Popen[str], seconds: float) -> None:
    """Let a process that was told to end do so, for some seconds."""
    try:
        process.wait(max(0.1, seconds))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
