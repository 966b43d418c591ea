"""Output formats: columns and Arrow batches in, bytes out (DALI 1.1, RESPONSEFORMAT)."""

from vo_server.formats.head import Head, Info, Param, ServiceDescriptor
from vo_server.formats.markup import error_document
from vo_server.formats.negotiation import FORMATS, PLAIN_VOTABLE, Format, negotiate

__all__ = [
    "FORMATS",
    "PLAIN_VOTABLE",
    "Format",
    "Head",
    "Info",
    "Param",
    "ServiceDescriptor",
    "error_document",
    "negotiate",
]
