"""Medians and ratios of interleaved repetitions."""

import statistics
from collections.abc import Callable, Sequence

from benchmarks.peer.client import Server, WrongAnswer

Once = Callable[[Server, int], dict[str, float]]

#: Of these more is better.
RATES = frozenset({"requests/s", "right answers"})


class Report:
    """Runs the cases; the order of the servers flips at every repetition."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self.failures: list[str] = []
        self._lines: list[str] = []

    def run(self, case: str, once: Once, repeat: int) -> None:
        """Call ``once(server, turn)`` ``repeat`` times for each server after one that does not count."""
        found: dict[str, dict[str, list[float]]] = {server.name: {} for server in self._servers}
        for turn in range(-1, repeat):
            for server in self._servers if turn % 2 == 0 else self._servers[::-1]:
                before = server.cpu()
                try:
                    metrics = once(server, turn)
                except (WrongAnswer, OSError, ValueError, IndexError, KeyError) as exc:
                    self.failures.append(f"{case}, {server.name}: {type(exc).__name__}: {str(exc)[:200]}")
                    continue
                if turn >= 0:
                    if server.pid:
                        metrics["server CPU ms"] = 1000 * (server.cpu() - before)
                    for name, value in metrics.items():
                        found[server.name].setdefault(name, []).append(value)
        self._tell(case, found)

    def _tell(self, case: str, found: dict[str, dict[str, list[float]]]) -> None:
        names = dict.fromkeys(name for metrics in found.values() for name in metrics)
        for name in names:
            # CPU is counted in ticks of 10 ms: only the mean of many tells something.
            middle = statistics.fmean if "CPU" in name else statistics.median
            values = [middle(found[s.name][name]) if found[s.name].get(name) else None for s in self._servers]
            cells = ["failed" if value is None else f"{value:.4g}" for value in values]
            line = f"| {case} | {name} | {' | '.join(cells)} | {ratio(name, values)} |"
            self._lines.append(line)
            print(line, flush=True)

    def markdown(self) -> str:
        """The table of everything."""
        names = " | ".join(server.name for server in self._servers)
        head = [f"| case | metric | {names} | ratio |", "| --- | --- |" + " --- |" * (len(self._servers) + 1)]
        return "\n".join(head + self._lines)


def ratio(name: str, values: Sequence[float | None]) -> str:
    """How many times better the first server is than the second; empty where that means nothing."""
    if len(values) < 2 or not values[0] or not values[1] or name == "MB more memory":
        return ""
    return f"{values[0] / values[1] if name in RATES else values[1] / values[0]:.1f}"
