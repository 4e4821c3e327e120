"""Media types besides JSON that a view may answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer
from typing_extensions import override


class CSVRenderer(BaseRenderer):
    """Lets a caller ask for CSV. The views that offer it stream the text themselves."""

    media_type = "text/csv"
    format = "csv"

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return data
