from dataclasses import replace
from typing import Any

from fairlane.domain.attention import Kind
from fairlane.domain.operation import Action, Filter, Operation, State
from fairlane.domain.task import Status
from tests.contract.places import Tables
from tests.unit.domain.building import NOW, after


def an_operation(tables: Tables, **changes: Any) -> Operation:
    fields: dict[str, Any] = {
        "tenant": tables.tenant(),
        "id": "op_abcdefghijklmnopqrstuvwx23",
        "action": Action.CANCEL,
        "filter": Filter(created_before=NOW, created_after=after(-5), status=Status.QUEUED, type="t", source="/ü"),
        "created_at": NOW,
    }
    return Operation(**fields | changes)


def test_an_operation_is_put_once_and_read_as_it_was_put(tables: Tables) -> None:
    operation = tables.operations.create(an_operation(tables))
    plain = tables.operations.create(an_operation(tables, action=Action.REDO, filter=Filter(created_before=NOW)))

    again = tables.operations.create(replace(operation, action=Action.REDO))

    assert again == operation
    assert tables.operations.get(operation.tenant, operation.id) == operation
    assert tables.operations.get(plain.tenant, plain.id) == plain
    assert tables.operations.get(tables.tenant(), operation.id) is None


def test_progress_is_saved_as_the_next_version(tables: Tables) -> None:
    operation = tables.operations.create(an_operation(tables))
    further = replace(operation, matched=3, done=2, failed=1, cursor="c", troubles=4, error="e")

    assert tables.operations.save(further, again_at=after(60))
    assert tables.operations.get(operation.tenant, operation.id) == replace(further, version=2)


def test_only_one_of_two_that_run_it_goes_on(tables: Tables) -> None:
    operation = tables.operations.create(an_operation(tables))
    tables.operations.save(replace(operation, matched=3), again_at=after(60))

    assert not tables.operations.save(replace(operation, matched=4), again_at=after(60))
    assert not tables.operations.save(an_operation(tables), again_at=after(60))
    found = tables.operations.get(operation.tenant, operation.id)
    assert found is not None
    assert found.matched == 3


def test_it_is_noted_while_it_runs(tables: Tables) -> None:
    operation = tables.operations.create(an_operation(tables))

    def noted() -> list[Any]:
        entries = tables.attention.noted(Kind.OPERATION, until=after(1e9))
        return [one.attention.at for one in entries if one.tenant == operation.tenant]

    assert noted() == [NOW]
    tables.operations.save(operation, again_at=after(60))
    assert noted() == [after(60)]
    ended = replace(operation, version=2, state=State.DONE, ended_at=after(9))
    tables.operations.save(ended, again_at=after(60))
    assert noted() == []
    assert tables.operations.get(operation.tenant, operation.id) == replace(ended, version=3)
