"""A mail server and a webhook on loopback that keep what they get, and refuse when they are told to."""

import json
import socketserver
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a sender needs."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[EmailMessage] = []
        self.refuses = False


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    @override
    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b"QUIT":
                self.say("221 bye")
                return
            if word == b"MAIL" and self.server.refuses:
                self.say("451 later")
            elif word == b"DATA":
                self.say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.mails.append(message_from_bytes(text, policy=policy.default))
                self.say("250 taken")
            else:
                self.say("250 ok")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Hook(ThreadingHTTPServer):
    """Keeps the text of each post, and answers with ``status``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.texts: list[str] = []
        self.status = 200

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Post(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.texts.append(json.loads(body)["text"])
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, *args: Any) -> None:
        """Say nothing."""
