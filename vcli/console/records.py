"""The program's own log, as `logging` collects it, said by the console."""

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

Say = Callable[[str, str, Mapping[str, Any]], None]
"""Takes a level, a message, and what else is known of it."""

_KNOWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_LIBRARIES_TOO = 3


class _Handler(logging.Handler):
    def __init__(self, say: Say) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        extra = {key: value for key, value in vars(record).items() if key not in _KNOWN}
        self._say(record.levelname.lower(), self.format(record), {"logger": record.name, **extra})


class _LastHandler(_Handler):
    """For what is logged though no log was asked for: a line, without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and record.exc_info[1] is not None and not os.environ.get("VCLI_DEBUG"):
            return f"{record.getMessage()}: {record.exc_info[1]}"
        return super().format(record)


def start(say: Say, *, verbose: int) -> None:
    """Have the program's log said: from 1 on infos, from 2 on all, from 3 on that of libraries too."""
    logger = logging.getLogger() if verbose >= _LIBRARIES_TOO else logging.getLogger("vcli")
    logger.setLevel(logging.INFO if verbose == 1 else logging.DEBUG)
    logger.handlers = [_Handler(say)]
    logger.propagate = False


def catch_warnings(say: Say) -> None:
    """Have warnings and errors said that `logging` would write to stderr by itself."""
    handler = _LastHandler(say)
    handler.setLevel(logging.WARNING)
    logging.lastResort = handler
