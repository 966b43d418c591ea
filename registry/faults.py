"""What is wrong with a request, in the words of OAI-PMH 2.0 (Error and Exception Conditions)."""

from typing import Literal

from vo_server.errors import UsageFault

Code = Literal[
    "badArgument",
    "badResumptionToken",
    "badVerb",
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "noRecordsMatch",
]


class OaiFault(UsageFault):
    """A request that cannot be answered; its HTTP status is 200 all the same (OAI-PMH 2.0, Status-Codes)."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
