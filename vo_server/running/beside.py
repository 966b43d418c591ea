"""The first that a process beside the server does: hear of the server's end, before anything is loaded.

What such a process needs takes seconds to load; where its server is killed meanwhile, it should not live as
long as that.
"""

import json
import os
import sys
import threading
from collections.abc import Callable


class Lifeline:
    """Notices that the server is gone: its end of this process's standard input closes then.

    The process ends at once, until `then` says what to do instead.
    """

    def __init__(self) -> None:
        self._stop: Callable[[], object] = lambda: os._exit(1)
        threading.Thread(target=self._wait, name="lifeline", daemon=True).start()

    def _wait(self) -> None:
        sys.stdin.read()
        self._stop()

    def then(self, stop: Callable[[], object]) -> None:
        """Call ``stop`` when the server is gone."""
        self._stop = stop


def main() -> None:
    """Be a process of a server; it is told everything on standard input."""
    config = json.loads(sys.stdin.readline())
    lifeline = Lifeline()
    from vo_server.running.processes import be

    be(config, lifeline)


if __name__ == "__main__":
    main()
