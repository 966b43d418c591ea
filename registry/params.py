"""The arguments of a request: text to checked values (OAI-PMH 2.0, Protocol Requests and Responses)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from registry.faults import OaiFault

#: Metadata formats, and the columns of records that are in them (Registry Interfaces 1.1, Metadata Formats).
PREFIXES = ("ivo_vor", "oai_dc")
MANAGED = "ivo_managed"  #: the set of all records (Registry Interfaces 1.1, IVOA Supported OAI Sets)
TOKEN = "resumptionToken"  # noqa: S105 - the name of an argument
_WORD = r"[A-Za-z0-9\-_.!~*'()]+"
PREFIX_FORM = re.compile(_WORD)
SET_FORM = re.compile(f"{_WORD}(:{_WORD})*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Arguments:
    """Which arguments a verb wants, which it takes, and whether a token may take their place."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    resumable: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.required, *self.optional, *((TOKEN,) if self.resumable else ()))


_SELECTIVE = Arguments(("metadataPrefix",), ("from", "until", "set"), resumable=True)
VERBS = {
    "Identify": Arguments(),
    "ListMetadataFormats": Arguments(optional=("identifier",)),
    "ListSets": Arguments(resumable=True),
    "GetRecord": Arguments(("identifier", "metadataPrefix")),
    "ListIdentifiers": _SELECTIVE,
    "ListRecords": _SELECTIVE,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records a harvester wants, in which format.

    Attributes
    ----------
    start, end : datetime or None
        The first instant that counts, and the first that counts no more; UTC.
    """

    prefix: str
    start: datetime | None = None
    end: datetime | None = None
    set_spec: str = MANAGED

    def check(self) -> None:
        """Raise `OaiFault` where there is no such format or no such set here."""
        if self.prefix not in PREFIXES:
            message = f"{self.prefix[:60]!r} is not a format here: ask for {' or '.join(PREFIXES)}"
            raise OaiFault("cannotDisseminateFormat", message)
        if self.set_spec != MANAGED:
            message = f"there is no set {self.set_spec[:60]!r} here: the only one is {MANAGED}"
            raise OaiFault("noRecordsMatch", message)


@dataclass(frozen=True, slots=True)
class OaiRequest:
    """A checked request.

    Attributes
    ----------
    arguments : tuple of (str, str)
        As sent, without the verb.
    """

    verb: str
    arguments: tuple[tuple[str, str], ...] = ()
    identifier: str | None = None
    token: str | None = None
    selection: Selection | None = None


def parse_request(items: Iterable[tuple[str, str]]) -> OaiRequest:
    """The request that arguments make; their names have case.

    Raises
    ------
    OaiFault
        The verb is missing, repeated or unknown; or an argument is not the verb's, is repeated, missing or
        malformed.
    """
    given = list(items)
    verbs = [value for name, value in given if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in VERBS:
        came = f"{verbs[0][:60]!r}" if len(verbs) == 1 else f"{len(verbs)} verbs"
        raise OaiFault("badVerb", f"got {came}: send one verb of {', '.join(VERBS)}")
    verb = verbs[0]
    arguments = tuple((name, value) for name, value in given if name != "verb")
    values = _checked(verb, arguments)
    if TOKEN in values:
        return OaiRequest(verb, arguments, token=values[TOKEN])
    selection = _selection(values) if "metadataPrefix" in VERBS[verb].required else None
    return OaiRequest(verb, arguments, identifier=values.get("identifier"), selection=selection)


def _checked(verb: str, arguments: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The arguments by name: each once, and as the verb wants."""
    wanted = VERBS[verb]
    values = dict(arguments)
    takes = f"{verb} takes {', '.join(wanted.known) or 'no arguments'}"
    for name in values:
        if name not in wanted.known:
            raise OaiFault("badArgument", f"{name[:60]!r} is not an argument of the verb: {takes}")
    if len(values) != len(arguments):
        raise OaiFault("badArgument", "an argument is given more than once: give each once")
    if TOKEN in values:
        if len(values) > 1:
            raise OaiFault("badArgument", f"{TOKEN} excludes all other arguments: send it alone")
        return values
    for name in wanted.required:
        if not values.get(name):
            raise OaiFault("badArgument", f"{name} is missing: {takes}")
    return values


def _selection(values: dict[str, str]) -> Selection:
    """What the arguments of a selective harvest say (OAI-PMH 2.0, Selective Harvesting)."""
    prefix = values["metadataPrefix"]
    if not PREFIX_FORM.fullmatch(prefix):
        raise OaiFault("badArgument", f"metadataPrefix={prefix[:60]!r} is malformed: send ivo_vor or oai_dc")
    start, step = _instant("from", values.get("from"))
    end, last_step = _instant("until", values.get("until"))
    if step and last_step and step != last_step:
        raise OaiFault("badArgument", "from and until have to be both days, or both instants")
    if start and end and start > end:
        raise OaiFault("badArgument", "from is later than until: no record can match")
    if "set" in values and not SET_FORM.fullmatch(values["set"]):
        raise OaiFault("badArgument", f"set={values['set'][:60]!r} is malformed: send {MANAGED}")
    return Selection(prefix, start, _after(end, last_step), values.get("set", MANAGED))


def _after(end: datetime | None, step: timedelta | None) -> datetime | None:
    """The first instant that counts no more; None where all do."""
    try:
        return end + step if end and step else None
    except OverflowError:  # no calendar goes beyond the year 9999
        return None


def _instant(name: str, text: str | None) -> tuple[datetime | None, timedelta | None]:
    """An instant and its granularity (OAI-PMH 2.0, UTCdatetime)."""
    if text is None:
        return None, None
    wanted = "send YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ"
    try:
        if _DATE.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC), timedelta(days=1)
        if _INSTANT.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC), timedelta(seconds=1)
    except ValueError:
        raise OaiFault("badArgument", f"{name}={text!r} is no date that there is: {wanted}") from None
    raise OaiFault("badArgument", f"{name}={text[:60]!r} is no date: {wanted}")
