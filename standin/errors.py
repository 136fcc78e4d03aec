"""What can go wrong: a move that the purchase's state does not allow, and the API's errors."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class IllegalMove(ValueError):
    """The purchase, refund or dispute is not in a state from which this move is possible.

    `code` and `param` are those of the API's error, where Stripe has one for it.
    """

    def __init__(self, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class ApiError(Exception):
    """An answer of the API that is an error, in Stripe's shape.

    Source: https://docs.stripe.com/api/errors
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind

    def body(self) -> Json:
        """The JSON body: `{"error": {"type", "message", "code"?, "param"?, "doc_url"?}}`."""
        error: Json = {"message": self.message, "type": self.kind}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


def invalid(param: str, message: str, code: str | None = None) -> ApiError:
    """Stripe refuses a parameter."""
    return ApiError(400, message, code=code, param=param)


def missing(param: str) -> ApiError:
    return invalid(param, f"Missing required param: {param}.", "parameter_missing")


def resource_missing(object_type: str, object_id: str, param: str, status: int = 404) -> ApiError:
    """No object of this type has this id (404), or a parameter names none (400)."""
    message = f"No such {object_type}: '{object_id}'"
    return ApiError(status, message, code="resource_missing", param=param)


def lacking(what: str, param: str | None = None) -> ApiError:
    """Stripe has it and the stand-in does not: 501, so that nobody takes it for Stripe's answer.

    Stripe's own libraries raise an APIError with this message.
    """
    message = f"The stand-in does not know {what}. Stripe does: this refusal is not Stripe's."
    return ApiError(501, message, param=param, kind="api_error")
