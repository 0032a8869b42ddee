"""The client on msgraph-sdk: its adapter, authentication and middleware, but answers as they came, byte for byte."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

from opsconsole.domain.failure import Reason
from opsconsole.graph.client import VERSION, GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.credentials import SignIn
from opsconsole.graph.pages import is_own_link

CONNECT_TIMEOUT_S = 15.0
"""Longer than any handshake that still succeeds; the time for the whole call is the request's own."""

_LOGGERS = ("azure", "msal", "msal_extensions", "httpx", "httpcore", "hpack", "h2", "kiota_http", "aiohttp")
"""Libraries that log URLs, headers or what the token service said: none of it may reach a log (promise 13)."""


class SdkClient:
    """Sends one call at a time through msgraph-sdk to one Graph root. Use and close it on one event loop."""

    def __init__(self, root: str, sign_in: SignIn, *, concurrency: int = 8) -> None:
        self.root = root.rstrip("/")
        self._sign_in = sign_in
        self._concurrency = concurrency
        self._adapter: Any = None
        self._transports: list[Any] = []
        _silence_libraries()  # before the sign-in, which comes before the first call

    async def send(self, request: GraphRequest) -> GraphAnswer:
        """Return whatever Graph answered. Raises GraphFault where no answer came."""
        import httpx
        from kiota_abstractions.api_error import APIError

        await self._sign_in.prepare()
        information = self._information(request)
        if self._adapter is None:
            self._adapter = self._open()
        try:
            async with asyncio.timeout(request.timeout_s):
                response = await self._adapter.send_primitive_async(information, "bytes", {})
                body = await response.aread()
        except (TimeoutError, httpx.TimeoutException) as error:
            is_sent = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise GraphFault(
                Reason.TIMEOUT, f"Graph did not answer within {request.timeout_s:g} s.", is_maybe_applied=is_sent
            ) from None
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.ProxyError) as error:
            raise GraphFault(
                Reason.NETWORK_UNREACHABLE, f"No connection to Graph could be made ({type(error).__name__})."
            ) from None
        except httpx.DecodingError:
            raise GraphFault(
                Reason.MALFORMED_RESPONSE, "Graph's answer was damaged on the way.", is_maybe_applied=True
            ) from None
        except (httpx.HTTPError, APIError, OSError) as error:
            raise GraphFault(
                Reason.NETWORK_UNREACHABLE,
                f"The connection to Graph was lost before the answer was whole ({type(error).__name__}).",
                is_maybe_applied=True,
            ) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return GraphAnswer(response.status_code, headers, body)

    async def renew_sign_in(self) -> bool:
        """Forget the token, so that the next call gets a new one; False where that cannot help."""
        return await self._sign_in.renew()

    async def close(self) -> None:
        """Close connections and credentials."""
        transports, self._transports, self._adapter = self._transports, [], None
        for transport in transports:
            await transport.aclose()
        await self._sign_in.close()

    def _information(self, request: GraphRequest) -> Any:
        from kiota_abstractions.method import Method
        from kiota_abstractions.native_response_handler import NativeResponseHandler
        from kiota_abstractions.request_information import RequestInformation
        from kiota_http.middleware.options import RedirectHandlerOption, ResponseHandlerOption, RetryHandlerOption

        url = request.path
        if url.startswith("/"):
            url = f"{self.root}/{VERSION}{url}"
        elif not is_own_link(self.root, url):
            raise GraphFault(Reason.MALFORMED_RESPONSE, "Graph named a next page outside its own address.")
        information = RequestInformation(Method(request.method))
        information.url = url
        information.headers.add("Accept", "application/json")
        for name, value in request.headers:
            information.headers.add(name, value)
        if request.body is not None:
            information.set_stream_content(request.body, "application/json")
        # The last two hold whatever middleware the client is built with: a retry or redirect of a write must not go unseen.
        information.add_request_options(
            [
                ResponseHandlerOption(NativeResponseHandler()),
                RetryHandlerOption(max_retries=0),
                RedirectHandlerOption(should_redirect=False),
            ]
        )
        return information

    def _open(self) -> Any:
        import httpx
        from kiota_authentication_azure.azure_identity_authentication_provider import (
            AzureIdentityAuthenticationProvider,
        )
        from kiota_http.middleware.user_agent_handler import UserAgentHandler
        from msgraph import GraphRequestAdapter, GraphServiceClient
        from msgraph_core import GraphClientFactory
        from msgraph_core.middleware import GraphTelemetryHandler

        place = urlsplit(self.root)
        host = place.hostname or ""
        is_https = place.scheme == "https"
        # A proxy set for the machine must not see what goes to loopback. Without TLS, reading the trusted certificates
        # would cost 30 ms for nothing.
        http_client = httpx.AsyncClient(
            http2=is_https,
            verify=is_https,
            trust_env=is_https,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=self._concurrency, max_keepalive_connections=self._concurrency),
        )
        # Kept, because the transport that the SDK wraps around them does not pass a close on.
        self._transports = [
            transport for transport in (http_client._transport, *http_client._mounts.values()) if transport is not None
        ]
        provider = AzureIdentityAuthenticationProvider(
            self._sign_in, scopes=[self._sign_in.scope], allowed_hosts=[host]
        )
        # Of the SDK's middleware, what names the client to Graph: the rest retries, redirects and rewrites addresses, which is
        # done in this room or not at all, and costs a third of a call.
        middleware = [UserAgentHandler(), GraphTelemetryHandler()]
        sdk_client = GraphClientFactory.create_with_custom_middleware(middleware, client=http_client)
        return GraphServiceClient(request_adapter=GraphRequestAdapter(provider, sdk_client)).request_adapter


def _silence_libraries() -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
