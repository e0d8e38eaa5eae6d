"""Files change all the time, a third of the edits broken, while two processes push: no reply is lost, wrong or of half a set."""
import contextlib
import http.client
import json
import multiprocessing
import os
import subprocess
import threading
import time
import unittest
import xml.etree.ElementTree

from blackbox import PROGRAM, Server, get, signed_query, text_push, wait_until

# What a release build does in seconds takes one with sanitizers minutes.
EDITS = int(os.environ.get("YINGDA_RELOAD_EDITS", "40"))
BIG = int(os.environ.get("YINGDA_RELOAD_SIZE", "3000"))
KEYWORDS = [f"问题{i}号" for i in range(12)]
EITHER = "今天的暗语"  # a rule of even kinds, a denied word of odd ones: never neither
BLOCKED = "这句不行"
DEADLINE = 4.5


def reply_of(number, keyword):
    return f"第{number}版，{keyword}"


def rule_file(number, odd, more=""):
    keywords = KEYWORDS + ([] if odd else [EITHER])
    return "".join(f"- keywords: [{word}]\n  match: exact\n  reply: {reply_of(number, word)}\n" for word in keywords) + more


def save(path, number, text):
    """As editors do: by rename, as vim with its backup, in place; and as an upload that pauses where a rule ends."""
    beside = path.with_name(path.name + "~")
    if number % 20 == 10:
        half = text.index("- ", len(text) // 2)
        with path.open("w", encoding="utf-8") as file:
            file.write(text[:half])
            file.flush()
            threading.Event().wait(0.15)  # five times the debounce
            file.write(text[half:])
        return
    if number % 6 == 0:
        beside.write_text(text, encoding="utf-8")
        beside.rename(path)
        return
    if number % 6 == 2:
        path.rename(beside)
    path.write_text(text, encoding="utf-8")
    beside.unlink(missing_ok=True)


def push_all_the_time(port, first_id, stop, results):
    """One process of pushes over one connection, each checked; what was wrong goes back with the times that all took."""
    wrong, seconds, newest, replies = [], [], 0, 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    query = signed_query()
    while not stop.is_set() and len(wrong) < 10:
        for word in KEYWORDS + [EITHER]:
            begin = time.monotonic()
            try:
                connection.request("POST", "/wx/main?" + query, text_push(word, message_id=first_id + replies))
                response = connection.getresponse()
                body = response.read()
            except OSError as error:
                wrong.append(f"lost: {error!r}")
                continue
            seconds.append(time.monotonic() - begin)
            stop.wait(0.001)  # not so fast that the pushers are what takes all the time there is
            replies += 1
            text = xml.etree.ElementTree.fromstring(body).findtext("Content") if response.status == 200 else response.status
            if word == EITHER and text == BLOCKED:
                continue
            number, _, rest = str(text).removeprefix("第").partition("版，")
            if rest != word or not number.isdigit():
                wrong.append(f"{word}: {text}")
            elif int(number) % 3 == 2 or int(number) < newest:
                wrong.append(f"{word}: {text} after {newest}")
            else:
                newest = int(number)
    connection.close()
    results.put((wrong, seconds))


class Pushers:
    def __init__(self, port, count=2):
        fork = multiprocessing.get_context("fork")
        self.stop, self.results = fork.Event(), fork.Queue()
        self.processes = [fork.Process(target=push_all_the_time, args=(port, (i + 1) * 10**9, self.stop, self.results))
                          for i in range(count)]
        for process in self.processes:
            process.start()

    def end(self):
        self.stop.set()
        results = [self.results.get(timeout=60) for _ in self.processes]
        for process in self.processes:
            process.join()
        return [line for wrong, _ in results for line in wrong], sorted(second for _, some in results for second in some)


class EditedServer(Server):
    """Its rules and words lie together below one link, which is switched as deployments do."""

    def __init__(self):
        super().__init__(extra="reload: { debounce: 30ms }\n")
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("upstreams: [main]", "upstreams: [main], rules: live/rules, filters: live/filters, "
                                            f"texts: {{ blocked_question: {BLOCKED} }}"), encoding="utf-8")
        self.switch(0, odd=False)

    def version(self, number):
        return self.root / f"v{number}"

    def switch(self, number, odd, rules="", words=""):
        folder = self.version(number)
        for name in ("rules", "filters/deny", "filters/allow"):
            (folder / name).mkdir(parents=True)
        (folder / "rules/main.yml").write_text(rule_file(number, odd, rules), encoding="utf-8")
        (folder / "filters/deny/words.txt").write_text("网络博彩平台\n" + (EITHER + "\n" if odd else "") + words, encoding="utf-8")
        (self.root / "next").symlink_to(folder.name)
        (self.root / "next").rename(self.root / "live")

    def status(self):
        return json.loads(get(self.operations_port, "/status")[1])

    def account(self):
        return self.status()["accounts"][0]

    def says(self, number):
        with contextlib.suppress(OSError):
            return reply_of(number, KEYWORDS[0]) in get(self.operations_port, f"/test?account=main&msg={KEYWORDS_QUERY}")[1]
        return False


