"""What may be done with a batch, when, and by whom (ESO Phase 3: open, close, submit, review, publish)."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from vo_server.errors import AuthorizationFault, UsageFault

#: Who acts when the server does: it has no account.
SYSTEM = "system"


class State(StrEnum):
    """Where a batch is on its way."""

    OPEN = "open"  #: files come, go and are replaced
    CLOSED = "closed"  #: nothing changes: the checks run
    ERROR = "error"  #: the checks found errors
    VALID = "valid"  #: they found none
    SUBMITTED = "submitted"  #: it waits for its review
    APPROVED = "approved"  #: it may be published
    PUBLISHED = "published"
    DROPPED = "dropped"  #: given up; its files are gone


class Person(StrEnum):
    """What somebody is to a batch."""

    DELEGATE = "delegate"  #: may upload and have it checked
    OWNER = "owner"  #: may submit it as well
    ARCHIVIST = "archivist"  #: reviews and publishes
    SYSTEM = "system"  #: the server itself


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes
    ----------
    needs_reason : bool
        Whether it has to be said why.
    """

    sources: frozenset[State]
    target: State
    people: frozenset[Person]
    needs_reason: bool = False


_UPLOADERS = frozenset({Person.DELEGATE, Person.OWNER, Person.ARCHIVIST})
_OWNERS = frozenset({Person.OWNER, Person.ARCHIVIST})
_ARCHIVISTS = frozenset({Person.ARCHIVIST})
_SYSTEM = frozenset({Person.SYSTEM})

STEPS = {
    "close": Step(frozenset({State.OPEN}), State.CLOSED, _UPLOADERS),
    "pass": Step(frozenset({State.CLOSED}), State.VALID, _SYSTEM),
    "fail": Step(frozenset({State.CLOSED}), State.ERROR, _SYSTEM),
    "reopen": Step(frozenset({State.CLOSED, State.ERROR, State.VALID}), State.OPEN, _UPLOADERS),
    "submit": Step(frozenset({State.VALID}), State.SUBMITTED, _OWNERS),
    "return": Step(frozenset({State.SUBMITTED, State.APPROVED}), State.OPEN, _ARCHIVISTS, needs_reason=True),
    "approve": Step(frozenset({State.SUBMITTED}), State.APPROVED, _ARCHIVISTS),
    "publish": Step(frozenset({State.APPROVED}), State.PUBLISHED, _ARCHIVISTS),
    "unpublish": Step(frozenset({State.PUBLISHED}), State.APPROVED, _ARCHIVISTS, needs_reason=True),
    "drop": Step(frozenset({State.OPEN, State.ERROR, State.VALID}), State.DROPPED, _OWNERS),
}


def check_step(name: str, state: State, people: Collection[Person], reason: str) -> Step:
    """The step, which these people may take now.

    Raises
    ------
    UsageFault
        There is no such step, not from this state, or it wants a reason.
    AuthorizationFault
        It is for others.
    """
    step = STEPS.get(name)
    if step is None:
        raise UsageFault(f"{name[:40]!r} is no step of a batch: there are {', '.join(STEPS)}")
    if not step.people & set(people):
        raise AuthorizationFault(f"{name} is for: {', '.join(sorted(step.people))}")
    if state not in step.sources:
        wanted = " or ".join(sorted(step.sources))
        raise UsageFault(f"{name} is for batches that are {wanted}; this one is {state}")
    if step.needs_reason and not reason.strip():
        raise UsageFault(f"{name} wants a reason: it is kept with the step")
    return step


def steps_from(state: State, people: Collection[Person]) -> list[str]:
    """The steps that these people may take from a state."""
    own = set(people)
    return [name for name, step in STEPS.items() if state in step.sources and step.people & own]
