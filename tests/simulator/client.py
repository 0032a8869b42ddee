"""A small HTTP client for the tests: one kept connection, bytes in and out, nothing retried."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def innermost(self) -> str:
        """The sentence at the bottom of the nested error forms."""
        message = self.error["message"]
        while message.startswith("{"):
            message = json.loads(message)["Message"]
        return message.partition(" - Operation ID (for customer support):")[0]


class Client:
    """Talks to one simulator."""

    def __init__(self, base_url: str, token: str | None = "simulator") -> None:
        self.base_url = base_url
        self.token = token
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}
        sent |= headers or {}
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self._connection.request(method, path.removeprefix(self.base_url), content, sent)
            answer = self._connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def get(self, path: str, **headers: str) -> Reply:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        return self.request("POST", path, body, headers)

    def delete(self, path: str) -> Reply:
        return self.request("DELETE", path)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control request that must succeed."""
        reply = self.request(method, f"/_simulator/{path}", body)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json

    def pages(self, path: str) -> list[Reply]:
        """All pages of a list."""
        replies = [self.get(path)]
        while link := replies[-1].json.get("@odata.nextLink"):
            assert link.startswith(self.base_url + "/")
            replies.append(self.get(link))
        return replies

    def entries(self, path: str) -> list[dict[str, Any]]:
        """All entries of a list."""
        return [entry for reply in self.pages(path) for entry in reply.json["value"]]

    def close(self) -> None:
        self._connection.close()
