"""A webhook's endpoint that behaves as the file "mode" in its directory says, and writes down what it got.

	alert_server.py DIRECTORY      writes DIRECTORY/port, then a line of JSON a request to DIRECTORY/requests

Modes: ok, 500, 429 (with Retry-After: 1), 404, redirect, drop (closes without an answer), slow (never answers), cut (takes the
request, writes it down, and never answers). A mode "X N" is X for N requests and then ok.
"""
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time

directory = sys.argv[1]
lock = threading.Lock()


def take_mode():
    path = os.path.join(directory, "mode")
    with lock:
        with open(path, encoding="utf-8") as f:
            words = f.read().split()
        if len(words) == 2:
            left = int(words[1]) - 1
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"{words[0]} {left}" if left > 0 else "ok")
        return words[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, mode, body):
        try:
            content = json.loads(body)
            ids = [alert["event"]["id"] for alert in content["alerts"]]
        except (ValueError, KeyError, TypeError) as problem:
            content, ids = {"text": f"bad body: {problem}"}, []
        want = "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        line = json.dumps({
            "time": time.time(), "mode": mode, "path": self.path, "key": self.headers.get("Idempotency-Key"),
            "auth": self.headers.get("Authorization"), "type": self.headers.get("Content-Type"),
            "signed": self.headers.get("X-Redflag-Signature") == want, "same_key": content.get("id") == self.headers.get("Idempotency-Key"),
            "ids": ids, "text": content["text"], "version": content.get("version"),
        }) + "\n"
        with lock, open(os.path.join(directory, "requests"), "a", encoding="utf-8") as f:
            f.write(line)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mode = take_mode()
        self.note(mode, body)
        if mode in ("slow", "cut"):
            time.sleep(30)
            self.close_connection = True
            return
        if mode == "drop":
            self.close_connection = True
            self.connection.close()
            return
        status = {"ok": 200, "redirect": 302}.get(mode) or int(mode)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
with open(os.path.join(directory, "port.new"), "w", encoding="utf-8") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(directory, "port.new"), os.path.join(directory, "port"))
server.serve_forever()
