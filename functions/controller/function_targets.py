"""Targets of functions: what may be named, in which mode, and how long it may take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller import bodies
from fairlane.domain import catalog, targets
from fairlane.domain.endpoints import endpoint
from fairlane.ports.control import FunctionFacts, Provisioner, StateMachines

DEFERRED, SYNC = "deferred", "sync"
INVISIBLE = "check its name, and that it fits the deployment's TargetFunctionNames"
#: AWS keeps an event for an asynchronous function between these (s).
LEAST_EVENT_AGE_S, MOST_EVENT_AGE_S = 60, 6 * 3600


@dataclass(frozen=True)
class FunctionTargets:
    """Checks a function's target against the tenant's patterns, the guard of URLs and what AWS says of it."""

    provisioning: Provisioner
    machines: StateMachines
    home: targets.Home
    allow_private: bool

    def checked(self, wanted: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, Any]:
        """`target`, `mode`, `timeout` and `per_tenant` of the function. Raises Refused (422)."""
        target, timeout = wanted["target"], wanted["timeout"]
        mode = wanted["mode"] or (DEFERRED if "state_machine" in target else SYNC)
        if mode == SYNC:
            _check_sync(wanted, timeout)
        if "http" in target:
            endpoint(target["http"]["url"], allow_private=self.allow_private, pointer="#/target/http/url")
            found = _fields({"http": target["http"]}, timeout or catalog.DEFAULT_HTTP_TIMEOUT_S)
        elif "state_machine" in target:
            found = self._state_machine(target["state_machine"], patterns)
        else:
            found = self._lambda(target["lambda_"], timeout, patterns, mode)
        if mode == DEFERRED:
            found["timeout"] = float(timeout or catalog.DEFAULT_DEFERRED_TIMEOUT_S)
        return {**found, "mode": mode}

    def _state_machine(self, arn: str, patterns: Sequence[str]) -> dict[str, Any]:
        pointer = "#/target/state_machine"
        targets.check_allowed(targets.state_machine(arn, pointer), patterns, self.home, pointer)
        kind = self.machines.kind(arn)
        if kind is None:
            raise bodies.refused(pointer, f"is no state machine that Fairlane can see: {INVISIBLE}")
        if kind != "STANDARD":
            raise bodies.refused(pointer, f"is of type {kind}; only STANDARD ones tell how their executions end")
        return _fields({"state_machine": arn}, 0)

    def _lambda(self, name: str, timeout: float | None, patterns: Sequence[str], mode: str) -> dict[str, Any]:
        resource = targets.lambda_function(name, self.home, "#/target/lambda")
        targets.check_allowed(resource, patterns, self.home, "#/target/lambda")
        facts = self.provisioning.function(name)
        if facts is None:
            raise bodies.refused("#/target/lambda", f"is no function that Fairlane can see: {INVISIBLE}")
        if mode == DEFERRED:
            self._check_asynchronous(name, timeout or catalog.DEFAULT_DEFERRED_TIMEOUT_S)
        own = 0.0 if mode == DEFERRED else _timeout(facts, timeout)
        return _fields({"lambda": name}, own, per_tenant=facts.per_tenant)

    def _check_asynchronous(self, name: str, timeout: float) -> None:
        """AWS repeats what fails, by default twice and for hours: a second run could outlive the attempt."""
        longest = max(LEAST_EVENT_AGE_S, min(MOST_EVENT_AGE_S, int(timeout)))
        config = self.provisioning.asynchronous(name, longest_event_age_s=longest)
        if config.retries or config.event_age_s > longest:
            remedy = (
                f"repeats failed asynchronous calls {config.retries} times, for {config.event_age_s} s: set"
                f" MaximumRetryAttempts to 0 and MaximumEventAgeInSeconds to {longest} or less"
                " (aws lambda put-function-event-invoke-config)"
            )
            raise bodies.refused("#/target/lambda", remedy)


def _check_sync(wanted: Mapping[str, Any], timeout: float | None) -> None:
    if "state_machine" in wanted["target"]:
        raise bodies.refused("#/mode", "must be deferred for a state machine")
    if timeout is not None and timeout > catalog.LONG_TIMEOUT_S:
        raise bodies.refused("#/timeout", f"may be {catalog.LONG_TIMEOUT_S} s where the mode is not deferred")
    if wanted["heartbeat_timeout"] is not None:
        raise bodies.refused("#/heartbeat_timeout", "is for the deferred mode")


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
