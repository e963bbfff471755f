"""A model hub on this machine that breaks in every way: the hub and the host that it redirects to are two
servers on free ports of the loopback interface.
"""
import hashlib
import http.server
import json
import os
import threading

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "model.safetensors"


def git_sha1(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients that go away are what is tested."""


class Hub:
    """Two servers: `hub` lists and tells digests, `cdn` holds the large file. `fault(request)` may answer
    in their place: it returns True when it has."""

    def __init__(self):
        self.files = {"config.json": b"{}", "tokenizer.json": b'{"t": 1}', WEIGHTS: os.urandom(300_000),
                      "README.md": b"read me"}
        self.listed = None
        self.seen = []  # (server, method, path, headers)
        self.fault = lambda request: False
        self.servers = {name: self.serve(name) for name in ("hub", "cdn")}

    def serve(self, name):
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_name = name

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.answer()

            def do_GET(self):
                self.answer()

            def answer(self):
                hub.seen.append((name, self.command, self.path, dict(self.headers)))
                try:
                    if not hub.fault(self):
                        hub.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def send(self, status, body=b"", **headers):
                self.send_response(status)
                headers = {"Content-Length": len(body)} | {k.replace("_", "-"): v for k, v in headers.items()}
                for key, value in headers.items():
                    if value is not None:
                        self.send_header(key, str(value))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def cut(self):
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(2)

        server = QuietServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def url(self, name):
        return f"http://127.0.0.1:{self.servers[name].server_port}"

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()

    def answer(self, request):
        name = request.path.rsplit("/", 1)[-1]
        if request.server_name == "cdn":
            return self.send_range(request, self.files[name])
        if request.path.startswith("/api/models/"):
            names = self.listed or list(self.files)
            return request.send(200, json.dumps(
                {"sha": COMMIT, "siblings": [{"rfilename": n} for n in names]}).encode())
        data = self.files.get(name)
        if data is None:
            return request.send(404)
        if name.endswith(".safetensors"):
            return request.send(302, Location=self.url("cdn") + "/" + name, X_Linked_Size=len(data),
                                X_Linked_Etag=f'"{hashlib.sha256(data).hexdigest()}"')
        return request.send(200, data, ETag=f'"{git_sha1(data)}"')

    @staticmethod
    def begin_of(request):
        text = request.headers.get("Range")
        return int(text.removeprefix("bytes=").removesuffix("-")) if text else 0

    def send_range(self, request, data):
        begin = self.begin_of(request)
        if begin == 0:
            return request.send(200, data)
        return request.send(206, data[begin:], Content_Range=f"bytes {begin}-{len(data) - 1}/{len(data)}")

    def weight_requests(self):
        return [h for server, method, path, h in self.seen if server == "cdn" and method == "GET"]
