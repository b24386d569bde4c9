"""A proxy that loses answers: the request arrives and is obeyed, and the client never hears of it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"}


class LossyProxy:
    """Passes everything on to ``host``; the first ``lose`` answers are thrown away and the connection is cut."""

    def __init__(self, host: str, *, lose: int) -> None:
        self.seen: list[Mapping[str, str]] = []
        self._upstream = urlsplit(host).netloc
        self._lose = lose
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                proxy._pass_on(self)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        return Handler

    def _pass_on(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        upstream = http.client.HTTPConnection(self._upstream, timeout=30)
        upstream.request(request.command, request.path, body, {**request.headers, "Connection": "close"})
        answer = upstream.getresponse()
        found = answer.read()
        upstream.close()
        request.close_connection = True
        if len(self.seen) > self._lose:
            self._hand_back(request, answer, found)

    def _hand_back(self, request: BaseHTTPRequestHandler, answer: http.client.HTTPResponse, body: bytes) -> None:
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
