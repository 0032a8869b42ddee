"""Refusals in the shapes that Intune and Entra were seen to give them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

Shape = Literal["plain", "nested", "deep"]

NO_OPERATION = "00000000-0000-0000-0000-000000000000"


class GraphError(Exception):
    """A request the service refuses. `plain` is Entra's form, `nested` Intune's JSON in a string, `deep` one level more."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        shape: Shape = "nested",
        phrase: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.shape = shape
        self.phrase = phrase
        self.headers = dict(headers or {})

    def body(self, *, url: str, activity: str, client: str, now: datetime) -> bytes:
        """The answer's body; `url` is the internal address that Intune tells with the nested forms."""
        message = self.message
        if self.shape != "plain":
            message = _intune_message(message, url, activity, self.phrase)
        if self.shape == "deep":
            message = json.dumps(
                {
                    "ErrorCode": self.code,
                    "Message": message,
                    "Target": None,
                    "Details": None,
                    "InnerError": None,
                    "InstanceAnnotations": [],
                }
            )
        inner = {"date": f"{now:%Y-%m-%dT%H:%M:%S}", "request-id": activity, "client-request-id": client}
        return json.dumps({"error": {"code": self.code, "message": message, "innerError": inner}}).encode()


def _intune_message(message: str, url: str, activity: str, phrase: str) -> str:
    """Form 2: the sentence, support ids and the internal URL, as JSON text with Windows line ends."""
    sentence = (
        f"{message} - Operation ID (for customer support): {NO_OPERATION}"
        f" - Activity ID: {activity} - Url: {url}" + (f" - CustomApiErrorPhrase: {phrase}" if phrase else "")
    )
    return (
        '{\r\n  "_version": 3,\r\n  "Message": '
        f"{json.dumps(sentence)}"
        f',\r\n  "CustomApiErrorPhrase": {json.dumps(phrase)}'
        ',\r\n  "RetryAfter": null,\r\n  "ErrorSourceService": "",\r\n  "HttpHeaders": "{}"\r\n}'
    )


def bad_request(message: str = "An error has occurred") -> GraphError:
    """400 in Intune's form."""
    return GraphError(400, "BadRequest", message)


def segment_not_found(segment: str) -> GraphError:
    """400, and not 404: a path this version, tenant or cloud does not have."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.", shape="plain")


def not_found() -> GraphError:
    """404 of an Intune object that is gone."""
    return GraphError(404, "ResourceNotFound", "An error has occurred")


def directory_object_gone(object_id: str) -> GraphError:
    """404 of a directory object that is gone: the sign of an orphaned assignment."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
        shape="plain",
    )


def missing_scope(permission: str, *, write: bool) -> GraphError:
    """403 that names the scopes of which one is needed."""
    scopes = [f"{permission}.ReadWrite.All"] if write else [f"{permission}.Read.All", f"{permission}.ReadWrite.All"]
    return GraphError(
        403,
        "Forbidden",
        "Application is not authorized to perform this operation. Application must have one of the following "
        f"scopes: {', '.join(scopes)}",
        shape="deep",
    )
