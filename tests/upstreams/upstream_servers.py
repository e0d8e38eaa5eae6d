"""Upstreams for the tests: those that others wrote, as processes, and a raw one for faults that these cannot have."""
import contextlib
import json
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time
import urllib.request

from blackbox import free_port, wait_until

PACKAGES = pathlib.Path(__file__).parent / "node_modules"


class NodeServer:
    """A server from npm on a port of this machine."""

    def __init__(self, folder, name, arguments, environment, health):
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["node", *map(str, arguments)], stdout=log, stderr=log,
                                            env={**os.environ, **environment})
        self.health = health

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.log.name}: " + self.log.read_text(encoding="utf-8", errors="replace"))
        with contextlib.suppress(OSError):
            return self.get(self.health) is not None
        return False

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class AiMock(NodeServer):
    """@copilotkit/aimock: answers each model by its fixtures, and keeps a journal of the calls."""

    def __init__(self, folder, name, fixtures):
        self.port = free_port()
        path = pathlib.Path(folder) / f"{name}.json"
        path.write_text(json.dumps({"fixtures": fixtures}, ensure_ascii=False), encoding="utf-8")
        super().__init__(folder, name, [PACKAGES / "@copilotkit/aimock/dist/cli.js", "-h", "127.0.0.1", "-p", self.port,
                                        "-f", path, "--strict", "--journal-max", 0, "--log-level", "warn"], {}, "/health")

    def journal(self):
        return json.loads(self.get("/__aimock/journal"))


class MockLlm(NodeServer):
    """@dwmkerr/mock-llm: echoes the question; an error in a stream comes as HTTP 200 without [DONE]."""

    RULES = """streaming: { chunkSize: 7, chunkIntervalMs: 20 }
rules:
  - path: "/v1/chat/completions"
    match: "@"
    response:
      status: 200
      content: |
        {"id":"echo-{{timestamp}}","object":"chat.completion","model":"{{jmes request body.model}}","choices":[
         {"index":0,"message":{"role":"assistant","content":"{{jmes request body.messages[-1].content}}"},
          "finish_reason":"stop"}]}
  - path: "/v1/chat/completions"
    match: "contains(body.model, 'error')"
    response:
      status: 429
      content: |
        {"error":{"message":"upstream prose","type":"rate_limit_error","code":"rate_limit_exceeded"}}
  - { path: "/v1/models", method: GET, response: { status: 200, content: '{"data":[]}' } }
"""

    def __init__(self, folder):
        self.port = free_port()
        rules = pathlib.Path(folder) / "mock-llm.yaml"
        rules.write_text(self.RULES, encoding="utf-8")
        super().__init__(folder, "mock-llm", [PACKAGES / "@dwmkerr/mock-llm/dist/main.js", "--config", rules],
                         {"HOST": "127.0.0.1", "PORT": str(self.port)}, "/v1/models")


def event(text, finish=None):
    return "data: " + json.dumps({"object": "chat.completion.chunk", "choices": [
        {"index": 0, "delta": {"content": text}, "finish_reason": finish}]}) + "\n\n"


EVENT_STREAM = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class FaultServer:
    """Does on a bare socket what the path of the request names; keeps when calls came and when their clients left."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.calls = []  # (fault, seconds of time.monotonic() when it came, the same when it left or None)
        self.lock = threading.Lock()
        # A port where nobody ever accepts and whose backlog is full: connecting takes for ever.
        self.full = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.waiting = [socket.socket() for _ in range(4)]
        for client in self.waiting:
            client.setblocking(False)
            client.connect_ex(self.full.getsockname())
        threading.Thread(target=self.accept, daemon=True).start()

    def base_url(self, fault):
        port = self.full.getsockname()[1] if fault == "unconnectable" else self.port
        return f"http://127.0.0.1:{port}/{fault}"

    def calls_of(self, fault):
        with self.lock:
            return [call for call in self.calls if call["fault"] == fault]

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += self.more(connection)
            head, body = request.split(b"\r\n\r\n", 1)
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                           if line.lower().startswith(b"content-length:")), 0)
            while len(body) < length:
                body += self.more(connection)
            fault = head.split(b" ")[1].split(b"/")[1].decode()
            call = {"fault": fault, "came": time.monotonic(), "left": None}
            with self.lock:
                self.calls.append(call)
            getattr(self, "do_" + fault)(connection)
            connection.shutdown(socket.SHUT_WR)
            self.until_left(connection)
            call["left"] = time.monotonic()

    @staticmethod
    def more(connection):
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("the client has left")
        return data

    @staticmethod
    def until_left(connection, seconds=60):
        connection.settimeout(seconds)
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass

    def do_silent(self, connection):
        """Keeps the connection alive with comments, and never says a word."""
        connection.sendall(EVENT_STREAM.encode())
        connection.settimeout(0.3)
        for _ in range(200):
            connection.sendall(b": keep-alive\n\n")
            try:
                if not connection.recv(65536):
                    return
            except TimeoutError:
                continue

    def do_mute(self, connection):
        """Takes the request and does not answer at all."""
        self.until_left(connection)

    def do_html(self, connection):
        page = "<html><body><h1>upstream prose</h1>cdn</body></html>"
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n"
                           f"Connection: close\r\n\r\n{page}".encode())

    def do_error_object(self, connection):
        """What vLLM says when it fails in the middle."""
        prose = 'data: {"object":"error","message":"upstream prose","type":"InternalServerError","code":500}\n\n'
        connection.sendall((EVENT_STREAM + event("第一句话。") + event("第二句话。") + prose).encode())

    def do_reset(self, connection):
        """Some of the answer, then a reset: bytes that the client has not read yet may be lost with it."""
        connection.sendall((EVENT_STREAM + event("第一句话。")).encode())
        connection.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def stop(self):
        for each in (self.listener, self.full, *self.waiting):
            each.close()


def start_all(servers):
    for server in servers:
        wait_until(server.ready, what=f"{server.log.stem} is ready")
