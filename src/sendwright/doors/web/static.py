"""The style sheet and the scripts, read once from the package."""

from __future__ import annotations

import hashlib
from importlib import resources

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


def static_route() -> Route:
    """Serves the files of ``static/``, by exact name only."""
    files = {
        file.name: (file.read_bytes(), _KINDS[file.name.rpartition(".")[2]])
        for file in resources.files("sendwright.doors.web").joinpath("static").iterdir()
        if file.name.rpartition(".")[2] in _KINDS
    }

    async def show(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.\n", 404)
        content, kind = found
        tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return Route("/static/{name}", show, methods=["GET"])
