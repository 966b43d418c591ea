"""Turns for statements: short ones never wait behind long ones.

Every statement begins in the short lane. One that still runs after a second moves to the long lane, and the
place that it leaves is free for the next. Where the long lane is full too, a statement that has not given a
row yet is stopped with advice; one that is delivering stays where it is.
"""

import threading
import time
from dataclasses import dataclass

from vo_server.engine.reading import Cancellation
from vo_server.errors import TransientFault

PATIENCE = 1.0  #: seconds after which a statement counts as long


@dataclass(eq=False)
class Turn:
    """The right of one statement to run, until `Lanes.leave`."""

    cancellation: Cancellation
    due: float
    is_long: bool = False
    is_delivering: bool = False
    is_over: bool = False


class Lanes:
    """Shares out the connections of one process.

    Parameters
    ----------
    short, long : int
        Statements in each lane at a time.
    wait : float
        Seconds that a statement may wait for its turn.
    patience : float
        Seconds after which a statement counts as long.
    """

    def __init__(self, short: int, long: int, wait: float, patience: float = PATIENCE) -> None:
        self._free = {False: short, True: long}
        self._wait = wait
        self._patience = patience
        self._condition = threading.Condition()
        self._short: list[Turn] = []  # the oldest first
        self._keeper: threading.Thread | None = None

    def enter(self, cancellation: Cancellation) -> Turn:
        """A turn in the short lane.

        Raises
        ------
        TransientFault
            None became free in time.
        """
        with self._condition:
            if not self._condition.wait_for(lambda: self._free[False] > 0, self._wait):
                raise TransientFault("the server is busy: no database connection became free; try again")
            self._free[False] -= 1
            turn = Turn(cancellation, time.monotonic() + self._patience)
            self._short.append(turn)
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="lanes", daemon=True)
                self._keeper.start()
            return turn

    def leave(self, turn: Turn) -> None:
        """Give the turn back; safe to call twice."""
        with self._condition:
            if turn.is_over:
                return
            turn.is_over = True
            self._free[turn.is_long] += 1
            if not turn.is_long:
                self._short.remove(turn)
            self._condition.notify_all()

    def _keep(self) -> None:
        """Move what has become long; end when nothing has run for a while."""
        idle = 0
        while idle < 50:
            time.sleep(self._patience / 5)
            with self._condition:
                now = time.monotonic()
                for turn in [turn for turn in self._short if turn.due <= now]:
                    self._lengthen(turn)
                idle = 0 if self._short else idle + 1
                if idle == 50:
                    self._keeper = None

    def _lengthen(self, turn: Turn) -> None:
        if self._free[True] > 0:
            self._short.remove(turn)
            turn.is_long = True
            self._free[True] -= 1
            self._free[False] += 1
            self._condition.notify_all()
        elif not turn.is_delivering:
            turn.cancellation.cancel(
                TransientFault(
                    "the server is busy with long queries and has stopped this one, which would be one more:"
                    " send it as a job, which waits for its turn, or try again"
                )
            )
