"""Deploying a build with `sam deploy` and asking the new stack what a client needs to know."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from botocore.exceptions import ClientError

from fairlane_cli.stack import processes
from fairlane_cli.stack.commands import run_logged
from fairlane_cli.stack.errors import StackError
from fairlane_cli.stack.options import ROOT, StateDirectory
from fairlane_cli.stack.place import Emulated
from fairlane_cli.stack.records import json_object

HEALTHY_S = 30


def deploy(
    place: Emulated, stack: str, *, built: Path, parameters: Mapping[str, str], state: StateDirectory
) -> Mapping[str, str]:
    """Create or update the stack; its outputs. Nothing happens where nothing has changed."""
    bucket = f"{stack}-artifacts"
    place.s3().create_bucket(Bucket=bucket)
    overrides = [f"ParameterKey={name},ParameterValue={value}" for name, value in sorted(parameters.items())]
    command: list[str | Path] = [ROOT / ".tools" / "sam" / "bin" / "sam", "deploy"]
    command += ["--template-file", built / "template.yaml", "--stack-name", stack]
    command += ["--no-resolve-s3", "--s3-bucket", bucket, "--capabilities", "CAPABILITY_IAM"]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
    command += ["--parameter-overrides", *overrides]
    run_logged(
        command,
        log=state.log("sam-deploy"),
        failure=f"sam deploy of stack '{stack}' failed.",
        # marked, so that one that outlives an interrupted `up` is ended with the emulator
        environment={**place.environment(), **processes.mark(state.path), "SAM_CLI_POLL_DELAY": "0.2"},
    )
    return outputs(place, stack)


def outputs(place: Emulated, stack: str) -> Mapping[str, str]:
    described = place.cloudformation().describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def create_admin_key(place: Emulated, controller: str, label: str) -> str:
    """A key of the platform's. Needs the right to invoke the controller, which is how the first key comes to be."""
    request = json.dumps({"fairlane": "admin-key", "label": label})
    try:
        answer = place.functions().invoke(FunctionName=controller, Payload=request)
    except ClientError as error:
        raise StackError(f"The controller could not be called for the first key: {error}") from error
    payload = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        raise StackError(f"The controller failed to make the first key: {payload}")
    try:
        return str(json_object(payload)["key"])
    except (ValueError, KeyError) as error:
        raise StackError(f"The controller answered no key: {payload}") from error


def health(api_url: str) -> str:
    """Empty when the API answers that it is well, else what is wrong."""
    try:
        response = httpx.get(f"{api_url}/v1/health", timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    return "" if response.status_code == httpx.codes.OK else f"{response.status_code} {response.text[:300]}"


def wait_until_healthy(api_url: str, log: Path) -> None:
    deadline = time.monotonic() + HEALTHY_S
    while wrong := health(api_url):
        if time.monotonic() > deadline:
            raise StackError(f"The API at {api_url} does not become healthy: {wrong}", log=log)
        time.sleep(0.2)
