"""Entry of the controller: API Gateway's proxy events, and operations by direct invocation.

`{"fairlane": "admin-key", "label": "..."}` makes a platform key, `{"fairlane": "converge"}` is the
schedule's. IAM says who may invoke the function; API Gateway cannot produce such an event.
"""

from typing import Any

from controller import bootstrap


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request or run one operation."""
    controller = bootstrap.controller()
    if "httpMethod" in event:
        return controller.service(event)
    operation = controller.operations.get(str(event.get("fairlane")))
    if operation is None:
        raise ValueError(f'send {{"fairlane": NAME}} with a NAME of {sorted(controller.operations)}')
    return operation(event)
