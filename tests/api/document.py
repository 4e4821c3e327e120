"""The OpenAPI document of the code. It is generated once for a process, because that takes seconds."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@cache
def document() -> dict[str, Any]:
    """The document that the code describes. Copy it to change it."""
    return dict(SchemaGenerator().get_schema(request=None, public=True))
