"""The local stack's three verbs: up, down, status."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from fairlane_cli.stack import build, deploy, emulator, leaving, place
from fairlane_cli.stack.commands import set_up_tools
from fairlane_cli.stack.errors import StackError
from fairlane_cli.stack.options import Report, StackOptions, StateDirectory
from fairlane_cli.stack.records import DeployedStack, EmulatorRecord, json_object


@dataclass(frozen=True)
class StackStatus:
    """What there is of a local stack. `problem` is empty when all is well."""

    emulator: EmulatorRecord | None
    deployed: DeployedStack | None
    #: The sources are not those that were deployed: `up` would deploy again.
    outdated: bool
    problem: str

    @property
    def healthy(self) -> bool:
        return self.deployed is not None and not self.problem


def up(options: StackOptions, report: Report) -> DeployedStack:
    """Bring the stack up as the sources say, doing only what is left to do. Raises StackError.

    What it started itself is stopped again when it fails or is interrupted; a stack that was up stays up.
    """
    with options.state.locked(report):
        set_up_tools(report)
        running, deployed = _running(options.state)
        if running and running.place != options.on:
            raise StackError(f"It is up on {running.place}.", remedy="fairlane down stops that; then repeat this.")
        if running and deployed and options.port not in {None, running.port}:
            report(f"it is up on port {running.port}, and stays there")
        if running and deployed:
            return _bring_up_to_date(options, running, deployed, report)
        return _create(options, report)


def deploy_beside(options: StackOptions, report: Report) -> DeployedStack:
    """Another stack (`options.stack`) onto the emulator that is up. Not remembered: it goes with the emulator."""
    with options.state.locked(report):
        running = emulator.find(options.state)
        if running is None:
            raise StackError("The emulator is not running.")
        return _deployed(options, running, admin_key=None, report=report)


def down(options: StackOptions, report: Report) -> bool:
    """Stop the stack and forget it; logs stay. Tells whether anything ran. Safe to repeat."""
    if not options.state.path.exists():
        return False
    with options.state.locked(report):
        running, deployed = _running(options.state)
        if running and deployed and running.runs_as == "elsewhere":
            report(f"the {emulator.KINDS[running.place].title} on port {running.port} goes on; the stack leaves it")
            leaving.leave(place.local(emulator.endpoint_url(running)), deployed)
        options.state.stack_file.unlink(missing_ok=True)
        return emulator.stop(options.state) or bool(running)


def status(options: StackOptions) -> StackStatus:
    """Looks and changes nothing."""
    running, deployed = _running(options.state)
    if not running:
        return StackStatus(None, None, outdated=False, problem="the emulator is not running")
    if not deployed:
        return StackStatus(running, None, outdated=False, problem="nothing is deployed")
    wrong = deploy.health(deployed.api_url)
    outdated = deployed.fingerprint != _fingerprint(_parameters(options))
    return StackStatus(running, deployed, outdated=outdated, problem=wrong and f"the API does not answer: {wrong}")


def _running(state: StateDirectory) -> tuple[EmulatorRecord | None, DeployedStack | None]:
    """The living emulator, and what was deployed to that very one."""
    running = emulator.find(state)
    deployed = DeployedStack.read(state.stack_file)
    if running and deployed and deployed.emulator == {"pid": running.pid, "port": running.port}:
        return running, deployed
    return running, None


def _create(options: StackOptions, report: Report) -> DeployedStack:
    """From nothing: an emulator without a finished deploy has nothing worth keeping."""
    state = options.state
    state.stack_file.unlink(missing_ok=True)
    try:
        running = emulator.start(options, report)
        return _deploy(options, running, admin_key=None, report=report)
    except BaseException:
        emulator.stop(state)
        raise


def _bring_up_to_date(
    options: StackOptions, running: EmulatorRecord, deployed: DeployedStack, report: Report
) -> DeployedStack:
    if not emulator.answers(running):
        report("the emulator does not answer: starting again from nothing")
        return _create(options, report)
    if deployed.fingerprint == _fingerprint(_parameters(options)):
        report(f"already up on port {running.port}, unchanged")
        deploy.wait_until_healthy(deployed.api_url, options.state.log(options.on))
        return deployed
    report(f"already up on port {running.port}; the sources have changed")
    return _deploy(options, running, admin_key=deployed.admin_key, report=report)


def _deploy(options: StackOptions, running: EmulatorRecord, *, admin_key: str | None, report: Report) -> DeployedStack:
    deployed = _deployed(options, running, admin_key=admin_key, report=report)
    deployed.write(options.state.stack_file)
    report(f"healthy at {deployed.api_url}")
    return deployed


def _deployed(
    options: StackOptions, running: EmulatorRecord, *, admin_key: str | None, report: Report
) -> DeployedStack:
    state, parameters = options.state, _parameters(options)
    there = place.local(emulator.endpoint_url(running))
    fingerprint = _fingerprint(parameters)
    built = build.build(report, state.log("sam-build"))
    report(f"sam deploy of stack '{options.stack}'")
    started = time.monotonic()
    outputs = deploy.deploy(there, options.stack, built=built, parameters=parameters, state=state)
    report(f"deployed in {time.monotonic() - started:.1f} s")
    api_url = there.api_url(outputs["ApiId"])
    deployed = DeployedStack(
        api_url=api_url,
        admin_key=admin_key or deploy.create_admin_key(there, outputs["ControllerFunction"], "fairlane up"),
        aws_endpoint_url=there.endpoint_url,
        region=there.region,
        stack=options.stack,
        functions=_sample_functions(outputs),
        bus=outputs["ResultsBus"],
        emulator={"pid": running.pid, "port": running.port},
        outputs=outputs,
        fingerprint=fingerprint,
    )
    deploy.wait_until_healthy(api_url, state.log(options.on))
    return deployed


def _parameters(options: StackOptions) -> Mapping[str, str]:
    """The fingerprint covers them, so they must not depend on the port."""
    return {**place.local("").parameters, **options.parameters}


def _fingerprint(parameters: Mapping[str, str]) -> str:
    text = json.dumps([build.fingerprint(), sorted(parameters.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sample_functions(outputs: Mapping[str, str]) -> Mapping[str, str]:
    return {name: str(function) for name, function in json_object(outputs.get("SampleFunctions", "{}")).items()}
