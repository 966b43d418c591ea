"""Submissions in the database: made, read, and taken from state to state with who, when and why."""

from collections.abc import Collection as Several
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vo_server.archive import BATCH, BATCH_FILE, BATCH_STEP, COLLECTION, RELEASE, or_try_again
from vo_server.errors import AuthorizationFault, NotFoundFault, UsageFault
from vo_server.principal import ANONYMOUS
from vo_server.submissions.area import Sums
from vo_server.submissions.states import Person, State, check_step
from vo_server.submissions.values import (
    DOORS,
    MOST_TITLE,
    Batch,
    BatchFile,
    Collection,
    Release,
    Taken,
    check_text,
)

_BATCH = [BATCH.c[item.name] for item in fields(Batch)]
_FILE = [BATCH_FILE.c[item.name] for item in fields(BatchFile)]
_RELEASE = [RELEASE.c[item.name] for item in fields(Release)]
_COLLECTION = [COLLECTION.c[item.name] for item in fields(Collection)]


#: An identifier that was published once stays with its bytes: other ones of that name get another.
_OTHER_BYTES = sa.text(
    "UPDATE archive.batch_file f SET dp_id = NULL WHERE f.batch_id = :batch_id AND f.name = :name"
    " AND f.sha256 IS DISTINCT FROM :sha256"
    " AND EXISTS (SELECT FROM phase3.products p WHERE p.dp_id = f.dp_id)"
)


