"""HTTP APIs from an OpenAPI body, as SAM writes them: the emulator wants routes one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import apigateway
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as HANDLERS

KIND = "AWS::ApiGatewayV2::Api"


def import_routes(api_id: str, body: Mapping[str, Any]) -> None:
    """Give the API the routes of the document, and no others."""
    apigateway._routes[api_id] = {}
    apigateway._integrations[api_id] = {}
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            import_route(api_id, f"{method.upper()} {path}", operation)


def import_route(api_id: str, route_key: str, operation: Mapping[str, Any]) -> None:
    """One operation of the document."""
    integration = operation["x-amazon-apigateway-integration"]
    made = apigateway._create_integration(
        api_id,
        {
            "integrationType": integration["type"].upper(),
            "integrationUri": integration["uri"],
            "payloadFormatVersion": integration["payloadFormatVersion"],
        },
    )
    is_signed = {"AWS_IAM": []} in operation.get("security", [])
    apigateway._create_route(
        api_id,
        {
            "routeKey": route_key,
            "target": f"integrations/{json.loads(made[2])['integrationId']}",
            "authorizationType": "AWS_IAM" if is_signed else "NONE",
        },
    )


def register() -> None:
    """Stacks may have HTTP APIs with a body."""
    known = dict(HANDLERS[KIND])

    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        made = known["create"](logical_id, properties, stack)
        import_routes(made[0], properties["Body"])
        return made

    def update(
        api_id: str, old: Any, new: Mapping[str, Any], stack: str, logical_id: str | None = None
    ) -> Any:
        made = known["update"](api_id, old, new, stack, logical_id)
        import_routes(made[0], new["Body"])
        return made

    HANDLERS[KIND] |= {"create": create, "update": update}
