"""The HTTP server: a table of routes, a thread per connection, pages served from memory."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from importlib.resources import files
from socketserver import StreamRequestHandler
from typing import BinaryIO, cast

from simulator import inspection, provider
from simulator.accounts import PATHS, TOKEN_PATH, Settings
from simulator.state import State
from simulator.vendors import shape_of
from simulator.wire import DROP, Refusal, Request, Response, read_body, read_head

Handler = Callable[[State, Request], Response]

ROUTES: dict[str, dict[str, Handler]] = {
    **{path: {"POST": provider.submit, "GET": provider.look_up} for path in PATHS},
    TOKEN_PATH: {"POST": provider.token},
    "/_health": {"GET": inspection.health},
    "/_messages": {"GET": inspection.messages},
    "/_requests": {"GET": inspection.requests},
    "/_reset": {"POST": inspection.reset},
    "/_script": {"GET": inspection.rules, "POST": inspection.add_rules, "DELETE": inspection.clear_rules},
    "/_accounts": {"GET": inspection.accounts, "POST": inspection.change_accounts},
    "/_oauth/revoke": {"POST": inspection.revoke_tokens},
    "/_handset": {"GET": inspection.handsets, "POST": inspection.add_handset},
    "/_handset/reply": {"POST": inspection.reply},
}

# Whether the address has the shape of a well-known provider's -> its methods.
_SHAPED: dict[bool, dict[str, Handler]] = {True: {"POST": provider.submit}, False: {}}

PAGES = {
    "/": "handset.html",
    "/accounts": "accounts.html",
    "/faults": "faults.html",
    **{
        f"/pages/{name}": name
        for name in ("style.css", "icon.svg", "common.js", "handset.js", "accounts.js", "faults.js")
    },
}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
IDLE_TIMEOUT = 75.0  # seconds a kept connection may stay silent
_LINGER_OFF = struct.pack("ii", 1, 0)


def load_pages() -> dict[str, Response]:
    """Every page and asset as a ready response."""
    folder = files("simulator") / "pages"
    return {
        path: Response(
            body=(folder / name).read_bytes(),
            content_type=f"{TYPES[name.rpartition('.')[2]]}; charset=utf-8",
            headers=PAGE_HEADERS,
        )
        for path, name in PAGES.items()
    }


class Connection(StreamRequestHandler):
    """One connection: requests in turn until either side ends it."""

    disable_nagle_algorithm = True
    timeout = IDLE_TIMEOUT
    server: Server

    def handle(self) -> None:
        """Serves requests; a sender that goes away is nothing to complain about."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            while self._serve_one():
                pass

    def _serve_one(self) -> bool:
        request: Request | None = None
        stream = cast("BinaryIO", self.rfile)
        try:
            request = read_head(stream)
            if request is None:
                return False
            if self.server.state.script.drops_unread(request.path):
                return self._drop()
            if request.headers.get("expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            read_body(request, stream)
        except Refusal as refusal:  # the stream cannot be trusted any more
            self._refused(request, refusal)
            self.wfile.write(refusal.response().encode(keep_alive=False))
            return False
        response = self._answer(request)
        if response is DROP:
            return self._drop()
        keep = request.keep_alive and not self.server.state.closing.is_set()
        self.wfile.write(response.encode(keep_alive=keep, head_only=request.method == "HEAD"))
        return keep

    def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        try:
            page = self.server.pages.get(request.path)
            if page is not None and method == "GET":
                return page
            methods = ROUTES.get(request.path) or _SHAPED[shape_of(request.path) is not None]
            if not methods:
                raise Refusal(404, "NOT_FOUND", "There is nothing at this address.")
            if method not in methods:
                allowed = ", ".join(methods)
                raise Refusal(405, "METHOD_NOT_ALLOWED", f"Use {allowed}.", headers={"Allow": allowed})
            return methods[method](self.server.state, request)
        except Refusal as refusal:
            self._refused(request, refusal)
            return refusal.response()

    def _refused(self, request: Request | None, refusal: Refusal) -> None:
        path = request.path if request else ""
        if path in PATHS or path == TOKEN_PATH or shape_of(path):
            self.server.state.messages.refuse(
                path=path, code=refusal.code, status=refusal.status, text=refusal.text
            )

    def _drop(self) -> bool:
        """Ends the connection with a reset, so that the sender cannot take it for an answer."""
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
        self.rfile.close()
        self.connection.close()
        return False


class Server(ThreadingHTTPServer):
    """Keeps its open connections in mind, to end them at once when it stops."""

    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], state: State) -> None:
        self.state = state
        self.pages = load_pages()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._open: set[socket.socket] = set()
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        """Binds without looking up the host's name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Starts a thread for the connection."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        """Closes the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Our own fault: one line to stderr, the connection ends."""
        sys.stderr.write(f"simulator: {sys.exc_info()[1]!r}\n")

    def end_connections(self) -> None:
        """Ends every open connection."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Simulator:
    """A simulator that runs in threads of this process; `url` is known as soon as it exists."""

    def __init__(self, settings: Settings | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.state = State(settings or Settings())
        self._server = Server((host, port), self.state)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator", daemon=True
        )

    def start(self) -> Simulator:
        """Starts serving and reporting."""
        self.state.reports.start()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends within a fraction of a second, whatever is going on."""
        self.state.closing.set()
        self.state.reports.close()
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
