"""Structured logging on the standard library: a constant message, and what varies behind it as key=value."""

import logging
import sys
import time
from typing import Any

_NEEDS_QUOTES = frozenset(' "=\n\t')
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "fields", "taskName"}


class Log:
    """A logger whose calls take fields: `log.info("host pod created", pod="default/web", ms=12)`."""

    __slots__ = ("_logger",)

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, message: str, /, **fields: Any) -> None:
        """For whoever is looking for a fault."""
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, /, **fields: Any) -> None:
        """Something that happens seldom and matters."""
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, /, **fields: Any) -> None:
        """Something did not work; it will be tried again, or somebody must act."""
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, /, *, exc: BaseException | None = None, **fields: Any) -> None:
        """A fault of ours, with its traceback."""
        self._write(logging.ERROR, message, fields, exc)

    def _write(
        self, level: int, message: str, fields: dict[str, Any], exc: BaseException | None = None
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, message, extra={"fields": fields}, exc_info=exc)


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        line = super().formatMessage(record)
        others = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        fields: dict[str, Any] = {**others, **getattr(record, "fields", {})}
        return " ".join([line, *(f"{name}={_value(value)}" for name, value in fields.items())])


def _value(value: Any) -> str:
    text = str(value)
    return repr(text) if not text or _NEEDS_QUOTES.intersection(text) else text


def configure(level: int = logging.INFO) -> None:
    """Send everything of `level` and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
