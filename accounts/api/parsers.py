"""Parsers for request bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import JSONParser
from typing_extensions import override

from accounts.api.problems import Problem

#: An escaped NUL as JSON writes it. PostgreSQL text cannot hold it.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class StrictJSONParser(JSONParser):
    """JSON that is complete, bounded in size, and made of text that PostgreSQL can store."""

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body. Raises `Problem`."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise Problem("too_large", f"At most {limit} bytes.")
        try:
            body = json.loads(raw, parse_constant=_refuse_constant, object_pairs_hook=_unique_names)
            # Python reads a number that is too large for a float as infinity, and a lone surrogate has no
            # bytes: writing the body out again finds both.
            text = json.dumps(body, ensure_ascii=False, allow_nan=False)
            text.encode()
            if _NUL.search(text):
                raise ValueError("a NUL character")
        except (ValueError, RecursionError) as error:
            raise Problem("malformed") from error
        return body


def _refuse_constant(constant: str) -> None:
    """Refuse `NaN` and `Infinity`, which are not JSON."""
    raise ValueError(constant)


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. An object that repeats a name is ambiguous and is refused."""
    body = dict(pairs)
    if len(body) < len(pairs):
        raise ValueError("a name is repeated")
    return body
