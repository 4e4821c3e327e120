"""What the views share that return or take a file instead of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework.parsers import BaseParser
from typing_extensions import override

from accounts.api.renderers import FileRenderer


class PdfRenderer(FileRenderer):
    """A PDF file."""

    media_type, format = "application/pdf", "pdf"


class JpegRenderer(FileRenderer):
    """A photograph."""

    media_type, format = "image/jpeg", "jpg"


class PngRenderer(FileRenderer):
    """A picture."""

    media_type, format = "image/png", "png"


class FileParser(BaseParser):
    """Leaves the body unread, as a stream."""

    @override
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the stream."""
        return stream


class PdfParser(FileParser):
    """A PDF file."""

    media_type = "application/pdf"


class JpegParser(FileParser):
    """A photograph."""

    media_type = "image/jpeg"


class PngParser(FileParser):
    """A picture."""

    media_type = "image/png"


class WebpParser(FileParser):
    """A picture."""

    media_type = "image/webp"


def binaries(renderers: Iterable[type[FileRenderer]]) -> Mapping[Any, Any]:
    """Return the successful responses of a view that answers with a file, for the OpenAPI document."""
    return {(200, one.media_type): OpenApiTypes.BINARY for one in renderers}
