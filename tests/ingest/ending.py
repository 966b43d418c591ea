"""A reading process that ends itself when it opens one file, as memory or a damaged library would."""

import os
import sys


def begin() -> None:
    """What the process does first."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]) == os.environ["VO_TEST_ENDS_READER"]:
            os._exit(1)

    sys.addaudithook(hook)
