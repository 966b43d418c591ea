"""DuckDB's failures in the words of the client."""

import re

from vo_server.errors import FatalFault, TransientFault, UsageFault, VoError

#: Fault by the name with which a message begins; inside a stream there is nothing else.
KINDS: dict[str, type[VoError]] = {
    "Conversion": UsageFault,
    "Out of Range": UsageFault,
    "Invalid Input": UsageFault,
    "Mismatch Type": UsageFault,
    "Out of Memory": UsageFault,
    "IO": TransientFault,
    "INTERRUPT": TransientFault,
}


def translate_failure(exc: Exception) -> VoError:
    """What the client is told about ``exc``, an error of DuckDB or of its Arrow stream."""
    found = re.match(r"(?:.*?: )??([A-Za-z ]+?) Error: (.*)", str(exc))
    kind, message = (found[1], found[2]) if found else ("", "")
    fault = KINDS.get(kind, FatalFault)
    if kind == "Out of Memory":
        return UsageFault("the query needs more memory than all queries may have together; ask for less")
    if kind == "INTERRUPT":
        return TransientFault("the query was cancelled")
    if kind == "IO":
        return TransientFault("a file of the table was not to be had; try again in a moment")
    if fault is FatalFault:
        return FatalFault("the database could not answer this query")
    # What follows is advice about settings that no client can change.
    message = re.sub(r"( in expression .*|\. Use .*| Use TRY.*|\(When casting.*)", "", message).strip()
    return fault(f"the database refused the query: {message}")
