"""JSON that comes from files, options and standard input, with errors that say where it is wrong."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairlane_cli.failures import CliError
from fairlane_client.call import json_body

STDIN = "-"


def json_value(text: str, what: str) -> Any:
    """The value of JSON that can be sent: UTF-8, and no NaN. Raises CliError that says where it is none."""
    try:
        value = json.loads(text)
        json_body(value)
    except (ValueError, RecursionError) as error:
        raise CliError(f"{what} is not JSON: {error}.") from error
    return value


def json_object(text: str, what: str) -> dict[str, Any]:
    value = json_value(text, what)
    if not isinstance(value, dict):
        raise CliError(f"{what} must be a JSON object, {{...}}.")
    return value


def read_text(file: Path) -> str:
    """A file's text; standard input's for `-`. Raises CliError."""
    try:
        return sys.stdin.read() if str(file) == STDIN else file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CliError(f"{file} is not UTF-8 text: {error}.") from error
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from error


def read_object(file: Path) -> dict[str, Any]:
    return json_object(read_text(file), "Standard input" if str(file) == STDIN else str(file))


def given(**fields: object) -> dict[str, Any]:
    """The fields that were given: options left out are None or empty."""
    return {name: value for name, value in fields.items() if value not in (None, [], {})}


def merged(file: Path | None, fields: Mapping[str, object]) -> dict[str, Any]:
    """The document of `--file`, with what other options say put over it."""
    return {**(read_object(file) if file else {}), **fields}
