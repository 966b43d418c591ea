"""What an engine is: where tables are, and what runs queries about them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from vo_server.engine.explaining import Estimate
from vo_server.engine.holdings import Holding, Relation
from vo_server.engine.result import Result
from vo_server.engine.statement import Statement
from vo_server.engine.uploading import Upload


class Engine(Protocol):
    """Executes statements in its own dialect, for many threads at once."""

    @property
    def dialect(self) -> str:
        """The dialect of its statements, by a name of `tap.adql.dialects`."""

    def execute(
        self,
        statement: Statement,
        *,
        maxrec: int | None = None,
        timeout: float | None = None,
        query_id: str | None = None,
        uploads: Sequence[Upload] = (),
    ) -> Result:
        """Run ``statement`` until its first batch is read.

        No more is read from the database than the consumer takes, but for a few batches.

        Parameters
        ----------
        maxrec : int, optional
            One row more than this is fetched, so that a writer can tell an overflow; 0 gives no rows and
            costs none (DALI 1.1, MAXREC).
        timeout : float, optional
            Seconds, instead of the engine's.
        query_id : str, optional
            The name under which `cancel` finds the query while it runs.
        uploads : sequence of Upload
            Tables that exist for this statement only.

        Raises
        ------
        UsageFault
            A value of the query is wrong (division by zero, a cast, types that do not fit).
        TransientFault
            Time limit, cancelled, no turn for it, or the data are away.
        FatalFault
            Anything else; the cause is kept.
        """

    def cancel(self, query_id: str) -> bool:
        """Stop the query of that name now, from any thread; False where none is running."""

    def explain(self, statement: Statement) -> Estimate:
        """What the database expects of a statement; nothing of it is run. Raises as `execute`."""

    def close(self) -> None:
        """Cancel what runs and give everything back."""


class FileEngine(Engine, Protocol):
    """An engine that has some of the archive's tables, as files."""

    def tables(self) -> Mapping[Relation, Holding]:
        """Its tables, how many rows they have and how fresh they are."""