KEYWORDS_QUERY = "".join(f"%{byte:02X}" for byte in KEYWORDS[0].encode())


class ReloadTest(unittest.TestCase):
    def test_every_reply_is_of_one_whole_version_while_files_change_and_break(self):
        with EditedServer() as server:
            pushers = Pushers(server.port)
            odd = False
            for number in range(1, EDITS + 1):
                broken = "- keywords: [坏]\n  match: nonsense\n  reply: x\n" if number % 3 == 2 else ""
                if number % 2 == 0:
                    live = (server.root / "live").resolve() / "rules/main.yml"
                    save(live, number, rule_file(number, odd, broken))
                else:
                    odd = not odd
                    server.switch(number, odd, broken)
                if number % 7 == 0:
                    wait_until((lambda: "failed" in server.account()) if broken else (lambda: server.says(number)),
                               seconds=30, what=f"version {number} is in force or refused")
                else:
                    threading.Event().wait(0.012)  # the pace of the edits, not a wait for anything
            last = EDITS + 3 - EDITS % 3
            server.switch(last - 1, odd=False, rules="- keywords: [坏]\n  match: nonsense\n  reply: x\n")
            wait_until(lambda: "failed" in server.account(), what="the broken version is told")
            status = subprocess.run([PROGRAM, "status", "-c", server.config], capture_output=True, text=True, timeout=60)
            self.assertEqual(status.returncode, 1, status.stdout + status.stderr)
            self.assertRegex(status.stdout, r"main\.yml:\d+:\d+: ")
            server.switch(last, odd=False)
            wait_until(lambda: server.says(last), what="the last version is in force")
            wrong, seconds = pushers.end()
            self.assertEqual(wrong, [])
            self.assertLess(seconds[-1], DEADLINE)
            self.assertNotIn("failed", server.account())
            failed = server.metric('yingda_reload_total{account="main",result="failed",what="rules_and_words"}')
            loaded = server.metric('yingda_reload_total{account="main",result="ok",what="rules_and_words"}')
            self.assertGreaterEqual(failed, EDITS // 40)
            self.assertGreaterEqual(loaded, EDITS // 14)
            self.assertEqual(server.account()["generation"], loaded + 1)
            status = subprocess.run([PROGRAM, "status", "-c", server.config], capture_output=True, text=True, timeout=60)
            self.assertEqual(status.returncode, 0, status.stdout + status.stderr)
            print(f"{len(seconds)} pushes, {loaded:.0f} versions loaded, {failed:.0f} refused, "
                  f"slowest {seconds[-1] * 1000:.1f} ms")

    def test_no_push_waits_while_many_rules_and_words_load(self):
        rules = "".join(f"- keywords: [关键词{i}号]\n  reply: 好的\n" for i in range(BIG))
        words = "".join(f"敏感的词{i}号\n" for i in range(BIG))
        with EditedServer() as server:
            pushers = Pushers(server.port)
            begin = time.monotonic()
            server.switch(3, odd=False, rules=rules, words=words)
            wait_until(lambda: server.says(3), seconds=120, what="the many are in force")
            took = time.monotonic() - begin
            account = server.account()
            wrong, seconds = pushers.end()
            self.assertEqual(wrong, [])
            self.assertLess(seconds[-1], DEADLINE)
            self.assertEqual((account["rules"], account["words"]), (BIG + len(KEYWORDS) + 1, BIG + 1))
            print(f"{BIG} rules and {BIG} words in force after {took:.1f} s; {len(seconds)} pushes meanwhile, p99 "
                  f"{seconds[len(seconds) * 99 // 100] * 1000:.1f} ms, slowest {seconds[-1] * 1000:.1f} ms")

    def test_load_that_hangs_keeps_neither_followers_nor_the_end_waiting(self):
        with EditedServer() as server:
            pipe = server.root / "secret"
            os.mkfifo(pipe)
            text = server.config.read_text(encoding="utf-8")
            server.config.write_text(text.replace("app_id:", "app_secret_file: secret, app_id:"), encoding="utf-8")
            opened = []

            def is_read():
                with contextlib.suppress(OSError):
                    opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
                return opened

            wait_until(is_read, what="the server waits for what comes out of the pipe")
            self.addCleanup(os.close, opened[0])
            self.assertTrue(server.says(0))
            begin = time.monotonic()
            server.process.terminate()
            self.assertEqual(server.process.wait(timeout=30), 0)
            self.assertIn("reload_left_behind", server.log_text())
            self.assertIn("stopped", server.log_text())
            print(f"ended after {time.monotonic() - begin:.1f} s")

    def test_status_of_a_server_that_is_not_there_exits_with_69(self):
        server = Server()
        self.addCleanup(server.folder.cleanup)
        result = subprocess.run([PROGRAM, "status", "-c", server.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 69)
        self.assertIn(str(server.operations_port), result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
