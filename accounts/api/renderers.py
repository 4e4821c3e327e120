"""Media types besides JSON that a view may answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer
from typing_extensions import override


class FileRenderer(BaseRenderer):
    """Lets a caller ask for a file by its type. The views that offer it return the content themselves."""

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return data


class CSVRenderer(FileRenderer):
    """Rows as text."""

    media_type = "text/csv"
    format = "csv"
