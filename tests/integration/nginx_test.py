"""The shipped nginx configuration in front of the built server: Debian's nginx, on high ports, with a certificate of the test's own."""
import http.client
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time
import unittest

from blackbox import SOURCE, Server, free_port, signed_query, text_push, wait_until


class Nginx:
    """The configuration as shipped, but for addresses and folders."""

    def __init__(self, server, *changes):
        self.root = server.root / "nginx"
        self.root.mkdir()
        self.plain_port, self.tls_port = free_port(), free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bot.example.com",
                        "-keyout", self.root / "key.pem", "-out", self.root / "chain.pem"], check=True, capture_output=True)
        site = (SOURCE / "nginx/yingda.conf").read_text(encoding="utf-8")
        for old, new in [("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
                         ("listen [::]:80;", ""),
                         ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.tls_port} ssl http2;"),
                         ("listen [::]:443 ssl http2;", ""),
                         ("127.0.0.1:8080", f"127.0.0.1:{server.port}"),
                         ("/etc/nginx/tls/fullchain.pem", str(self.root / "chain.pem")),
                         ("/etc/nginx/tls/privkey.pem", str(self.root / "key.pem")),
                         ("/var/log/nginx/", f"{self.root}/"), *changes]:
            assert old in site, f"the shipped configuration has no {old}"
            site = site.replace(old, new)
        temp = "".join(f"{name}_temp_path {self.root}/{name};\n" for name in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.root / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self.root}/pid; error_log {self.root}/main-error.log;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{\n{temp}{site}}}\n", encoding="utf-8")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(self.root / "nginx.conf"), "-p", str(self.root)],
                                        stderr=subprocess.PIPE)
        wait_until(self.listening, what="nginx listens")

    def listening(self):
        if self.process.poll() is not None:
            raise AssertionError("nginx ended: " + self.process.stderr.read().decode())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.tls_port)) == 0

    def access_log(self):
        return (self.root / "yingda.log").read_text(encoding="utf-8")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


class NginxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.__enter__()
        cls.nginx = Nginx(cls.server)
        cls.addClassCleanup(cls.nginx.stop)

    def connection(self, tls, timeout=10):
        if not tls:
            return http.client.HTTPConnection("127.0.0.1", self.nginx.plain_port, timeout=timeout)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.nginx.tls_port, timeout=timeout, context=context)

    def request(self, method, path, body=None, tls=True, timeout=10):
        connection = self.connection(tls, timeout)
        try:
            connection.request(method, path, body, {"Content-Type": "text/xml"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def test_verification_passes_on_both_ports(self):
        for tls in (True, False):
            status, body = self.request("GET", "/wx/main?" + signed_query(echostr="4375120948345356249"), tls=tls)
            self.assertEqual((status, body), (200, b"4375120948345356249"))

    def test_wrong_signature_gets_an_empty_403(self):
        status, body = self.request("GET", "/wx/main?" + signed_query(token="wrong", echostr="1"))
        self.assertEqual((status, body), (403, b""))

    def test_keyword_reply_comes_through_on_both_ports(self):
        for tls in (True, False):
            status, body = self.request("POST", "/wx/main?" + signed_query(), text_push("营业时间"), tls=tls)
            self.assertEqual(status, 200)
            self.assertIn("9:00–21:00", body.decode())

    def test_held_push_outlives_its_client_and_the_second_try_is_answered(self):
        push = text_push("慢一点 7 秒", follower="oHeld")
        started = time.monotonic()
        with self.assertRaises(TimeoutError):
            self.request("POST", "/wx/main?" + signed_query(), push, timeout=5)
        self.assertGreaterEqual(time.monotonic() - started, 4.9)
        status, body = self.request("POST", "/wx/main?" + signed_query(), push, timeout=5)
        self.assertEqual(status, 200)
        self.assertIn("演示模型", body.decode())
        wait_until(lambda: '"status":499' in self.nginx.access_log(), what="nginx logs that the client left")
        # The counter follows the reply's bytes.
        wait_until(lambda: self.server.metric('yingda_answers_total{way="try2"}') == 1, what="the second try is counted")

    def test_body_over_the_limit_is_refused(self):
        status, _ = self.request("POST", "/wx/main?" + signed_query(), b"x" * (300 * 1024))
        self.assertEqual(status, 413)

    def test_body_of_64_kilobytes_gets_a_proper_reply(self):
        status, body = self.request("POST", "/wx/main?" + signed_query(), text_push("长" * 21000))
        self.assertEqual(status, 200)
        self.assertIn("太长了", body.decode())

    def test_other_methods_and_paths_stay_outside(self):
        self.assertEqual(self.request("DELETE", "/wx/main")[0], 403)
        self.assertEqual(self.request("GET", "/metrics")[0], 404)
        self.assertEqual(self.request("GET", "/anything", tls=False)[0], 301)

    def test_query_strings_are_in_no_log(self):
        self.request("POST", "/wx/main?" + signed_query(openid="oSecretFollower"), text_push("营业时间"))
        wait_until(lambda: '"uri":"/wx/main"' in self.nginx.access_log(), what="the request is logged")
        logs = self.nginx.access_log() + self.server.log_text()
        for path in self.nginx.root.glob("*error.log"):
            logs += path.read_text(encoding="utf-8")
        self.assertIsNone(re.search(r"signature=|nonce=|openid|oSecretFollower", logs))


if __name__ == "__main__":
    unittest.main(verbosity=2)
