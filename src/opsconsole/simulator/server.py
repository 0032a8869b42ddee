"""The service on a loopback port, over real HTTP."""

import socket
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .control import answer_control
from .faults import FaultRule, parse_faults
from .messages import Answer, GraphRequest
from .service import Service
from .tenant import Tenant

LOOPBACK = "127.0.0.1"
"""The only address it binds: a simulator takes any known token and must not be reachable from elsewhere."""

CONTROL_PREFIX = "/_simulator"


class Simulator:
    """A tenant served over HTTP on loopback; an asynchronous context manager.

    `port` 0 takes a free one; entering raises OSError where the port is in use. `page_size` is what a list gives without
    `$top`. `faults` are rules, or plain values as they stand in a fault file.
    """

    def __init__(
        self,
        tenant: Tenant,
        *,
        port: int = 0,
        latency_ms: int = 0,
        throttle: bool = False,
        faults: Iterable[Mapping[str, Any] | FaultRule] = (),
        token: str = "simulator",  # noqa: S107 - no secret: it opens a simulator on loopback
        page_size: int = 100,
        seed: int = 0,
    ) -> None:
        self.tenant = tenant
        self.service = Service(
            tenant,
            token=token,
            page_size=page_size,
            latency_ms=latency_ms,
            throttle=throttle,
            faults=parse_faults(faults),
            seed=seed,
        )
        self._port = port
        self._runner: web.ServerRunner | None = None
        self.base_url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Binds and serves; `base_url` is known when it returns."""
        listener = bind(self._port)
        self.base_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=1.0)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Closes the port and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, raw: web.BaseRequest) -> web.StreamResponse:
        """One HTTP request, to the service or to the control API."""
        target = raw.raw_path
        body = await raw.content.read()
        request = GraphRequest(
            raw.method, target, self.base_url, {name.lower(): value for name, value in raw.headers.items()}, body
        )
        if target.startswith(CONTROL_PREFIX):
            answer = answer_control(self.service, request)
        else:
            answer = await self.service.answer(request)
        return await _sent(raw, answer)


def bind(port: int) -> socket.socket:
    """A socket on loopback; raises OSError whose text says what to do where the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # On Windows, SO_REUSEADDR would let two simulators share a port in silence.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(128)
        listener.setblocking(False)
    except OverflowError as error:
        listener.close()
        raise OSError(f"port {port}: expected 0 to 65535; 0 takes a free one") from error
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno,
            f"port {port} on {LOOPBACK} cannot be used ({error.strerror}); choose another, or 0 for a free one",
        ) from error
    return listener


async def _sent(raw: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """The answer on the wire: whole, cut in the middle, or a connection that just ends."""
    headers = dict(answer.headers)
    if answer.body:
        headers["Content-Type"] = answer.content_type
    if answer.wire == "whole":
        return web.Response(status=answer.status, body=answer.body or None, headers=headers)
    transport = raw.transport
    if answer.wire == "cut":
        response = web.StreamResponse(status=answer.status or 200, headers=headers)
        response.content_length = max(2, len(answer.body))
        await response.prepare(raw)
        await response.write(answer.body[: len(answer.body) // 2] or b" ")
        if transport is not None:
            transport.close()
        return response
    if transport is not None:
        transport.abort()
    return web.Response(status=500)
