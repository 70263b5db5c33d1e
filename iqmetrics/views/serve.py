"""A scored folder over HTTP: live scorecard, images, report, and CSV feeds for spreadsheets.

Read-only and on this machine by default. Images are named by their number, never by a path; the
Host header must be one that was agreed on; feeds carry a token in their path, since IMPORTDATA and
Power Query have no place for credentials. A feed is whole or refused, never cut.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqmetrics.errors import IqmError, Unavailable
from iqmetrics.pipeline.keys import content
from iqmetrics.pipeline.places import placed
from iqmetrics.views import feeds, web_pages
from iqmetrics.views.live import Folder
from iqmetrics.views.report import bundle
from iqmetrics.views.served_report import numbered

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PER_PAGE = 60
PART = re.compile(r"[a-z0-9-]+\.(js|webp)")
"""Names of files that a report of very many images has beside it."""
FEED_BYTES = 1_000_000
"""IMPORTDATA refuses larger files without saying so; we say so."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "Content-Security-Policy": web_pages.POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def application(
    path: Path, token: str, hosts: tuple[str, ...] = LOOPBACK, locked: bool = False
) -> "Starlette":
    """The web application over one output folder.

    Args:
        path: the folder that holds scores.sqlite.
        token: the secret part of feed addresses; with `locked` every address needs `?token=`.
        hosts: Host headers that are answered.
        locked: whether pages need the token too (any address beyond loopback).

    Raises:
        Unavailable: starlette is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware
        from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
        from starlette.routing import Route
    except ImportError as error:
        raise Unavailable.extra("iqm serve", "starlette", "serve") from error
    folder = Folder(path)
    folder.refresh()

    def guarded(make: "Callable[[Request], Response]") -> "Callable[[Request], Response]":
        def answer(request: "Request") -> "Response":
            if locked and token not in (
                request.query_params.get("token"),
                request.cookies.get("token"),
            ):
                return PlainTextResponse("The address lacks its token.", 403)
            try:
                response = make(request)
            except IqmError as error:
                response = PlainTextResponse(str(error), 404)
            response.headers.update(HEADERS)
            if locked:
                response.set_cookie("token", token, httponly=True, samesite="strict")
            return response

        return answer

    def home(_: "Request") -> "Response":
        return HTMLResponse(web_pages.home(folder.latest(), token, (path / "report.html").exists()))

    def live(_: "Request") -> "Response":
        return HTMLResponse(web_pages.table(folder.latest()))

    def images(request: "Request") -> "Response":
        page = _number(request.query_params.get("page", "0")) or 0
        with folder.store() as store:
            total = store.count_images()
            found = list(store.images(page * PER_PAGE, PER_PAGE))
        has_report = (path / "report.html").exists()
        return HTMLResponse(web_pages.gallery(found, page, PER_PAGE, total, token, has_report))

    def image(request: "Request") -> "Response":
        number = _number(request.path_params["number"])
        if number is None:
            return PlainTextResponse("No such image.", 404)
        with folder.store() as store:
            for record in placed(list(store.images(number, 1)), path):
                thumbnail = store.thumbnail(content(record))
                if "small" in request.query_params and thumbnail:
                    return Response(thumbnail, media_type="image/jpeg")
                if Path(record.path).is_file():
                    return FileResponse(record.path)
        return PlainTextResponse("No such image.", 404)

    def report(_: "Request") -> "Response":
        page = path / "report.html"
        if not page.exists():
            return PlainTextResponse("No report yet.", 404)
        with folder.store() as store:
            return HTMLResponse(numbered(page.read_text("utf-8", "replace"), store.images()))

    def beside(request: "Request") -> "Response":
        name = request.path_params["name"]
        file = path / request.url.path.strip("/").split("/")[0] / name
        known = PART.fullmatch(name) and file.is_file()
        return FileResponse(file) if known else PlainTextResponse("No such file.", 404)

    def feed(request: "Request") -> "Response":
        if request.path_params["token"] != token:
            return PlainTextResponse("No such feed.", 404)
        try:
            card = folder.scorecard()
        except IqmError as error:  # a spreadsheet shows the status, not a table of before
            return PlainTextResponse(str(error), 404)
        text = feeds.csv_text(feeds.SCORECARD, feeds.scorecard_rows(card))
        return _feed(text, request.headers.get("if-none-match", ""), Response, PlainTextResponse)

    routes = [
        Route("/", guarded(home)),
        Route("/live", guarded(live)),
        Route("/favicon.ico", lambda _: Response(status_code=204, headers=HEADERS)),
        Route("/images", guarded(images)),
        Route("/images/{number}", guarded(image)),
        Route("/report", _framed(guarded(report))),
        Route(f"/{bundle.FOLDER}/{{name}}", guarded(beside)),
        Route(f"/{bundle.THUMBNAILS}/{{name}}", guarded(beside)),
        Route("/feed/{token}/scorecard.csv", feed),
    ]
    allowed = [host.strip("[]") if host == "[::1]" else host for host in hosts]
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=[*allowed, *hosts], www_redirect=False)
    ]
    return Starlette(routes=routes, middleware=middleware)


def _framed(make: "Callable[[Request], Response]") -> "Callable[[Request], Response]":
    """The report brings its own content policy in its head; the server's would be stricter."""

    def answer(request: "Request") -> "Response":
        response = make(request)
        del response.headers["Content-Security-Policy"]
        return response

    return answer


def _feed(text: str, known: str, response: Any, plain: Any) -> "Response":
    data = text.encode("utf-8")
    if len(data) > FEED_BYTES:
        told = f"The feed has {len(data)} bytes, spreadsheets take {FEED_BYTES}: use iqm export."
        answer: Response = plain(told, 413)
        return answer
    tag = f'"{sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if known == tag:
        unchanged: Response = response(status_code=304, headers=headers)
        return unchanged
    whole: Response = response(data, media_type="text/csv; charset=utf-8", headers=headers)
    return whole


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
