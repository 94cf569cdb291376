"""LocalStack 4.14.0 without Docker: the package from PyPI, in host mode, with a process for each Lambda environment.

What each setting is for, and what breaks without it: docs/deploy-localstack.md.
"""

from pathlib import Path

from fairlane_cli.stack import processes
from fairlane_cli.stack.commands import set_up
from fairlane_cli.stack.options import ROOT, Report, StateDirectory

TOOLS = ROOT / ".tools" / "localstack"


class LocalStack:
    """`Emulator` that infra/localstack/setup.sh has laid out."""

    name = "localstack"
    title = "LocalStack"
    health = "/_localstack/health"
    port_taken = "address already in use"
    #: The first start builds a cache of plugins.
    start_s = 60

    def command(self) -> list[str | Path]:
        """Runs in the foreground."""
        return [TOOLS / "venv" / "bin" / "python", "-m", "localstack.runtime.main"]

    def set_up(self, state: StateDirectory, report: Report) -> None:
        """Install it; a file system of its own for each stack, around the one copy of DynamoDB Local."""
        set_up([ROOT / "infra" / "localstack" / "setup.sh"], report)
        files = _files(state) / "var" / "lib" / "localstack"
        files.mkdir(parents=True, exist_ok=True)
        if not (files / "lib").is_symlink():
            (files / "lib").symlink_to(TOOLS / "lib")

    def environment(self, state: StateDirectory, port: int) -> dict[str, str]:
        """What it needs besides what every process of a stack gets."""
        return {
            "OVERRIDE_IN_DOCKER": "0",
            "FILESYSTEM_ROOT": str(_files(state)),
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "LOCALSTACK_HOST": f"localhost:{port}",
            "SQS_ENDPOINT_STRATEGY": "path",
            "DNS_ADDRESS": "0",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "LS_LOG": "warn",
            "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
            "LAMBDA_RUNTIME_EXECUTOR": "process",
            "LAMBDA_PROCESS_PYTHON": str(TOOLS / "functions" / "bin" / "python"),
            "LAMBDA_PROCESS_INHERIT": processes.MARK,
            "LAMBDA_RETRY_BASE_DELAY": "1",
            "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.1",
            "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "0.5",
            # its own DynamoDB Streams want a package from npm at run time
            "PROVIDER_OVERRIDE_DYNAMODB": "v2",
            "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": "v2",
        }


def _files(state: StateDirectory) -> Path:
    return state.temporary / "files"
