"""What is remembered in the state directory: the deployed stack (local.json) and the emulator's process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class _Record:
    def write(self, path: Path) -> None:
        """Replace the file at once, so that a reader never sees half of it. Readable by its owner only: it has keys."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The record, or None where there is none that this version understands."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


@dataclass(frozen=True)
class EmulatorRecord(_Record):
    """A process, identified also by its birth: the system reuses process ids. Both are 0 where it is none of ours."""

    pid: int
    born_at: float
    port: int
    #: Which emulator: `ministack` or `localstack`.
    place: str = "ministack"
    #: `process`, `container` (ours to stop, too), or `elsewhere`: it ran before, and goes on afterwards.
    runs_as: str = "process"


@dataclass(frozen=True)
class DeployedStack(_Record):
    """How to reach a deployed stack. `api_url` + `/v1/health` answers without a key."""

    api_url: str
    admin_key: str
    aws_endpoint_url: str
    region: str
    stack: str
    #: The sample functions by their short names: what to register as `{"target": {"lambda": NAME}}`.
    functions: Mapping[str, str]
    #: Name of the EventBridge bus with the result events.
    bus: str
    #: `pid` and `port` of the emulator that it lives in.
    emulator: Mapping[str, int]
    #: All outputs of the template.
    outputs: Mapping[str, str]
    #: What was deployed: changes with the sources, the dependencies and the parameters.
    fingerprint: str

    def environment(self) -> Mapping[str, str]:
        """What boto3 and the AWS command line need to reach the same place."""
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }


def json_object(text: str) -> Mapping[str, Any]:
    """`text` as a JSON object. Raises ValueError."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text has the wrong value
    return value
