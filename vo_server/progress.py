"""How long work tells how far it is: to a bar on a terminal, or to nobody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called with the steps that are done, their number (None: not known yet) and what they are.
Progress = Callable[[int, int | None, str], None]


def silent(done: int, total: int | None, what: str) -> None:
    """Tell nobody."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Bars on the terminal, one for each kind of step."""
    # Only commands show bars; what they call should not load what draws them.
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    tasks: dict[str, progress.TaskID] = {}
    with progress.Progress(*columns, console=Console(stderr=True)) as bars:

        def say(done: int, total: int | None, what: str) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield say
