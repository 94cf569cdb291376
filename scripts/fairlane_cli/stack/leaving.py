"""Taking a stack out of an emulator that goes on: what CloudFormation made, and what the controller has made."""

from fairlane_cli.stack.place import Emulated
from fairlane_cli.stack.records import DeployedStack


def leave(place: Emulated, deployed: DeployedStack) -> None:
    """Remove the stack and the queues, mappings and rules of its tenants. May be repeated."""
    _remove_mappings(place, deployed.stack)
    _remove_rules(place, deployed.bus)
    sqs = place.sqs()
    for page in sqs.get_paginator("list_queues").paginate(QueueNamePrefix=f"{deployed.stack}-"):
        for url in page.get("QueueUrls", []):
            sqs.delete_queue(QueueUrl=url)
    formation = place.cloudformation()
    formation.delete_stack(StackName=deployed.stack)
    formation.get_waiter("stack_delete_complete").wait(
        StackName=deployed.stack, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )


def _remove_mappings(place: Emulated, stack: str) -> None:
    functions = place.functions()
    for page in functions.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            if mapping.get("EventSourceArn", "").rpartition(":")[2].startswith(f"{stack}-"):
                functions.delete_event_source_mapping(UUID=mapping["UUID"])


def _remove_rules(place: Emulated, bus: str) -> None:
    events = place.events()
    for rule in events.list_rules(EventBusName=bus)["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
        if targets:
            events.remove_targets(Rule=rule["Name"], EventBusName=bus, Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=rule["Name"], EventBusName=bus)
