"""The CloudEvents SDK and we understand each other."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

import fairlane
from fairlane.events import Event, event_json, function_event, parse_submission, payload_hash
from fairlane.events.attributes import confirm_with_sdk
from fairlane.events.problems import Problems
from tests.unit.events.sending import an_event, event_of, structured


def submitted(message: HTTPMessage) -> Event:
    return event_of(parse_submission(list(message.headers.items()), message.body))


def an_sdk_event(**attributes: Any) -> CloudEvent:
    return CloudEvent(an_event(subject='Euro € "100 %"', **attributes), {"width": 5})


def test_what_the_sdk_writes_is_one_event_in_both_modes() -> None:
    event = an_sdk_event(datacontenttype="application/json")

    in_binary = submitted(to_binary(event, JSONFormat()))
    in_structured = submitted(to_structured(event, JSONFormat()))

    assert in_binary == in_structured
    assert in_binary["subject"] == 'Euro € "100 %"'
    assert in_binary["data"] == {"width": 5}


def test_what_the_sdk_writes_without_content_type_is_json() -> None:
    event = an_sdk_event()

    in_binary = submitted(to_binary(event, JSONFormat()))
    in_structured = submitted(to_structured(event, JSONFormat()))

    assert in_binary == in_structured
    assert payload_hash(in_binary) == payload_hash(in_structured)


def test_the_sdk_reads_what_a_function_gets() -> None:
    event = function_event(
        event_of(structured(an_event(data={"width": 5}))),
        tenant="acme",
        task_id="t_abc",
        attempt=1,
        deadline="2026-11-23T20:00:00Z",
    )

    read = JSONFormat().read(CloudEvent, event_json(event))

    assert (read.get_id(), read.get_data(), read.get_extension("attempt")) == ("e-1", {"width": 5}, 1)


def test_the_sdk_does_not_add_to_the_event() -> None:
    attributes = an_event()

    confirm_with_sdk(attributes, Problems())

    assert attributes == an_event()


def test_what_the_sdk_refuses_is_a_problem_of_that_field() -> None:
    problems = Problems()

    confirm_with_sdk(an_event(subject=""), problems)

    with pytest.raises(Exception, match="#/subject must suit the CloudEvents SDK"):
        problems.raise_any()


def test_importing_events_loads_nothing_heavy() -> None:
    heavy = ["dateutil", "boto3", "email", "http", "asyncio", "logging", "pydantic", "cloudevents.core.formats"]
    code = f"import sys, json, fairlane.events; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    functions = Path(fairlane.__file__).parents[1]
    site_packages = [path for path in sys.path if path.endswith("site-packages")]

    done = subprocess.run(  # noqa: S603 -- our own interpreter, a fixed program
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {[str(functions), *site_packages]}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == []
