"""Whether what was promised was kept: looked up when all results are there."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlane_cli.demo.ledger import FAILED, Account, Ledger
from fairlane_cli.demo.onboarding import Onboarded
from fairlane_cli.demo.results import queue_depth
from fairlane_cli.stack import DeployedStack
from fairlane_client import Client

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_SENT_AGAIN = 20
_DEAD_ENDS = ("DeadLettersQueueUrl", "UndeliveredQueueUrl")


@dataclass(frozen=True)
class Check:
    """`what` was promised; `found` is empty when it was kept, else what was found instead."""

    what: str
    found: str = ""

    @property
    def kept(self) -> bool:
        return not self.found


def check_all(
    onboarded: Sequence[Onboarded], ledger: Ledger, *, stack: DeployedStack, sqs: "SQSClient"
) -> Iterator[Check]:
    accounts = ledger.accounts()
    yield _every_result(accounts)
    yield _only_bad_input_failed(onboarded, ledger)
    yield _api_agrees(onboarded, ledger, stack)
    yield _sent_again(onboarded, ledger, stack)
    yield _no_dead_ends(stack, sqs)


def _every_result(accounts: Sequence[Account]) -> Check:
    tasks = sum(len(account.accepted) for account in accounts)
    duplicates = sum(account.duplicates for account in accounts)
    again = f"{duplicates} of them came twice, with the same id" if duplicates else "none came twice"
    wrong = [f"{event_id} was refused: {why}" for account in accounts for event_id, why in account.refused.items()]
    wrong += [violation for account in accounts for violation in account.violations]
    return Check(f"each of {tasks} tasks has its result event; {again}", "; ".join(wrong[:3]))


def _only_bad_input_failed(onboarded: Sequence[Onboarded], ledger: Ledger) -> Check:
    wrong = []
    for one in onboarded:
        ended = ledger.of(one.tenant.name).ended
        others = ended.total() - ended["succeeded"] - ended[FAILED]
        if ended[FAILED] != one.tenant.bad_inputs or others:
            wrong.append(f"{one.tenant.name}: {dict(ended)}, bad inputs {one.tenant.bad_inputs}")
    bad = sum(one.tenant.bad_inputs for one in onboarded)
    return Check(f"all succeeded but {bad}, whose input is bad", "; ".join(wrong))


def _api_agrees(onboarded: Sequence[Onboarded], ledger: Ledger, stack: DeployedStack) -> Check:
    wrong = []
    for one in onboarded:
        account = ledger.of(one.tenant.name)
        with Client(stack.api_url, one.key) as client:
            listed = [task for task in client.list_tasks() if task["id"] in account.accepted]
        told = Counter(task["status"] for task in listed)
        if told != account.ended:
            wrong.append(f"{one.tenant.name}: the API lists {dict(told)}, results told {dict(account.ended)}")
    return Check("the API lists the same ends as the result events told", "; ".join(wrong))


def _sent_again(onboarded: Sequence[Onboarded], ledger: Ledger, stack: DeployedStack) -> Check:
    first = onboarded[0]
    events = first.tenant.work[0].events[:_SENT_AGAIN]
    with Client(stack.api_url, first.key) as client:
        answers = client.submit_batch(events)
    accepted = ledger.of(first.tenant.name).accepted
    known = sum("error" not in answer and answer["duplicate"] and answer["id"] in accepted for answer in answers)
    found = "" if known == len(events) else f"{known} were"
    return Check(f"{len(events)} events sent again were all known, and ran no second time", found)


def _no_dead_ends(stack: DeployedStack, sqs: "SQSClient") -> Check:
    depths = {name: queue_depth(sqs, stack.outputs[name]) for name in _DEAD_ENDS}
    wrong = [f"{name}: {depth.queued}" for name, depth in depths.items() if depth.queued]
    return Check("nothing was undeliverable, nothing was left over", "; ".join(wrong))
