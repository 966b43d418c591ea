"""Keywords that may have another value than the one in a file."""

import re

from vo_server.errors import UsageFault

#: Keywords that say how the bytes are to be read, or which file it is: correcting them would damage it.
_FIXED = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|GROUPS|EXTEND|TFIELDS|TFORM\d+|TBCOL\d+|TDIM\d+|THEAP|END"
    r"|Z(IMAGE|SIMPLE|TENSION|EXTEND|BITPIX|NAXIS\d*|TILE\d+|CMPTYPE|NAME\d+|VAL\d+|PCOUNT|GCOUNT|TABLE"
    r"|FORM\d+|CTYP\d+|BLANK|QUANTIZ|DITHER\d*|HECKSUM|DATASUM)|CHECKSUM|DATASUM|CONTINUE|COMMENT|HISTORY|ARCFILE"
)
_NAME = re.compile(r"[A-Z0-9_-]+(\.[A-Z0-9_-]+)*")
MAX_KEYWORD = 60  #: characters


def parse_keyword(text: str) -> str:
    """A keyword as an operator writes it: ``INS.MODE``, ``ESO INS MODE``, ``HIERARCH ESO INS MODE``.

    Raises
    ------
    UsageFault
        It is none, or one that may not be corrected.
    """
    words = text.strip().upper().removeprefix("HIERARCH ").strip().replace(" ", ".")
    keyword = words.removeprefix("ESO.")
    if not _NAME.fullmatch(keyword) or len(keyword) > MAX_KEYWORD:
        raise UsageFault(f"{text[:80]!r} is not a keyword: wanted is one like INS.MODE or OBJECT")
    if _FIXED.fullmatch(keyword):
        raise UsageFault(f"{keyword} says how the file is to be read or which it is: it cannot be corrected")
    return keyword
