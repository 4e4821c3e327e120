"""No file that someone sends acts, hides something, or breaks the page that takes it."""

from __future__ import annotations

import random
import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from orders.errors import InvalidFact
from orders.services.attachments.checking import check_file

SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"
HEAD, TAIL = b"%PDF-1.7\n", b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def packed(objects: bytes, dictionary: bytes = b"/Filter/FlateDecode") -> bytes:
    """A PDF file whose objects are in a compressed stream."""
    return (
        HEAD
        + b"5 0 obj<</Type/ObjStm/N 1/First 4"
        + dictionary
        + b">>stream\n"
        + zlib.compress(objects)
        + TAIL
    )


ACTIVE = {
    "plain": HEAD + b"1 0 obj" + SCRIPT,
    "a letter as its number": HEAD + b"1 0 obj<</S/J#61vaScript/JS(x)>>",
    "each letter as its number": HEAD
    + b"1 0 obj<</S/"
    + b"".join(b"#%02x" % one for one in b"Launch")
    + b">>",
    "in a compressed stream": packed(SCRIPT),
    "in a stream whose type has a letter as its number": packed(SCRIPT).replace(b"ObjStm", b"ObjSt#6D"),
    "in a stream after another": packed(b"<</Type/Pages>>") + packed(SCRIPT).removeprefix(HEAD),
    "in a stream packed otherwise": packed(SCRIPT, b"/Filter/LZWDecode"),
    "in a stream packed twice": packed(SCRIPT, b"/Filter[/ASCIIHexDecode/FlateDecode]"),
    "in a stream packed once more after that": packed(SCRIPT, b"/Filter[/FlateDecode /ASCIIHexDecode]"),
    "in a stream that names two ways": packed(SCRIPT, b"/Filter/FlateDecode/Filter/LZWDecode"),
    "in a stream with its bytes apart": packed(SCRIPT, b"/Filter/FlateDecode/DecodeParms<</Predictor 12>>"),
    "in a stream that is not packed": packed(SCRIPT, b""),
    "in a stream that unfolds to gigabytes": packed(b" " * (33 * 1024**2)),
    "locked by a password": HEAD + b"trailer<</Encrypt 9 0 R>>",
    "a form with programs": HEAD + b"1 0 obj<</AcroForm<</XFA [(a) 3 0 R]>>>>",
    "a form that sends itself": HEAD + b"1 0 obj<</S/SubmitForm/F(https://elsewhere.example)>>",
    "a file inside": HEAD + b"1 0 obj<</Type/EmbeddedFile>>",
}


@pytest.mark.parametrize("how", ACTIVE)
def test_a_pdf_file_that_acts_or_hides_what_it_does_is_refused(how: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        check_file(ACTIVE[how])

    assert refused.value.code == "active_file"


def test_a_pdf_file_of_a_scanner_is_stored_as_it_is() -> None:
    scan = packed(b"1 0 <</Type/Catalog/Pages 2 0 R>>") + b"6 0 obj<</Length 8>>stream\n\x00#4a\xff/JS" + TAIL

    assert check_file(scan).content == scan


def test_many_small_streams_take_a_time_like_their_length() -> None:
    stream = packed(b"1 0 <<>>").removeprefix(HEAD).removesuffix(TAIL) + b"\nendstream endobj\n"
    file = HEAD + stream * (4 * 1024**2 // len(stream)) + b"trailer<</Root 1 0 R>>\n%%EOF\n"

    began = time.thread_time()
    check_file(file)

    # Four megabytes took nine seconds, and the fifteen that may be sent took two minutes.
    assert time.thread_time() - began < 3


def picture(form: str, *, size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture with a place, a turn and the name of a camera."""
    exif, out = Image.Exif(), BytesIO()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif.get_ifd(0x8825)[2] = (41.0, 45.0, 50.0)
    Image.new("RGB", size, "gray").save(out, form, exif=exif)
    return out.getvalue()


def with_size(png: bytes, width: int, height: int) -> bytes:
    """The PNG picture with another size in its head."""
    head = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + head + struct.pack(">I", zlib.crc32(head)) + png[33:]


FALSE_PICTURES = {
    "50,000 by 50,000 pixels": with_size(picture("PNG"), 50_000, 50_000),
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a drawing after the mark of a picture": b"\x89PNG\r\n\x1a\n<svg onload='alert(1)'/>",
    "a page after the mark of a picture": b"\xff\xd8\xff<script>alert(1)</script>",
    "an archive": b"PK\x03\x04" + bytes(100),
    "half a picture": picture("JPEG")[:-200],
}


@pytest.mark.parametrize("how", FALSE_PICTURES)
def test_a_false_picture_is_refused_in_words(how: str) -> None:
    with pytest.raises(InvalidFact):
        check_file(FALSE_PICTURES[how])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_is_added_to_a_picture_is_not_stored(form: str) -> None:
    stored = check_file(picture(form) + b"<script>alert(1)</script>PK\x03\x04").content

    assert b"script" not in stored
    assert b"PK\x03\x04" not in stored
    assert not Image.open(BytesIO(stored)).getexif()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_picture_with_broken_data_about_it_is_stored_or_refused_and_breaks_nothing() -> None:
    chance = random.Random(5)
    seeds = [picture(form) for form in ("JPEG", "PNG", "WEBP")]
    stored = 0
    for _ in range(1500):
        one = bytearray(chance.choice(seeds))
        for _ in range(chance.choice([1, 2, 3, 8])):
            one[chance.randrange(4, len(one))] = chance.choice([0, 1, 127, 128, 254, 255])
        try:
            stored += bool(check_file(bytes(one)).content)
        except InvalidFact:
            continue

    assert stored > 100


def test_a_turn_that_cannot_be_read_leaves_the_picture_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (struct.error("not an integer"), TypeError("bytes")):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("orders.services.attachments.checking.ImageOps.exif_transpose", fail)
        with Image.open(BytesIO(check_file(picture("JPEG")).content)) as shown:
            assert shown.size == (40, 30)
    monkeypatch.undo()
    with Image.open(BytesIO(check_file(picture("JPEG")).content)) as shown:
        assert shown.size == (30, 40)
