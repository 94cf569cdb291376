"""What the demo finds on this machine, and what its tenants make of it."""

import json
from urllib.parse import unquote

import pytest

from fairlane_cli.demo import inputs
from fairlane_cli.demo.submission import _binary_headers
from fairlane_cli.demo.tenants import DemoTenant, Mode, demo_tenants
from fairlane_client import new_event
from fairlane_client.models import Event
from png_reader import read_png

#: A tenant's events may have 256 KB (catalog.DEFAULT_PAYLOAD_BYTES).
PAYLOAD_BYTES = 256 * 1024


@pytest.fixture(scope="module")
def tenants() -> list[DemoTenant]:
    return demo_tenants("now")


def events_of(tenant: DemoTenant) -> list[Event]:
    return [event for work in tenant.work for event in work.events]


def test_this_machine_has_enough_real_files() -> None:
    assert len(inputs.modules(150)) > 100
    assert len(inputs.documents(100)) > 60
    assert len(inputs.images(15)) >= 5


def test_the_same_files_are_found_every_time() -> None:
    assert inputs.documents(20) == inputs.documents(20)
    assert inputs.modules(20) == inputs.modules(20)


def test_every_image_is_of_a_kind_that_the_function_reads() -> None:
    for image in inputs.images(100):
        picture = read_png(image.png)
        assert len(list(picture.rows())) == picture.header.height


@pytest.mark.parametrize(("most", "taken"), [(5, [0, 2, 4, 6, 8]), (10, list(range(10))), (99, list(range(10)))])
def test_some_of_many_are_taken_evenly(most: int, taken: list[int]) -> None:
    assert inputs.spread(range(10), most) == taken


def test_each_event_of_a_tenant_is_a_task_of_its_own(tenants: list[DemoTenant]) -> None:
    for tenant in tenants:
        ids = {(event["source"], event["id"]) for event in events_of(tenant)}
        assert len(ids) == tenant.submits


def test_another_run_submits_other_tasks(tenants: list[DemoTenant]) -> None:
    again = {event["source"] for tenant in demo_tenants("later") for event in events_of(tenant)}
    assert not again & {event["source"] for tenant in tenants for event in events_of(tenant)}


def test_each_tenant_has_a_function_for_each_type_that_it_submits(tenants: list[DemoTenant]) -> None:
    for tenant in tenants:
        assert {event["type"] for event in events_of(tenant)} == set(tenant.functions)


def test_no_event_is_too_large(tenants: list[DemoTenant]) -> None:
    sizes = [len(json.dumps(event)) for tenant in tenants for event in events_of(tenant)]
    assert max(sizes) < PAYLOAD_BYTES


def test_all_three_content_modes_are_used(tenants: list[DemoTenant]) -> None:
    assert {work.mode for tenant in tenants for work in tenant.work} == set(Mode)


def test_attributes_of_a_binary_event_become_headers_that_decode_to_them() -> None:
    event = new_event(
        "t", b"\x89PNG", source="/a b", event_id='é "100%"', datacontenttype="image/png", thumbnailside=32
    )
    headers = _binary_headers(event)
    assert headers.pop("Content-Type") == "image/png"
    decoded = {name: unquote(value) for name, value in headers.items()}
    assert decoded == {
        "ce-specversion": "1.0",
        "ce-id": 'é "100%"',
        "ce-source": "/a b",
        "ce-type": "t",
        "ce-thumbnailside": "32",
    }
    assert all(value.isascii() and '"' not in value for value in headers.values())
