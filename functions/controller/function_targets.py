"""Targets of functions: what may be named, and how long it may take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller import bodies
from fairlane.domain import catalog, targets
from fairlane.domain.endpoints import endpoint
from fairlane.ports import FunctionFacts, Provisioner


@dataclass(frozen=True)
class FunctionTargets:
    """Checks a function's target against the tenant's patterns, the guard of URLs and what AWS says of it."""

    provisioning: Provisioner
    home: targets.Home
    allow_private: bool

    def checked(self, wanted: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, Any]:
        """`target`, `timeout` and `per_tenant` of the function. Raises Refused (422)."""
        target = wanted["target"]
        if "http" in target:
            endpoint(target["http"]["url"], allow_private=self.allow_private, pointer="#/target/http/url")
            return _fields({"http": target["http"]}, wanted["timeout"] or catalog.DEFAULT_HTTP_TIMEOUT_S)
        if "state_machine" in target:
            raise bodies.not_available("#/target/state_machine", "a Step Functions target")
        return self._lambda(target["lambda_"], wanted["timeout"], patterns)

    def _lambda(self, name: str, timeout: float | None, patterns: Sequence[str]) -> dict[str, Any]:
        resource = targets.lambda_function(name, self.home, "#/target/lambda")
        targets.check_allowed(resource, patterns, self.home, "#/target/lambda")
        facts = self.provisioning.function(name)
        if facts is None:
            raise bodies.refused(
                "#/target/lambda",
                "is no function that Fairlane can see: check its name, and that it fits the deployment's"
                " TargetFunctionNames",
            )
        return _fields({"lambda": name}, _timeout(facts, timeout), per_tenant=facts.per_tenant)


def _fields(target: Mapping[str, Any], timeout: float, *, per_tenant: bool = False) -> dict[str, Any]:
    return {"target": target, "timeout": float(timeout), "per_tenant": per_tenant}


def _timeout(facts: FunctionFacts, wanted: float | None) -> float:
    """A Lambda runs on after its caller is gone, so a lease must cover the function's own timeout."""
    own = facts.timeout_s
    if own > catalog.LONG_TIMEOUT_S:
        limit = f"has a timeout of {own} s of its own; a synchronous function may have {catalog.LONG_TIMEOUT_S} s"
        raise bodies.refused("#/target/lambda", limit)
    if wanted is not None and wanted < own:
        remedy = f"is below the function's own timeout of {own} s: lower that one, or send {own} or more"
        raise bodies.refused("#/timeout", remedy)
    return own if wanted is None else wanted
