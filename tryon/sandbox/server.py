"""HTTP/1.1 with keep-alive over the standard library, and the broken manners of a bad network."""

import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

from .errors import Refusal
from .messages import Manner, Reply, Request, json_reply

# A body is read to its end before it is refused: a client still sending would see a reset, not the 500.
READ_AT_MOST = 64 * 1024 * 1024
SLOW_PIECES = 30
RESET_AT_ONCE = struct.pack("ii", 1, 0)

type Answer = Callable[[Request], Reply]


class Server(ThreadingHTTPServer):
    """One thread per connection. ``server_close`` ends all of them."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 512
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], answer: Answer) -> None:
        self.answer = answer
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, Handler)

    @override
    def server_bind(self) -> None:
        # The base class asks DNS for the name of the host, which can take seconds and is used nowhere.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    @override
    def server_close(self) -> None:
        self.closing.set()
        with self._open_lock:
            for connection in self._open:
                _hang_up(connection)
        super().server_close()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up is its own affair (time-outs are tested here); anything else is a bug to see.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "fashn-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        request = self._read()
        reply = self.server.answer(request) if request else _too_strange()
        match reply.manner:
            case Manner.RESET:
                self._reset()
            case Manner.HANG:
                self.server.closing.wait(reply.seconds)
                self.close_connection = True
            case Manner.SLOW:
                self._send_head(reply)
                self._send_slowly(reply)
            case Manner.NORMAL:
                self._send_head(reply)
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _read(self) -> Request | None:
        """Return the request, or None for a body whose length can't be known."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > READ_AT_MOST:
            self.close_connection = True
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, self.rfile.read(int(length)))

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_slowly(self, reply: Reply) -> None:
        step = max(1, -(-len(reply.body) // SLOW_PIECES))
        for start in range(0, len(reply.body), step):
            self.wfile.write(reply.body[start : start + step])
            self.wfile.flush()
            if self.server.closing.wait(reply.seconds / SLOW_PIECES):
                self.close_connection = True
                return

    def _reset(self) -> None:
        # Lingering for 0 seconds makes close() send RST, as a crashed proxy would.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the ledger keeps the log."""


def _too_strange() -> Reply:
    refusal = Refusal("InternalServerError")
    return json_reply({"error": refusal.name, "message": refusal.message}, refusal.status)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Already closed by the other side: nothing is left to end.
        return