class Submissions:
    """The submissions of one archive.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The writer's, or the owner's.
    archivists : collection of str
        Accounts that review and publish.
    """

    def __init__(self, engine: sa.Engine, archivists: Several[str] = ()) -> None:
        self.engine = engine
        self._archivists = frozenset(archivists)

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        with or_try_again(), self.engine.begin() as connection:
            yield connection

    def people(self, account: str, collection: Collection) -> set[Person]:
        """What an account is to the batches of a collection."""
        found: set[Person] = set()
        if account == ANONYMOUS:
            return found
        if account in self._archivists:
            found.add(Person.ARCHIVIST)
        if account == collection.owner:
            found.add(Person.OWNER)
        if account in collection.delegates:
            found.add(Person.DELEGATE)
        return found

    def is_archivist(self, account: str) -> bool:
        """Whether an account reviews and publishes."""
        return account in self._archivists

    def create_collection(self, collection: Collection) -> bool:
        """Keep a new collection; false where the same one is there.

        Raises
        ------
        UsageFault
            Another one has its name.
        """
        values = {item.name: getattr(collection, item.name) for item in fields(collection)}
        values |= {name: list(values[name]) for name in ("delegates", "programmes")}
        with self._changing() as connection:
            made = connection.execute(insert(COLLECTION).values(values).on_conflict_do_nothing())
            if made.rowcount:
                return True
            if _collection(connection, collection.name) != collection:
                raise UsageFault(f"there is a collection {collection.name} already, and it differs")
        return False

    def create_release(self, release: Release) -> bool:
        """Keep a new release of a collection that is there; false where the same one is there.

        Raises
        ------
        NotFoundFault
            There is no such collection.
        UsageFault
            The collection has another release of that name.
        """
        with self._changing() as connection:
            _collection(connection, release.collection)
            names = ("collection", "release", "title", "abstract", "bibcode", "doi")
            values = {name: getattr(release, name) for name in names} | {"creators": list(release.creators)}
            made = connection.execute(insert(RELEASE).values(values).on_conflict_do_nothing())
            if made.rowcount:
                return True
            known = _release(connection, release.collection, release.release)
            if any(getattr(known, name) != getattr(release, name) for name in (*names, "creators")):
                raise UsageFault(f"{release.collection} has a release {release.release}, and it differs")
        return False

    def describe_release(self, collection: str, release: str, changes: Mapping[str, Any]) -> Release:
        """Change what is told of a release: title, abstract, creators, bibcode, doi, its document."""
        with self._changing() as connection:
            known = _release(connection, collection, release)
            told = {item.name: getattr(known, item.name) for item in fields(Release)} | dict(changes)
            new = Release(**told)
            values = {name: getattr(new, name) for name in changes} | {"creators": list(new.creators)}
            where = (RELEASE.c.collection == collection, RELEASE.c.release == release)
            connection.execute(sa.update(RELEASE).values(values).where(*where))
        return new

    def open_batch(
        self, collection: str, release: str, author: str, door: str = "external",
        standard: str = "8", mapping: str | None = None,
    ) -> Batch:  # fmt: skip
        """A new batch of a release.

        Raises
        ------
        NotFoundFault
            There is no such release.
        """
        if door not in DOORS:
            raise UsageFault(f"the door of a batch is one of {', '.join(DOORS)}, not {door[:20]!r}")
        with self._changing() as connection:
            # The row is locked, so that two batches do not get one number.
            _release(connection, collection, release, lock=True)
            mine = (BATCH.c.collection == collection, BATCH.c.release == release)
            last = connection.scalar(sa.select(sa.func.max(BATCH.c.number)).where(*mine)) or 0
            values = {
                "collection": collection, "release": release, "number": last + 1, "door": door,
                "state": State.OPEN, "standard": standard, "mapping": mapping,
            }  # fmt: skip
            row = connection.execute(sa.insert(BATCH).values(values).returning(*_BATCH)).one()
            batch = _made_batch(row)
            note(connection, batch.batch_id, "open", State.OPEN, author, "")
        return batch

    def take(
        self,
        batch_id: int,
        step: str,
        author: str,
        people: Several[Person],
        reason: str = "",
        **values: Any,
    ) -> Batch:
        """Take a step with a batch in a transaction of its own; see `take_step`."""
        with self._changing() as connection:
            return take_step(connection, batch_id, step, author, people, reason, **values)

    def collection(self, name: str) -> Collection:
        """A collection; raises `NotFoundFault`."""
        with or_try_again(), self.engine.connect() as connection:
            return _collection(connection, name)

    def collections(self, account: str) -> list[Collection]:
        """The collections that an account has to do with."""
        query = sa.select(*_COLLECTION).order_by(COLLECTION.c.name)
        if not self.is_archivist(account):
            mine = sa.or_(COLLECTION.c.owner == account, COLLECTION.c.delegates.any(account))
            query = query.where(mine)
        with or_try_again(), self.engine.connect() as connection:
            return [_made_collection(row) for row in connection.execute(query)]

    def release(self, collection: str, release: str) -> Release:
        """A release; raises `NotFoundFault`."""
        with or_try_again(), self.engine.connect() as connection:
            return _release(connection, collection, release)

    def releases(self, collection: str) -> list[Release]:
        """The releases of a collection, the oldest first."""
        query = sa.select(*_RELEASE).where(RELEASE.c.collection == collection).order_by(RELEASE.c.created)
        with or_try_again(), self.engine.connect() as connection:
            return [_made_release(row) for row in connection.execute(query)]

    def batch(self, batch_id: int) -> Batch:
        """A batch; raises `NotFoundFault`."""
        with or_try_again(), self.engine.connect() as connection:
            return _batch(connection, batch_id)

    def batches(self, collection: str, release: str | None = None) -> list[Batch]:
        """The batches of a collection, or of one release, in their order."""
        query = sa.select(*_BATCH).where(BATCH.c.collection == collection).order_by(BATCH.c.batch_id)
        if release is not None:
            query = query.where(BATCH.c.release == release)
        with or_try_again(), self.engine.connect() as connection:
            return [_made_batch(row) for row in connection.execute(query)]

    def files(self, batch_id: int, most: int | None = None) -> list[BatchFile]:
        """The files of a batch by name, also those that are still coming; the first ``most`` of them."""
        query = sa.select(*_FILE).where(BATCH_FILE.c.batch_id == batch_id).order_by(BATCH_FILE.c.name)
        query = query.limit(most)
        with or_try_again(), self.engine.connect() as connection:
            return [BatchFile(**row._mapping) for row in connection.execute(query)]

    def file(self, batch_id: int, name: str) -> BatchFile | None:
        """One of them, or None."""
        where = (BATCH_FILE.c.batch_id == batch_id, BATCH_FILE.c.name == name)
        with or_try_again(), self.engine.connect() as connection:
            row = connection.execute(sa.select(*_FILE).where(*where)).one_or_none()
        return BatchFile(**row._mapping) if row is not None else None

    def complete_files(self, batch: Batch) -> list[BatchFile]:
        """The files of a batch, all of them there.

        Raises
        ------
        UsageFault
            There is none, or some are still coming.
        """
        files = self.files(batch.batch_id)
        if not files:
            raise UsageFault(f"{batch.name} has no files")
        coming = [file.name for file in files if file.sha256 is None]
        if coming:
            raise UsageFault(f"{batch.name}: {len(coming)} files are not complete, {coming[0]} for one")
        return files

    def announce(self, batch_id: int, name: str, size: int) -> None:
        """Note a file that is going to come; what had its name before is replaced.

        Raises
        ------
        UsageFault
            The batch is not open.
        """
        nothing = {"sha256": None, "md5": None, "received": None}
        self._note_files(batch_id, [{"name": name, "size": size, **nothing}])

    def put(self, batch_id: int, files: Mapping[str, Sums]) -> None:
        """Note files of a batch that is open, and that are all there, by their names.

        Raises
        ------
        UsageFault
            The batch is not open.
        """
        now = datetime.now(UTC)
        rows = [
            {"name": name, "size": each.size, "sha256": each.sha256, "md5": each.md5, "received": now}
            for name, each in files.items()
        ]
        self._note_files(batch_id, rows)

    def _note_files(self, batch_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
        with self._changing() as connection:
            _check_open(connection, batch_id)
            statement = insert(BATCH_FILE)
            changed = {name: statement.excluded[name] for name in ("size", "sha256", "md5", "received")}
            changed |= {"submitted": statement.excluded.sha256, "checked": statement.excluded.checked}
            statement = statement.on_conflict_do_update(
                index_elements=[BATCH_FILE.c.batch_id, BATCH_FILE.c.name], set_=changed
            )
            if rows:
                told = [{"batch_id": batch_id, "submitted": row["sha256"], **row} for row in rows]
                connection.execute(_OTHER_BYTES, told)
                connection.execute(statement, told)

    def remove(self, batch_id: int, name: str) -> bool:
        """Forget a file of a batch that is open; whether there was one."""
        with self._changing() as connection:
            _check_open(connection, batch_id)
            where = (BATCH_FILE.c.batch_id == batch_id, BATCH_FILE.c.name == name)
            return bool(connection.execute(sa.delete(BATCH_FILE).where(*where)).rowcount)

    def steps(self, batch_id: int) -> list[Taken]:
        """What was done with a batch, the oldest first."""
        columns = [BATCH_STEP.c[item.name] for item in fields(Taken)]
        query = sa.select(*columns).where(BATCH_STEP.c.batch_id == batch_id).order_by(BATCH_STEP.c.step_id)
        with or_try_again(), self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Taken(row.step, State(row.state), row.author, row.reason, row.made) for row in rows]


