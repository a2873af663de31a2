"""One request to an ASGI application, message by message."""

import asyncio
import json
from typing import Any

from tests.serving import (
    PATIENCE_S,
)


def http_scope(method: str = "POST", path: bytes = b"/x", length: int = 1) -> dict[str, Any]:
    headers = [(b"host", b"localhost"), *([(b"content-length", b"%d" % length)] if method == "POST" else [])]
    return {
        "type": "http",
        "method": method,
        "path": path.decode(),
        "raw_path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": headers,
    }


class Exchange:
    """One request to an ASGI application: what it is sent, and what it has answered."""

    def __init__(self, application: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> None:
        self._messages = list(messages)
        self._end = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self.task = asyncio.ensure_future(application(scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await self._end.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def disconnect(self) -> None:
        self._end.set()

    async def status(self) -> int:
        await asyncio.wait_for(self.task, PATIENCE_S)
        return int(self.sent[0]["status"])

    def error(self) -> str:
        return str(json.loads(self.sent[1]["body"])["error"]["code"])


WHOLE = {"type": "http.request", "body": b"x", "more_body": False}
EMPTY = {"type": "http.request", "body": b"", "more_body": False}
