"""What is logged, and how: lines for people, JSON for machines, and nobody's address, number or docket.

That no such thing is logged is a rule for whoever writes a line. This is the net under it: it takes them from
messages, from what is put into them, and from the text of exceptions.
"""

from __future__ import annotations

import json
import logging
import re
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from celery import current_task
from typing_extensions import override

#: The number of the request that this thread answers; empty outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")

#: Seconds in which beat says the same thing once.
ONCE_IN = 60.0

# In this order: an address may hold what looks like a number.
_PERSONAL = (
    ("email", re.compile(r"[^\s@<>\"'(),;:=/]+@[^\s@<>\"'(),;:=/]+\.[a-z]{2,}", re.IGNORECASE)),
    # As dockets are written, with the dashes or without: HHD-FA-26-1234567-S, HHDFA261234567S.
    (
        "docket",
        re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,4}-[A-Z]{2}-?\d{2}-?\d{1,8}(?:-[A-Z]{1,2})?\b", re.IGNORECASE),
    ),
    ("docket", re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,4}(?:FA|CR|CV|MI|MV)\d{8,10}[A-Z]?\b", re.IGNORECASE)),
    ("number", re.compile(r"\+\d[\d ().-]{6,18}\d")),
    ("number", re.compile(r"(?<![\w.-])\(?[2-9]\d{2}\)?[-. ]?[2-9]\d{2}[-. ]?\d{4}(?![\w-])")),
    ("secret", re.compile(r"(?<=/calendar/)[^\s\"'?/]+|(?<=/n/)[^\s\"'?/]+")),
    # A link that opens something by itself: long, of letters large and small and figures.
    ("secret", re.compile(r"(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40,}")),
)


def redacted(text: str) -> str:
    """The text without addresses, telephone numbers, dockets and secret links."""
    for name, pattern in _PERSONAL:
        text = pattern.sub(f"[{name}]", text)
    return text


class LineFormatter(logging.Formatter):
    """A line for people."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The line, and what was raised below it."""
        return redacted(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON document a line; `time` is in UTC."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The document."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
            "process": record.process,
        }
        # Outside of a task it stands for nothing, and has no request.
        asked = getattr(current_task, "request", None)
        if asked is not None and asked.id:
            said |= {"task": asked.task, "task_id": asked.id}
        if number := request_id.get():
            said["request_id"] = number
        if record.exc_info:
            said["exception"] = redacted(self.formatException(record.exc_info))
        if record.stack_info:
            said["stack"] = redacted(self.formatStack(record.stack_info))
        return json.dumps(said, ensure_ascii=False)


class BrieflyOnce(logging.Filter):
    """Says the same thing once a minute, in one line: beat, whose broker is dead, has nothing new to say."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """False for what was said within the minute; else the record loses its traceback."""
        if record.levelno < logging.WARNING:
            return True
        about, now = str(record.msg), time.monotonic()
        if now - self._said.get(about, -ONCE_IN) < ONCE_IN:
            return False
        self._said[about] = now
        record.msg, record.args = record.getMessage().partition("\n")[0], None
        record.exc_info = record.exc_text = record.stack_info = None
        return True
