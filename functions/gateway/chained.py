"""Submitting what a result chains: invoked by the deliverer, never over HTTP. IAM says who may."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fairlane.domain.errors import Refused, problem_document
from gateway.submit import Accepted, Submit


@dataclass(frozen=True)
class SubmitChained:
    """The use case: `{"tenant", "event"}` to a status as over HTTP, and what goes with it."""

    submit: Submit

    def __call__(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Never raises for a refusal; the same event again is 200."""
        answer: Accepted | Refused
        try:
            (answer,) = self.submit(request["tenant"], [dict(request["event"])]).answers
        except Refused as refused:
            answer = refused
        if isinstance(answer, Refused):
            headers = dict(answer.headers)
            return {"status": answer.status, "body": problem_document(answer), "headers": headers}
        return {"status": 200 if answer.duplicate else 202, "body": asdict(answer), "headers": {}}
