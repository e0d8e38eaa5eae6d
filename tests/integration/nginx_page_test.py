"""The answer pages behind the shipped nginx configuration: a page that is being written passes piece by piece."""
import http.client
import os
import pathlib
import secrets
import ssl
import subprocess
import tempfile
import time
import unittest

from blackbox import get, wait_until
from nginx_test import Nginx


class PageServer:
    """The answer pages alone, with a desk that does what POST /control/<what>/<id> says."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="yingda-pages-")
        self.root = pathlib.Path(self.folder.name)
        self.process = subprocess.Popen([os.environ["YINGDA_ANSWER_PAGE_SERVER"]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def control(self, what, page, text=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", f"/control/{what}/{page}", text.encode())
        assert connection.getresponse().read() == b"done\n"
        connection.close()

    def unread(self):
        return get(self.port, "/control/unread")[1].split()

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.folder.cleanup()
        assert code == 0, "the server had to cut somebody off"


class Scene(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = PageServer()
        cls.addClassCleanup(cls.server.stop)
        # The server asks for no buffering, too; here the configuration has to do it alone.
        cls.nginx = Nginx(cls.server, ("proxy_buffering off;", "proxy_buffering off; proxy_ignore_headers X-Accel-Buffering;"))
        cls.addClassCleanup(cls.nginx.stop)

    def connection(self, timeout=10):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.nginx.tls_port, timeout=timeout, context=context)

    def request(self, method, path, body=None):
        connection = self.connection()
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response, response.read().decode()
        finally:
            connection.close()


class NginxPageTest(Scene):
    def test_pieces_pass_when_they_are_written(self):
        page = secrets.token_hex(16)
        self.server.control("begin", page, "问题")
        connection = self.connection()
        connection.request("GET", f"/a/{page}/live")
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.headers["Content-Type"], "text/event-stream")
        for piece in ("第一段", "第二段", "第三段"):
            asked = time.monotonic()
            self.server.control("write", page, piece)
            line = b""
            while piece not in line.decode():  # a buffering proxy would keep it until the stream ends
                line = response.readline()
                self.assertNotEqual(line, b"", "the stream ended")
            self.assertLess(time.monotonic() - asked, 5)
        self.server.control("finish", page, "第三段。")
        self.assertIn("event: done", response.read().decode())
        connection.close()

    def test_reader_who_leaves_nginx_leaves_the_server(self):
        page = secrets.token_hex(16)
        self.server.control("begin", page, "问题")
        connections = []
        for _ in range(2):  # as many as the server lets read one page
            connection = self.connection()
            connection.request("GET", f"/a/{page}/live")
            self.assertEqual(connection.getresponse().status, 200)
            connections.append(connection)
        self.assertEqual(self.request("GET", f"/a/{page}/live")[0].status, 503)
        connections[0].sock.close()
        connections[0].close()

        def place_is_free():
            connection = self.connection()
            connections.append(connection)
            connection.request("GET", f"/a/{page}/live")
            return connection.getresponse().status == 200
        wait_until(place_is_free, what="the place of the reader who left is free")
        for connection in connections:
            connection.close()

    def test_pages_and_read_marks_pass_with_their_headers(self):
        page = secrets.token_hex(16)
        self.server.control("begin", page, "问题")
        self.server.control("finish", page, "全部回答")
        response, body = self.request("GET", f"/a/{page}")
        self.assertEqual(response.status, 200)
        self.assertIn("全部回答", body)
        self.assertIn("default-src 'none'", response.headers["Content-Security-Policy"])
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertIsNone(response.headers["Set-Cookie"])
        self.assertEqual(self.request("HEAD", f"/a/{page}")[0].status, 200)
        self.assertIn(page, self.server.unread())
        self.assertEqual(self.request("POST", f"/a/{page}/read")[0].status, 204)
        wait_until(lambda: page not in self.server.unread(), what="the answer leaves the inbox")

    def test_unknown_page_keeps_its_kind_words(self):
        response, body = self.request("GET", f"/a/{secrets.token_hex(16)}")
        self.assertEqual(response.status, 404)
        self.assertIn("已经不在了", body)

    def test_plain_http_is_sent_to_https_and_the_address_is_in_no_log(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.plain_port, timeout=10)
        page = secrets.token_hex(16)
        for path in (f"/a/{page}?q=1", f"//a/{page}", f"/%61/{page}/live"):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            self.assertEqual((response.status, response.headers["Location"].split(":")[0]), (301, "https"))
            self.assertTrue(response.headers["Location"].endswith(path))
        connection.close()
        wait_until(lambda: self.nginx.access_log().count('"status":301') >= 3, what="all is logged")
        for log in self.nginx.root.glob("*.log"):
            self.assertNotIn(page, log.read_text(encoding="utf-8"))

    def test_bodies_and_other_methods_stay_outside(self):
        page = secrets.token_hex(16)
        self.assertEqual(self.request("POST", f"/a/{page}/read", b"x" * 2000)[0].status, 413)
        self.assertEqual(self.request("DELETE", f"/a/{page}")[0].status, 403)


class NginxPageLimitTest(Scene):
    def test_guessing_is_slowed_down_and_addresses_of_pages_are_in_no_log(self):
        guesses = [secrets.token_hex(16) for _ in range(200)]
        connection = self.connection()
        seen = []
        for page in guesses:
            connection.request("GET", f"/a/{page}")
            response = connection.getresponse()
            response.read()
            seen.append(response.status)
        connection.close()
        self.assertEqual(set(seen), {404, 429})
        wait_until(lambda: self.nginx.access_log().count('"status":429') >= seen.count(429), what="all is logged")
        logs = "".join(path.read_text(encoding="utf-8") for path in self.nginx.root.glob("*.log"))
        self.assertIn('"uri":"/a/"', logs)
        for page in guesses:
            self.assertNotIn(page, logs)


if __name__ == "__main__":
    unittest.main(verbosity=2)