def take_step(
    connection: sa.Connection,
    batch_id: int,
    step: str,
    author: str,
    people: Several[Person],
    reason: str = "",
    since: datetime | None = None,
    **values: Any,
) -> Batch:
    """Take a step with a batch inside the caller's transaction.

    The batch's row is locked until that ends: of two who take a step, one comes too late.

    Parameters
    ----------
    people : collection of Person
        What ``author`` is to the batch.
    since : datetime, optional
        When the batch has to have changed last: for steps that took time.
    values
        Other columns of the batch that change with it.

    Raises
    ------
    NotFoundFault, UsageFault, AuthorizationFault
        There is no such batch; the step cannot be taken, or not by ``author``.
    """
    check_text("reason", reason, MOST_TITLE)
    batch = _batch(connection, batch_id, lock=True)
    if since is not None and batch.changed != since:
        raise UsageFault(f"{batch.name} has changed meanwhile: {step} it again")
    target = check_step(step, batch.state, people, reason).target
    if step == "submit" and batch.door == "external":
        _check_described(connection, batch)
    changed = (
        sa.update(BATCH)
        .values(state=target, changed=sa.func.now(), **values)
        .where(BATCH.c.batch_id == batch_id)
        .returning(*_BATCH)
    )
    row = connection.execute(changed).one()
    if step == "drop":
        # Its identifiers may be those of others now.
        files = sa.update(BATCH_FILE).values(dp_id=None).where(BATCH_FILE.c.batch_id == batch_id)
        connection.execute(files)
    note(connection, batch_id, step, target, author, reason)
    return _made_batch(row)


def _check_described(connection: sa.Connection, batch: Batch) -> None:
    if _release(connection, batch.collection, batch.release).document is None:
        name = f"{batch.collection} {batch.release}"
        raise UsageFault(f"{name} wants its release description before a batch of it is submitted")


def note(connection: sa.Connection, batch_id: int, step: str, state: State, author: str, reason: str) -> None:
    """Keep who did what and why."""
    values = {"batch_id": batch_id, "step": step, "state": state, "author": author, "reason": reason}
    connection.execute(sa.insert(BATCH_STEP).values(values))


def check_may(people: Several[Person], *wanted: Person) -> None:
    """Refuse somebody who is none of ``wanted``.

    Raises
    ------
    AuthorizationFault
        That is so.
    """
    if not set(people) & set(wanted):
        raise AuthorizationFault(f"this is for: {', '.join(sorted(wanted))}")


def _check_open(connection: sa.Connection, batch_id: int) -> None:
    state = _batch(connection, batch_id, lock=True).state
    if state is not State.OPEN:
        raise UsageFault(f"the batch is {state}: files change only while it is open; reopen it first")


def _collection(connection: sa.Connection, name: str) -> Collection:
    row = connection.execute(sa.select(*_COLLECTION).where(COLLECTION.c.name == name)).one_or_none()
    if row is None:
        raise NotFoundFault(f"there is no collection {name[:60]!r}")
    return _made_collection(row)


def _release(connection: sa.Connection, collection: str, release: str, *, lock: bool = False) -> Release:
    where = (RELEASE.c.collection == collection, RELEASE.c.release == release)
    query = sa.select(*_RELEASE).where(*where)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundFault(f"there is no release {release[:40]!r} of a collection {collection[:60]!r}")
    return _made_release(row)


def _batch(connection: sa.Connection, batch_id: int, *, lock: bool = False) -> Batch:
    query = sa.select(*_BATCH).where(BATCH.c.batch_id == batch_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundFault(f"there is no batch {batch_id}")
    return _made_batch(row)


def _made_collection(row: sa.Row[Any]) -> Collection:
    values = dict(row._mapping)
    return Collection(**values | {name: tuple(values[name]) for name in ("delegates", "programmes")})


def _made_release(row: sa.Row[Any]) -> Release:
    return Release(**dict(row._mapping) | {"creators": tuple(row.creators)})


def _made_batch(row: sa.Row[Any]) -> Batch:
    return Batch(**dict(row._mapping) | {"state": State(row.state)})
