"""The OpenAPI document that SAM makes for API Gateway; the emulator reads only its routes."""

from __future__ import annotations

import re
from typing import Any

from tests.unit.template.templates import functions, resources, translated


def document() -> dict[str, Any]:
    found: dict[str, Any] = resources(translated(), "AWS::ApiGatewayV2::Api")["HttpApi"]["Body"]
    return found


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def function_of(operation: dict[str, Any]) -> str:
    """The function, or its alias, that takes the requests of a route."""
    uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    (name,) = re.findall(r"functions/\${(\w+)(?:\.Arn)?}/invocations$", uri)
    return str(name)


def test_what_varies_in_a_path_is_declared() -> None:
    declared = {
        route: [
            each["name"]
            for each in operation.get("parameters", [])
            if (each["in"], each["required"]) == ("path", True)
        ]
        for route, operation in operations().items()
    }
    assert declared == {route: re.findall("{(.*?)}", route) for route in operations()}


def test_a_route_hands_the_request_on_as_it_came() -> None:
    integrations = [each["x-amazon-apigateway-integration"] for each in operations().values()]
    assert {
        (each["type"], each["httpMethod"], each["payloadFormatVersion"]) for each in integrations
    } == {("aws_proxy", "POST", "2.0")}


def test_deliveries_go_to_the_alias_and_the_rest_to_the_reports() -> None:
    assert {route: function_of(operation) for route, operation in operations().items()} == {
        "POST /stripe/webhook": "WebhookFunctionAliaslive",
        "GET /reports": "ReportsFunction",
        "GET /reports/{name}": "ReportsFunction",
    }
    assert "ReportsFunction" in functions()


def test_the_api_may_invoke_the_function_of_each_route_and_of_no_other() -> None:
    allowed = {
        (each["FunctionName"]["Ref"], each["SourceArn"]["Fn::Sub"][0].split("${__Stage__}/")[1])
        for each in resources(translated(), "AWS::Lambda::Permission").values()
        if each["Principal"] == "apigateway.amazonaws.com"
    }
    assert allowed == {
        (function_of(operation), re.sub("{.*?}", "*", route.replace(" ", "")))
        for route, operation in operations().items()
    }


def test_every_scheme_that_a_route_asks_for_is_declared() -> None:
    asked = {
        name
        for operation in operations().values()
        for scheme in operation.get("security", [])
        for name in scheme
    }
    schemes = document()["components"]["securitySchemes"]
    assert {name: schemes[name]["x-amazon-apigateway-authtype"] for name in asked} == {
        "AWS_IAM": "awsSigv4"
    }
