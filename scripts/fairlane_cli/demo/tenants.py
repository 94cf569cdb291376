"""Who the demo's tenants are: what each wants done, by which functions, and the real work that it submits.

Data and how it is made of files. Nothing is sent from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from fairlane_cli.demo import inputs
from fairlane_client import new_event
from fairlane_client.models import Event, RetrySpec

MODULES, DOCUMENTS, IMAGE_TASKS = 150, 100, 30
#: Square sides of the thumbnails: each picture is made small in each of them.
SMALL_SIDE, LARGE_SIDE = 32, 96
#: Of the documents so many are sent one at a time, as single structured events.
SINGLE_DOCUMENTS = 15
SCANS = 6

CODE_METRICS = "code.metrics"
DOCUMENT_STATISTICS = "document.statistics"
DOCUMENT_SCAN = "document.scan"
IMAGE_THUMBNAIL = "image.thumbnail"


class Mode(Enum):
    """How events are sent (CloudEvents over HTTP)."""

    BATCHED = "batched"
    STRUCTURED = "structured"
    BINARY = "binary"


@dataclass(frozen=True)
class Work:
    """Events that are sent in one way."""

    mode: Mode
    events: Sequence[Event]


@dataclass(frozen=True)
class Runs:
    """What runs a task type: a sample function by its short name."""

    sample: str
    retry: RetrySpec


@dataclass(frozen=True)
class DemoTenant:
    name: str
    #: What it does, for people.
    does: str
    functions: Mapping[str, Runs]
    work: Sequence[Work]
    #: Attempts at once. On AWS more would be quicker; here each is a process, and two cores are all there may be.
    concurrency: int
    #: How many of its tasks are meant to fail, as their input is bad.
    bad_inputs: int

    @property
    def submits(self) -> int:
        return sum(len(work.events) for work in self.work)


_ONCE: RetrySpec = {"max_attempts": 3, "non_retryable": ["SyntaxError", "PayloadError", "PngError"]}
_OFTEN: RetrySpec = {"max_attempts": 5, "base": 0.5, "cap": 2}


def demo_tenants(run: str) -> list[DemoTenant]:
    """`run` goes into every event's source: another run submits other tasks, although of the same files."""
    return [_compilers(run), _library(run), _gallery(run)]


def _compilers(run: str) -> DemoTenant:
    source = _source(run, "compilers")
    good = [
        new_event(
            CODE_METRICS,
            {"path": module.path, "source": module.source},
            source=source,
            event_id=module.path,
            subject=module.path,
        )
        for module in inputs.modules(MODULES)
    ]
    bad = [
        new_event(
            CODE_METRICS,
            {"path": f"{document.title}.txt", "source": document.text},
            source=source,
            event_id=document.title,
            subject=document.title,
        )
        for document in inputs.documents(3)
    ]
    return DemoTenant(
        name="compilers",
        does="the standard library's modules to code metrics",
        functions={CODE_METRICS: Runs("demo-code", _ONCE)},
        work=[Work(Mode.BATCHED, [*good, *bad])],
        concurrency=8,
        bad_inputs=len(bad),
    )


def _library(run: str) -> DemoTenant:
    source = _source(run, "library")
    texts = [
        new_event(
            DOCUMENT_STATISTICS,
            document.text,
            source=source,
            event_id=document.title,
            subject=document.title,
            datacontenttype="text/plain",
        )
        for document in inputs.documents(DOCUMENTS)
    ]
    empty = new_event(DOCUMENT_STATISTICS, {"title": "a blank page", "text": "\n"}, source=source, event_id="blank")
    scans = [
        new_event(DOCUMENT_SCAN, {"failures": 1 + number % 3}, source=source, event_id=f"scan {number}")
        for number in range(SCANS)
    ]
    return DemoTenant(
        name="library",
        does="documents to statistics, and a scanner that fails at first",
        functions={DOCUMENT_STATISTICS: Runs("demo-document", _ONCE), DOCUMENT_SCAN: Runs("flaky", _OFTEN)},
        work=[
            Work(Mode.BATCHED, [*scans, *texts[SINGLE_DOCUMENTS:]]),
            Work(Mode.STRUCTURED, [*texts[:SINGLE_DOCUMENTS], empty]),
        ],
        concurrency=8,
        bad_inputs=1,
    )


def _gallery(run: str) -> DemoTenant:
    source = _source(run, "gallery")
    found = inputs.images(IMAGE_TASKS // 2)

    def picture(name: str, content: bytes, side: int) -> Event:
        return new_event(
            IMAGE_THUMBNAIL,
            content,
            source=source,
            event_id=f"{name} at {side}",
            subject=name,
            datacontenttype="image/png",
            thumbnailside=side,
        )

    good = [picture(image.name, image.png, side) for side in (SMALL_SIDE, LARGE_SIDE) for image in found]
    bad = [picture(f"half of {image.name}", image.png[: len(image.png) // 2], SMALL_SIDE) for image in found[:2]]
    return DemoTenant(
        name="gallery",
        does="PNG pictures to thumbnails",
        functions={IMAGE_THUMBNAIL: Runs("demo-image", _ONCE)},
        work=[Work(Mode.BINARY, [*good, *bad])],
        concurrency=4,
        bad_inputs=len(bad),
    )


def _source(run: str, tenant: str) -> str:
    return f"/demo/{run}/{tenant}"
