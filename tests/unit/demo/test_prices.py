import pytest

from fairlane_cli.demo.prices import CHUNK_BYTES, Billed, bill, billed_chunks, total_usd


def test_a_bill_is_for_a_million_tasks_like_those_counted() -> None:
    lines = bill({Billed.SQS_REQUEST: 60, Billed.API_REQUEST: 1}, tasks=100)
    assert [(line.what, line.per_task) for line in lines] == [(Billed.API_REQUEST, 0.01), (Billed.SQS_REQUEST, 0.6)]
    assert [line.usd for line in lines] == pytest.approx([0.035, 0.24])
    assert total_usd(lines) == pytest.approx(0.275)


def test_what_was_not_used_does_not_stand_on_the_bill() -> None:
    assert bill({Billed.SQS_REQUEST: 0}, tasks=1) == []


def test_the_floor_of_the_design_comes_out_for_what_it_counts() -> None:
    # DESIGN.md 9, batched: without Lambda's GB-seconds
    per_task = {
        Billed.API_REQUEST: 0.01,
        Billed.LAMBDA_REQUEST: 0.21,
        Billed.SQS_REQUEST: 0.6,
        Billed.DYNAMODB_WRITE_UNIT: 4,
        Billed.EVENTBRIDGE_EVENT: 1,
    }
    assert total_usd(bill(per_task, tasks=1)) == pytest.approx(3.817)


@pytest.mark.parametrize(("size", "chunks"), [(0, 1), (1, 1), (CHUNK_BYTES, 1), (CHUNK_BYTES + 1, 2), (1_000_000, 16)])
def test_each_64_kb_of_a_request_is_charged_as_one(size: int, chunks: int) -> None:
    assert billed_chunks(size) == chunks
