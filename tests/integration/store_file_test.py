"""What `yingda serve` says and does when its store is in use, locked, full, damaged, newer, or may not be written."""
import http.client
import pathlib
import re
import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

from blackbox import PROGRAM, Server, free_port, signed_query, text_push, wait_until

UNAVAILABLE, WRONG_CONFIG = 69, 78
BUSY = "现在提问的人有点多"


def push(server, text):
    """The reply to one message (a text, or a push as a whole), on whichever of WeChat's three tries it came, and after
    how many seconds."""
    body = text_push(text) if isinstance(text, str) else text
    start = time.monotonic()
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        try:
            connection.request("POST", "/wx/main?" + signed_query(), body)
            return connection.getresponse().read().decode(), time.monotonic() - start
        except http.client.RemoteDisconnected:
            continue
        finally:
            connection.close()
    return "", time.monotonic() - start


def serve_and_fail(folder, store, code):
    """Starts a server that must refuse its store; what it said."""
    config = pathlib.Path(folder, "config.yml")
    for name in ("reply_rules", "filters/deny", "filters/allow"):
        pathlib.Path(folder, name).mkdir(parents=True, exist_ok=True)
    config.write_text(f"server: {{ listen: '127.0.0.1:{free_port()}', operations_listen: '127.0.0.1:{free_port()}' }}\n"
                      f"store: {{ sqlite: '{store}' }}\n"
                      "accounts:\n  - { name: main, token: blackboxToken, app_id: wx0123456789abcdef }\n",
                      encoding="utf-8")
    result = subprocess.run([PROGRAM, "serve", "-c", str(config)], capture_output=True, text=True, timeout=60)
    assert result.returncode == code, (result.returncode, result.stderr)
    return result.stderr


class RunningTest(unittest.TestCase):
    def test_a_second_server_on_the_store_is_refused_until_the_first_has_ended(self):
        with Server() as server, tempfile.TemporaryDirectory() as folder:
            store = server.root / "data/yingda.db"
            for _ in range(2):
                said = serve_and_fail(folder, store, UNAVAILABLE)
                self.assertIn(f"in use by another yingda (process {server.process.pid} on ", said)
                self.assertIn("stop that one first", said)
            self.assertIn("演示模型", push(server, "你好")[0])
            server.kill()
            server.start()  # nothing is left of the lock of one that was killed
            self.assertIn("演示模型", push(server, "你好")[0])

    def test_a_store_that_another_program_locks_delays_no_reply(self):
        with Server() as server:
            other = sqlite3.connect(server.root / "data/yingda.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            reply, seconds = push(server, "营业时间")
            self.assertIn("9:00–21:00", reply)
            self.assertLess(seconds, 1)
            self.assertIn("演示模型", push(server, "你好")[0])
            wait_until(lambda: "locked by another program" in server.log_text(), what="the lock is logged")
            other.execute("ROLLBACK")
            other.close()
            self.assertIn("演示模型", push(server, "你好")[0])
            wait_until(lambda: server.metric("yingda_store_owed") == 0, what="what was owed is written")

    def test_without_an_intent_log_a_locked_store_fails_questions_and_delays_no_keyword_reply(self):
        with Server(extra="store: { intent_log: 0 }\n") as server:
            other = sqlite3.connect(server.root / "data/yingda.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            reply, seconds = push(server, "你好")
            self.assertIn(BUSY, reply)
            self.assertLess(seconds, 4.5)
            reply, seconds = push(server, "营业时间")
            self.assertIn("9:00–21:00", reply)
            self.assertLess(seconds, 1)
            other.execute("ROLLBACK")
            other.close()
            self.assertIn("演示模型", push(server, "你好")[0])
            self.assertIn("locked by another program", server.log_text())

    def limit_files(self, server, limit):
        """No file of the server may grow over `limit` bytes: to it, the disk is full."""
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def grow_store(self, server):
        """The server's own log is a file, too, and is to have room: the limit shall lie between it and the store's."""
        other = sqlite3.connect(server.root / "data/yingda.db")
        with other:
            other.execute("INSERT INTO turns VALUES ('nobody', '', 1, 1, 'user', ?, '')", ("x" * 2**20,))
        return other

    def test_a_full_disk_fails_the_questions_that_cannot_be_kept_only_and_is_logged_once(self):
        with Server(extra="store: { intent_log: 0 }\n") as server:
            other = self.grow_store(server)
            self.limit_files(server, 2**19)
            for _ in range(3):
                self.assertIn(BUSY, push(server, "你好")[0])
                self.assertIn("9:00–21:00", push(server, "营业时间")[0])
            self.limit_files(server, resource.RLIM_INFINITY)
            other.close()
            self.assertIn("演示模型", push(server, "你好")[0])
            wait_until(lambda: "store.writes_again" in server.log_text(), what="the recovery is logged")
            self.assertEqual(len(re.findall("store.write_failed", server.log_text())), 1)
            self.assertIn("free space", server.log_text())

    def test_what_is_answered_on_a_full_disk_survives_a_kill_and_is_not_made_twice(self):
        with Server() as server:
            other = self.grow_store(server)
            self.limit_files(server, 2**19)
            body = text_push("你好")
            before = push(server, body)[0]
            self.assertIn("演示模型", before)
            wait_until(lambda: server.metric("yingda_store_owed") > 0, what="the disk refuses it")
            server.kill()
            other.close()
            server.start()
            self.assertEqual(push(server, body)[0], before)  # the same words with the same time: not asked anew


class StartTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.store = pathlib.Path(self.folder.name, "store.db")

    def fill(self):
        with Server(extra=f"store: {{ sqlite: '{self.store}' }}\n") as server:
            push(server, "营业时间")
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(timeout=20)

    def refused(self, code):
        before = self.store.read_bytes()
        said = serve_and_fail(self.folder.name, self.store, code)
        self.assertEqual(self.store.read_bytes(), before)
        self.assertIn(str(self.store), said)
        return said

    def test_a_damaged_store_is_refused_with_what_to_do(self):
        self.fill()
        data = self.store.read_bytes()
        self.store.write_bytes(data[:4096] + bytes(len(data) - 4096))
        said = self.refused(UNAVAILABLE)
        for words in ("the file is damaged", "move it away", "backup", ".recover"):
            self.assertIn(words, said)

    def test_a_store_of_a_newer_version_is_refused_with_both_versions(self):
        self.fill()
        with sqlite3.connect(self.store) as file:
            file.execute("PRAGMA user_version = 99")
        file.close()
        said = self.refused(WRONG_CONFIG)
        self.assertRegex(said, r"newer yingda \(its tables have version 99, this program knows \d+\)")

    def test_another_programs_file_is_refused(self):
        with sqlite3.connect(self.store) as file:
            file.execute("CREATE TABLE theirs (a TEXT)")
        file.close()
        self.assertIn("belongs to another program; name another file", self.refused(WRONG_CONFIG))

    def test_a_place_that_cannot_be_written_is_named(self):
        self.store.write_text("no folder")
        said = serve_and_fail(self.folder.name, self.store / "below.db", UNAVAILABLE)
        self.assertIn("Not a directory", said)
        self.assertIn("name a place that the user yingda runs as may write", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
