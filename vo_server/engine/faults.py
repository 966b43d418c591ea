"""Failures of the database in the words of the client (PostgreSQL, Appendix A: error codes)."""

import re

import adbc_driver_manager

from vo_server.errors import FatalFault, TransientFault, UsageFault, VoError


class LostConnection(TransientFault):
    """The database closed the connection, or there was none."""


#: Fault per class (or code) of SQLSTATE; the longest prefix wins.
SQLSTATES: dict[str, type[VoError]] = {
    "08": LostConnection,
    "0A": UsageFault,  # feature not supported
    "21": UsageFault,  # a sub-query gave more than one row
    "22": UsageFault,  # bad values: division by zero, casts, ranges
    "40": TransientFault,
    "42": UsageFault,  # types that do not fit; names were resolved before
    "42501": FatalFault,  # the reader has no right on what TAP_SCHEMA publishes
    "42601": FatalFault,  # our own SQL
    "42P01": FatalFault,
    "53": TransientFault,
    "53400": UsageFault,  # temp_file_limit
    "54": UsageFault,  # the statement is too complex
    "55": TransientFault,  # a lock that others do not give up
    "57": TransientFault,
    "57P": LostConnection,
}

#: SQLSTATE by words of the message: inside a stream ADBC gives no code, only text.
MESSAGES: tuple[tuple[str, str], ...] = (
    (r"division by zero", "22012"),
    (r"out of range|overflow|underflow", "22003"),
    (r"invalid input syntax|invalid regular expression|must not be|must be between", "22000"),
    (r"cannot take|complex result", "22000"),
    # Those of our own functions in schema vo.
    (
        r"is between -?\d+ and|above 0 and below|must fit into a circle|three or more pairs|ivo_\w+ wants ",
        "22023",
    ),
    (r"more than one row returned", "21000"),
    (r"temporary file size exceeds", "53400"),
    (r"out of memory|No space left|could not resize shared memory", "53000"),
    (r"terminating connection|database system is (shutting down|starting up)", "57P01"),
    (r"too many clients|remaining connection slots", "53300"),
    (r"server closed the connection|connection to server|no connection to the server", "08006"),
    (r"could not connect|connection refused|SSL connection has been closed|could not receive data", "08006"),
    (r"canceling statement due to (statement timeout|user request)", "57014"),
    (r"canceling statement due to conflict", "40001"),
)


def translate_failure(exc: Exception, timeout: float | None) -> VoError:
    """What the client is told about ``exc``, an error of the driver or of its Arrow stream.

    Parameters
    ----------
    exc : Exception
        An ``adbc_driver_manager.Error``, or the bare ``OSError`` that a stream raises.
    timeout : float or None
        The time limit in seconds, for the message.
    """
    message = primary_message(exc)
    state = sqlstate(exc, message)
    fault = next((SQLSTATES[state[:n]] for n in (5, 3, 2) if state[:n] in SQLSTATES), FatalFault)
    if "statement timeout" in message:
        limit = f" of {timeout:g} s" if timeout else ""
        return TransientFault(f"the query reached its time limit{limit}; ask for less, or use an async job")
    if state == "57014":
        return TransientFault("the query was cancelled")
    if state == "53400":
        return UsageFault("the query needs more temporary space than one query may have; ask for less")
    if fault is LostConnection:
        return LostConnection("the database is not available now; try again in a moment")
    if fault is TransientFault:
        return TransientFault("the database cannot answer this now; try again in a moment")
    if fault is FatalFault:
        return FatalFault("the database could not answer this query")
    return fault(f"the database refused the query: {message}")


def primary_message(exc: Exception) -> str:
    """The first line that PostgreSQL sent, without severity, position, statement or code."""
    details = getattr(exc, "details", None) or ()
    for key, value in details:
        if key in (b"PG_DIAG_MESSAGE_PRIMARY", "PG_DIAG_MESSAGE_PRIMARY"):
            return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    text = str(exc)
    found = re.search(r"(?:ERROR|FATAL|PANIC):\s+(.*)", text)
    return (found.group(1) if found else text).strip().partition("\n")[0]


def sqlstate(exc: Exception, message: str) -> str:
    """The five-character code of ``exc``; by its words where the driver gives none, else empty."""
    if isinstance(exc, adbc_driver_manager.Error) and exc.sqlstate:
        return str(exc.sqlstate)
    text = f"{message}\n{exc}"
    return next((code for words, code in MESSAGES if re.search(words, text, re.IGNORECASE)), "")
