"""Starts the built program (and what stands around it) for tests that look at it from outside."""
import contextlib
import hashlib
import http.client
import itertools
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time
import xml.etree.ElementTree

SOURCE = pathlib.Path(os.environ["YINGDA_SOURCE_DIR"])
PROGRAM = os.environ["YINGDA_PROGRAM"]
TOKEN = "blackboxToken"
RULES = """- keywords: [营业时间]
  reply: 我们每天 9:00–21:00 营业。
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=30, what="condition"):
    """Polls: what is waited for happens in another process."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def get(port, path, timeout=10):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def signed_query(token=TOKEN, timestamp=None, **more):
    timestamp = str(timestamp or int(time.time()))
    nonce = "1234567890"
    signature = hashlib.sha1("".join(sorted([token, timestamp, nonce])).encode()).hexdigest()
    query = {"signature": signature, "timestamp": timestamp, "nonce": nonce, **more}
    return "&".join(f"{key}={value}" for key, value in query.items())


_message_ids = itertools.count(int(time.time()) * 1000)  # followers are threads


def text_push(text, follower="oBlackboxFollower", message_id=None):
    if message_id is None:
        message_id = next(_message_ids)
    return (f"<xml><ToUserName><![CDATA[gh_blackbox]]></ToUserName><FromUserName><![CDATA[{follower}]]></FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
            f"<Content><![CDATA[{text}]]></Content><MsgId>{message_id}</MsgId></xml>").encode()


def pushed_text(port, account, push, seconds=5):
    """The text of the reply to one push; None when there was none in time, as when WeChat hangs up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("POST", f"/wx/{account}?" + signed_query(), push)
        response = connection.getresponse()
        body = response.read().decode()
    except OSError:
        return None
    finally:
        connection.close()
    if response.status != 200:
        raise AssertionError(f"{account}: HTTP {response.status}")
    return "" if body in ("", "success") else xml.etree.ElementTree.fromstring(body).findtext("Content")


class Exchange:
    """One message of a follower with WeChat's tries of it, by the real clock: at 0, 5 and 10 s, each hung up after 5 s."""

    def __init__(self, port, account, follower, text):
        self.question, self.text, self.tries = text, None, []
        push = text_push(text, follower)
        self.start = time.monotonic()
        self.asked_at = time.time()
        for number in range(3):
            # The five seconds between two tries are WeChat's, and part of the story.
            threading.Event().wait(max(0.0, self.start + 5 * number - time.monotonic()))
            begin = time.monotonic()
            self.text = pushed_text(port, account, push)
            self.tries.append(time.monotonic() - begin)
            if self.text is not None:
                break
        self.seconds = time.monotonic() - self.start

    def __repr__(self):
        tries = ", ".join(f"{seconds:.2f} s" for seconds in self.tries)
        return f"<{self.question!r} → {self.text!r}, tries: {tries}>"


class Server:
    """`yingda serve` with a configuration of its own, and the demo model behind it."""

    def __init__(self, rules=RULES, extra=""):
        self.folder = tempfile.TemporaryDirectory(prefix="yingda-blackbox-")
        self.root = pathlib.Path(self.folder.name)
        self.port, self.operations_port, self.model_port = free_port(), free_port(), free_port()
        (self.root / "reply_rules").mkdir()
        (self.root / "reply_rules/rules.yml").write_text(rules, encoding="utf-8")
        (self.root / "filters/deny").mkdir(parents=True)
        (self.root / "filters/allow").mkdir()
        (self.root / "filters/deny/words.txt").write_text("网络博彩平台\n", encoding="utf-8")
        self.config = self.root / "config.yml"
        self.config.write_text(f"""server: {{ listen: "127.0.0.1:{self.port}", operations_listen: "127.0.0.1:{self.operations_port}", drain: 2s }}
accounts:
  - {{ name: main, token: {TOKEN}, app_id: wx0123456789abcdef, upstreams: [main] }}
upstreams:
  - {{ name: main, base_url: "http://127.0.0.1:{self.model_port}/v1", api_key: demo, model: demo }}
{extra}""", encoding="utf-8")
        self.model = None
        self.process = None

    def start_model(self):
        self.model = subprocess.Popen([PROGRAM, "demo-model", "--listen", f"127.0.0.1:{self.model_port}"],
                                      stdout=subprocess.PIPE)
        self.model.stdout.readline()

    def start(self):
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", "-c", str(self.config)], stderr=log)
        wait_until(self.ready, what="the server is ready")

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError("the server ended: " + self.log_text())
        with contextlib.suppress(OSError):
            return get(self.operations_port, "/readyz")[0] == 200
        return False

    def log_text(self):
        return (self.root / "log").read_text(encoding="utf-8", errors="replace")

    def metric(self, line):
        for text in get(self.operations_port, "/metrics")[1].splitlines():
            if text.startswith(line + " "):
                return float(text.rsplit(" ", 1)[1])
        return 0.0

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        for process in (self.process, self.model):
            if process and process.poll() is None:
                process.terminate()
        codes = []
        for process in (self.process, self.model):
            if process:
                try:
                    codes.append(process.wait(timeout=20))
                except subprocess.TimeoutExpired:
                    process.kill()
                    codes.append(process.wait())
        if self.model:
            self.model.stdout.close()
        self.process = self.model = None
        return codes

    def __enter__(self):
        self.start_model()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()
