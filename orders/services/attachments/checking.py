"""Check a file by its content, and take from a photograph everything but the picture."""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from orders.errors import InvalidFact

#: How a file of each type begins.
_BEGINNINGS: Mapping[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
}
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
#: What a PDF file from a scanner never has. Encryption would hide all of it.
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFile|RichMedia|SubmitForm|ImportData|Encrypt)|/XFA\s*[\[\d]"
)
#: A letter of a name in a PDF file can be written as its number: `/J#61vaScript`.
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream\r?\n?")
#: The one way in which a stream of objects may be packed, and what must not change its bytes after that.
_PLAINLY_PACKED = re.compile(rb"/Filter\s*(?:\[\s*/FlateDecode\s*\]|/FlateDecode\s*[/>])")
_CHANGED_AFTER = b"/DecodeParms"
#: The most bytes that the objects of a file may unfold to.
_MOST_UNPACKED = 32 * 1024**2
#: The most pixels of a picture: a small file can unfold to gigabytes.
MOST_PIXELS = 60_000_000
#: The longest side of a stored picture, in pixels: serial numbers stay readable.
LONGEST_SIDE = 3_200
#: The side of a small square picture, in pixels: a portrait on a telephone with two pixels for each point.
PORTRAIT_SIDE = 160
_READ = 4096


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """The content that is stored, and its type."""

    content: bytes
    content_type: str


def check_file(content: bytes) -> CheckedFile:
    """Return what is stored of a file. Raises `InvalidFact` with the field `file`."""
    most = settings.ATTACHMENT_MAX_BYTES
    if not content:
        raise _refused("empty_file", "The file is empty. Choose another one.")
    if len(content) > most:
        raise _refused("file_too_large", f"The file has more than {most // 1024**2} MB. Scan it smaller.")
    found = type_of(content)
    if not found:
        raise _refused(
            "file_type", "This is no PDF file and no JPEG, PNG or WebP picture. Choose another one."
        )
    if found in _FORMATS:
        return _picture(content, found)
    if _is_active(content):
        raise _refused(
            "active_file",
            "This PDF file has a program or another file inside, or hides what is inside. "
            "Print it to a new PDF file.",
        )
    return CheckedFile(content=content, content_type=found)


def type_of(content: bytes) -> str:
    """Return the type of the content if it is allowed; empty otherwise. Its name does not count."""
    begins = (name for name, starts in _BEGINNINGS.items() if content.startswith(starts))
    found = next(begins, "")
    if found == "image/webp" and content[8:12] != b"WEBP":
        return ""
    library = _library()
    if found and library is not None and library.from_buffer(content[:_READ], mime=True) != found:
        return ""
    return found


@cache
def _library() -> Any:
    """Return the module of libmagic; None on a machine without the library: then the beginning decides."""
    try:
        import magic
    except ImportError:
        return None
    return magic


def _picture(content: bytes, content_type: str) -> CheckedFile:
    """Draw the picture again: place, time and device of a photograph stay behind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=[_FORMATS[content_type]]) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise _refused("picture_too_large", "The picture has too many pixels. Make it smaller.")
                upright = _upright(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, InvalidFact):
            raise
        raise _refused("broken_picture", "The picture cannot be read. Take or scan it again.") from None
    except Image.DecompressionBombWarning:
        raise _refused("picture_too_large", "The picture has too many pixels. Make it smaller.") from None
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    out = BytesIO()
    if content_type == "image/png":
        plain.save(out, format="PNG", optimize=True)
    else:
        plain.save(out, format="JPEG", quality=88)
        content_type = "image/jpeg"
    return CheckedFile(content=out.getvalue(), content_type=content_type)


def small_picture(content: bytes) -> bytes:
    """Return a stored picture as a small square JPEG picture of a few kilobytes."""
    with Image.open(BytesIO(content), formats=list(_FORMATS.values())) as opened:
        small = ImageOps.fit(opened.convert("RGB"), (PORTRAIT_SIDE, PORTRAIT_SIDE))
    out = BytesIO()
    small.save(out, format="JPEG", quality=80)
    return out.getvalue()


def _upright(opened: Image.Image) -> Image.Image:
    """Return the picture turned upright by its EXIF data; as it is if they are broken."""
    try:
        return ImageOps.exif_transpose(opened)
    except (struct.error, TypeError, LookupError, ArithmeticError):
        return opened


def _is_active(content: bytes) -> bool:
    """Return True for a PDF file with a program or another file, or with objects that cannot be read."""
    try:
        return any(_ACTIVE.search(part) for part in _objects(content))
    except (zlib.error, EOFError):
        return True


def _objects(content: bytes) -> Iterator[bytes]:
    """Yield the file, and each packed stream of objects, with the letters of all names as they are.

    Raises `zlib.error` and `EOFError` for a stream that is packed otherwise, or too large.
    """
    left, before = _MOST_UNPACKED, 0
    yield _plain_names(content)
    for found in _STREAM.finditer(content):
        dictionary = _plain_names(content[before : found.start()])
        before = found.end()
        if b"/ObjStm" not in dictionary:
            continue
        is_plain = _PLAINLY_PACKED.search(dictionary) and dictionary.count(b"/Filter") == 1
        if not is_plain or _CHANGED_AFTER in dictionary:
            raise EOFError
        unpacked = _unpacked(memoryview(content)[before:], left)
        left -= len(unpacked)
        if left <= 0:
            raise EOFError
        yield _plain_names(unpacked)


def _unpacked(packed: memoryview, most: int) -> bytes:
    """Return the stream that begins here, at most that many bytes of it.

    In pieces, because the library copies what follows the end, which would be nearly the whole file for each
    of many small streams.
    """
    unpacker, found = zlib.decompressobj(), bytearray()
    for start in range(0, len(packed), _READ):
        found += unpacker.decompress(packed[start : start + _READ], most - len(found))
        if unpacker.eof or len(found) >= most:
            break
    return bytes(found)


def _plain_names(part: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part)


def _refused(code: str, message: str) -> InvalidFact:
    return InvalidFact("file", code, message)
