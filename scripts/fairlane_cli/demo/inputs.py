"""Real files that every machine with this checkout has: Python's own, and those of the locked packages.

Found where this very Python has them, so nothing depends on paths; what a machine lacks is left out. Always in the
same order. What is done with them is not known here.
"""

import hashlib
import importlib
import importlib.metadata
import os
import re
import struct
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

_MODULE_BYTES = range(500, 100_001)
_TEXT_CHARACTERS = range(400, 60_001)
#: An event may have 256 KB, and base64 makes 4 bytes of 3.
_IMAGE_BYTES = range(200, 180_001)
_IMAGE_SIDE = range(24, 1_201)
_TOPICS_MODULE = "pydoc_data.topics"

#: Generated: tables of names, no prose.
_NO_PROSE = re.compile(r"mypy-boto3|types-|.*-stubs$")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PNG_START = struct.Struct(">8s4x4sIIBBBBB")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


Item = TypeVar("Item")


@dataclass(frozen=True)
class Document:
    title: str
    text: str


@dataclass(frozen=True)
class Module:
    path: str
    source: str


@dataclass(frozen=True)
class Image:
    name: str
    png: bytes


def modules(most: int) -> list[Module]:
    """The standard library's top-level modules, evenly spread over the alphabet."""
    files = sorted(_standard_library().glob("*.py"))
    found = (Module(file.name, source) for file in files if (source := _text_of(file)))
    return spread([module for module in found if len(module.source) in _MODULE_BYTES], most)


def documents(most: int) -> list[Document]:
    """Chapters of Python's language reference (as `help()` shows them) and READMEs of the installed packages."""
    readmes = _unique(_readmes())
    topics = [Document(f"Python: {title}", text) for title, text in sorted(_topics().items())]
    found = [document for document in [*topics, *readmes] if len(document.text) in _TEXT_CHARACTERS]
    return spread(found, most)


def images(most: int) -> list[Image]:
    """PNG files that come with Python and with the installed packages."""
    folders = [_standard_library(), Path(sysconfig.get_path("purelib"))]
    found: dict[str, Image] = {}
    for folder in folders:
        for file in _files(folder, ".png"):
            content = file.read_bytes()
            if len(content) in _IMAGE_BYTES and _is_plain_png(content):
                found.setdefault(hashlib.sha256(content).hexdigest(), Image(file.name, content))
    return spread(sorted(found.values(), key=lambda image: image.name), most)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """All of them, or `most` of them, evenly taken."""
    if len(items) <= most:
        return list(items)
    return [items[index * len(items) // most] for index in range(most)]


def _standard_library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _files(folder: Path, suffix: str) -> Iterator[Path]:
    """Of Python itself or of the installed packages: one is often a folder within the other."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted({*folders} - {"site-packages", "__pycache__"})
        yield from (Path(parent, name) for name in sorted(names) if name.endswith(suffix))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _unique(documents: Iterable[Document]) -> list[Document]:
    """Packages that come apart (stubs, plugins) often share a text."""
    return list({document.text: document for document in documents}.values())


def _topics() -> Mapping[str, str]:
    try:
        module = importlib.import_module(_TOPICS_MODULE)
    except ImportError:  # a Python without its documentation
        return {}
    topics: Mapping[str, str] = module.topics
    return topics


def _readmes() -> Iterator[Document]:
    for package in sorted(importlib.metadata.distributions(), key=lambda package: package.metadata["Name"].lower()):
        if _NO_PROSE.match(package.metadata["Name"]):
            continue
        # headers, a blank line, and the README
        readme = (package.read_text("METADATA") or "").partition("\n\n")[2]
        # with undecodable bytes it is not text that can be sent
        if readme and not _SURROGATE.search(readme):
            yield Document(f"{package.metadata['Name']}: README", readme)


def _is_plain_png(content: bytes) -> bool:
    """Of a kind that the demo's function reads: 8 bits a sample, not interlaced; and of a moderate size."""
    if len(content) < _PNG_START.size:
        return False
    signature, kind, width, height, depth, _, _, _, interlace = _PNG_START.unpack_from(content)
    is_plain = signature == _PNG_SIGNATURE and kind == b"IHDR" and (depth, interlace) == (8, 0)
    return is_plain and width in _IMAGE_SIDE and height in _IMAGE_SIDE
