"""Failures whose messages are written for the client (DALI 1.1, Error Documents; SIA 2.0, Errors)."""

from typing import ClassVar


class VoError(Exception):
    """A failure whose message is written for the client and safe to show."""

    fault: ClassVar[str] = "DefaultFault"  #: first word of the message (SIA 2.0, Errors)
    status: ClassVar[int] = 500  #: HTTP status of a synchronous answer


class UsageFault(VoError):
    """The request is wrong: the client must change it."""

    fault = "UsageFault"
    status = 400


class NotFoundFault(UsageFault):
    """What the request names does not exist here (DataLink 1.1, Error Messages)."""

    fault = "NotFoundFault"
    status = 404


class AuthorizationFault(UsageFault):
    """What the request names is not (yet) for this principal (DataLink 1.1, Error Messages)."""

    fault = "AuthorizationFault"
    status = 403


class AuthenticationFault(UsageFault):
    """The credentials of the request are wrong."""

    fault = "AuthenticationFault"
    status = 401


class StorageFault(UsageFault):
    """The client keeps as much as it may: it must delete something first (RFC 4918, 507)."""

    status = 507


class TransientFault(VoError):
    """The server cannot do it now: the same request may succeed later."""

    fault = "TransientFault"
    status = 503


class QuotaFault(TransientFault):
    """The client has as much as it may have at a time; it may ask again when some of that has ended."""

    status = 429


class FatalFault(VoError):
    """The server cannot do it, now or later."""

    fault = "FatalFault"
    status = 500
