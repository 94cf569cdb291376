"""The functions of the demo's tenants: code to metrics, documents to statistics, images to thumbnails.

Here: what they take and give. How it is computed: module_metrics, readability, thumbnail. Standard library only,
so that one package runs on arm64, on x86 and in an emulator.
"""

import binascii
from base64 import b64decode, b64encode
from typing import Any

from contract import Event, PayloadError, data_of, log_call, number_of, text_of
from module_metrics import module_metrics
from readability import readability
from thumbnail import make_thumbnail

MOST_CHARACTERS = 1_000_000
MOST_IMAGE_CHARACTERS = 4_000_000
NAME_CHARACTERS = 1_024

SMALLEST_SIDE, DEFAULT_SIDE, LARGEST_SIDE = 8, 96, 256

Result = dict[str, Any]


def code_metrics(event: Event, _context: object) -> Result:
    """Data: `{"path", "source"}`, a Python module. Raises SyntaxError where it is none."""
    log_call("demo.code_metrics", event)
    data = data_of(event)
    path = text_of(data, "path", at_most=NAME_CHARACTERS)
    source = text_of(data, "source", at_most=MOST_CHARACTERS)
    return {"path": path, **module_metrics(source)}


def document_statistics(event: Event, _context: object) -> Result:
    """Data: `{"title", "text"}`; or the text itself (`text/plain`), with the title as the event's subject."""
    log_call("demo.document_statistics", event)
    data = {"text": event["data"]} if isinstance(event.get("data"), str) else data_of(event)
    title = text_of({"title": event.get("subject", ""), **data}, "title", at_most=NAME_CHARACTERS)
    text = text_of(data, "text", at_most=MOST_CHARACTERS)
    statistics = readability(text)
    if statistics is None:
        raise PayloadError("data.text has no words")
    return {"title": title, **statistics}


def image_thumbnail(event: Event, _context: object) -> Result:
    """Data: `{"name", "png_base64", "side"}`; `side` is that of the square into which the thumbnail fits.

    Or the PNG itself (`image/png`), the name as the event's subject, the side as its extension `thumbnailside`.
    """
    log_call("demo.image_thumbnail", event)
    data = _image_event(event) if "data_base64" in event else data_of(event)
    name = text_of(data, "name", at_most=NAME_CHARACTERS, default="")
    side = int(number_of(data, "side", at_most=LARGEST_SIDE, default=DEFAULT_SIDE))
    if side < SMALLEST_SIDE:
        raise PayloadError(f"data.side must be at least {SMALLEST_SIDE}, not {side}")
    encoded = text_of(data, "png_base64", at_most=MOST_IMAGE_CHARACTERS)
    try:
        png = b64decode(encoded, validate=True)
    except binascii.Error as undecodable:
        raise PayloadError(f"data.png_base64 is not base64: {undecodable}") from undecodable
    made = make_thumbnail(png, side)
    return {
        "name": name,
        "width": made.source_width,
        "height": made.source_height,
        "thumbnail": {
            "width": made.width,
            "height": made.height,
            "png_base64": b64encode(made.png).decode("ascii"),
        },
        "dominant_colours": [{"colour": colour, "share": share} for colour, share in made.dominant_colours],
    }


def _image_event(event: Event) -> Result:
    side = event.get("thumbnailside", DEFAULT_SIDE)
    # In binary mode every attribute is text.
    side = int(side) if isinstance(side, str) and side.isdecimal() else side
    return {"name": event.get("subject", ""), "side": side, "png_base64": event["data_base64"]}
