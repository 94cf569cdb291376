"""template.yaml as data, for the architecture tests. CloudFormation's short tags become their long form."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]

Resource = dict[str, Any]


class _Loader(yaml.SafeLoader):
    pass


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


@cache
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return loaded


def resources(type_name: str) -> dict[str, Resource]:
    """Resources of a type by logical id, with the properties of Globals where they are functions'."""
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == type_name}


def functions() -> dict[str, Resource]:
    """Fairlane's own functions, without the samples."""
    return {name: each for name, each in resources("AWS::Serverless::Function").items() if "Condition" not in each}


def samples() -> dict[str, Resource]:
    return {name: each for name, each in resources("AWS::Serverless::Function").items() if "Condition" in each}


def environment(function: Resource) -> dict[str, Any]:
    own = function["Properties"].get("Environment", {}).get("Variables", {})
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {**shared, **own}


def target(reference: Any) -> str:
    """The logical id that a Ref or GetAtt names."""
    if "Ref" in reference:
        return str(reference["Ref"])
    return str(reference["Fn::GetAtt"]).split(".")[0]
