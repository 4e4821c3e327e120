"""Log formats: lines for people, JSON for machines, both without personal data.

Code must not log personal data. As a safety net, the formatters remove addresses, telephone numbers, docket
numbers and secret links from messages, their arguments and the text of exceptions. Of an error of the
database they keep the class, the code and the constraint: its text contains values of rows. In the text of
every other error they leave out what is in quotation marks, which may be what someone typed.

What strangers send is in some messages. So a text is cut before it is matched, and no pattern looks at the
same character from many starts.
"""

from __future__ import annotations

import json
import logging
import re
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import psycopg
from celery import current_task
from django.db import Error as DatabaseError
from typing_extensions import override

from accounts.isolation import reason_of

#: The id of the current request; empty outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")

#: Seconds within which a repeated message is dropped.
REPEAT_AFTER = 60.0

#: The most characters of a message or an exception that are logged: its beginning and its end.
LONGEST = 16_000

#: What cannot be in an email address. A match starts only after one of these.
_APART = r"\s@<>\"'(),;:=/"

# In this order: an email address can contain what looks like a telephone number.
_PERSONAL = (
    # What PostgreSQL adds to an error: values of rows, to the end of the text.
    ("detail", re.compile(r"(?:DETAIL|CONTEXT):  .*", re.DOTALL)),
    (
        "email",
        re.compile(rf"(?<![^{_APART}])[^{_APART}]+@[^{_APART}]+\.[a-z]{{2,}}", re.IGNORECASE),
    ),
    # Docket numbers with or without dashes: HHD-FA-26-1234567-S, HHDFA261234567S.
    (
        "docket",
        re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,4}-[A-Z]{2}-?\d{2}-?\d{1,8}(?:-[A-Z]{1,2})?\b", re.IGNORECASE),
    ),
    ("docket", re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,4}(?:FA|CR|CV|MI|MV)\d{8,10}[A-Z]?\b", re.IGNORECASE)),
    ("number", re.compile(r"\+\d[\d ().-]{6,18}\d")),
    ("number", re.compile(r"(?<![\w.-])\(?[2-9]\d{2}\)?[-. ]?[2-9]\d{2}[-. ]?\d{4}(?![\w-])")),
    # Every address with a token in it: tests/attacks/test_logging.py has them from the URLs.
    ("secret", re.compile(r"(?:(?<=/calendar/)|(?<=/n/)|(?<=/p/)|(?<=/sign-in/forgotten/))[^\s\"'?/]+")),
    # Tokens of links: long, with upper-case and lower-case letters and digits.
    ("secret", re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40,}")),
)


#: What an error quotes, except the name of a column or a parameter. A long quote may be cut before its end.
_QUOTED = re.compile(
    r"(?<!\w)'(?![a-z_][a-z0-9_.]*')(?:[^'\n]|'(?=\w)){0,1000}(?:'|$)"
    r'|"(?![a-z_][a-z0-9_.]*")[^"\n]{0,1000}(?:"|$)|“[^“”\n]{0,1000}(?:”|$)',
    re.MULTILINE,
)
#: The most characters of the text of an error that is kept.
_LONGEST_TEXT = 1_000


def redacted(text: str) -> str:
    """Return the text without addresses, telephone numbers, docket numbers and secret links, and cut."""
    text = _shortened(text)
    for name, pattern in _PERSONAL:
        text = pattern.sub(f"[{name}]", text)
    return text


def _shortened(text: str) -> str:
    """Return a long text's beginning and end, less the words at the cut: nothing matches half an address."""
    if len(text) <= LONGEST:
        return text
    beginning, end = text[: LONGEST // 2].rsplit(None, 3)[:-3], text[-LONGEST // 2 :].split(None, 3)[3:]
    return f"{' '.join(beginning)} […] {' '.join(end)}"


class _Formatter(logging.Formatter):
    """Leaves out the texts of errors of the database, and what other errors quote."""

    @override
    def formatException(self, ei: Any) -> str:
        """Return the traceback."""
        return redacted(_without_values(super().formatException(ei), _errors(ei[1])))

    def message_of(self, record: logging.LogRecord) -> str:
        """Return the message of the record, which may contain its exception."""
        given = record.args.values() if isinstance(record.args, dict) else record.args or ()
        found = [
            one for one in (*given, (record.exc_info or (None, None))[1]) if isinstance(one, BaseException)
        ]
        return redacted(
            _without_values(record.getMessage(), [each for one in found for each in _errors(one)])
        )


def _errors(error: BaseException | None) -> list[BaseException]:
    """Return the error, and those that led to it."""
    found: list[BaseException] = []
    ahead, seen = [error], set[int]()
    while ahead:
        one = ahead.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        ahead += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        found.append(one)
    return found


def _without_values(text: str, errors: list[BaseException]) -> str:
    """Return the text with the kind of each error of the database in place of its text, and less quotes."""
    for error in errors:
        for words in filter(None, (repr(error), str(error))):
            if isinstance(error, (DatabaseError, psycopg.Error)) or len(words) > _LONGEST_TEXT:
                text = text.replace(words, f"[{reason_of(error)}]")
            else:
                text = text.replace(words, _QUOTED.sub("'…'", words))
    return text


class LineFormatter(_Formatter):
    """Formats lines for people."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with a traceback if there is one."""
        # What another formatter kept may have the values.
        record.exc_text = None
        return super().format(record)

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line without a traceback."""
        record.message = self.message_of(record)
        return super().formatMessage(record)

    @override
    def formatStack(self, stack_info: str) -> str:
        """Return the stack."""
        return redacted(stack_info)


class JsonFormatter(_Formatter):
    """Formats one JSON document per line; `time` is in UTC."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the document."""
        document: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.message_of(record),
            "process": record.process,
        }
        # Outside of a task the proxy is empty and has no request.
        task = getattr(current_task, "request", None)
        if task is not None and task.id:
            document |= {"task": task.task, "task_id": task.id}
        if identifier := request_id.get():
            document["request_id"] = identifier
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            document["stack"] = redacted(self.formatStack(record.stack_info))
        return json.dumps(document, ensure_ascii=False)


class DropRepeats(logging.Filter):
    """Logs a repeated warning once a minute, in one line: without a broker, Celery beat would repeat it."""

    def __init__(self) -> None:
        super().__init__()
        self._logged: dict[str, float] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for a repeated warning; otherwise shorten the record to one line."""
        if record.levelno < logging.WARNING:
            return True
        message, now = str(record.msg), time.monotonic()
        if now - self._logged.get(message, -REPEAT_AFTER) < REPEAT_AFTER:
            return False
        self._logged[message] = now
        record.msg, record.args = record.getMessage().partition("\n")[0], None
        record.exc_info = record.exc_text = record.stack_info = None
        return True
