"""SIGKILL while a hundred questions are with the model: after the restart each follower has the answer, once."""
import http.client
import re
import threading
import time
import unittest

from blackbox import Exchange, Server, signed_query, text_push, wait_until

QUESTIONS = 100


class Follower(threading.Thread):
    """WeChat's side of one question, by the real clock: tries at 0, 5 and 10 s, then 继续 until there is an answer."""

    def __init__(self, server, number):
        super().__init__()
        self.server, self.number, self.seen = server, number, []

    def push(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        try:
            connection.request("POST", "/wx/main?" + signed_query(), body)
            response = connection.getresponse()
            return response.read().decode() if response.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def ask(self, text):
        body = text_push(text, follower=f"oKill{self.number}", message_id=10**9 + self.number * 1000 + len(self.seen))
        start = time.monotonic()
        for number in range(3):
            # As WeChat's are, the tries are five seconds apart; this wait is the story, not a synchronisation.
            threading.Event().wait(max(0.0, start + 5 * number - time.monotonic()))
            reply = self.push(body)
            if reply:
                self.seen.append(reply)
                return
        self.seen.append("")

    def answered(self):
        return [text for text in self.seen if f"问题{self.number}号" in text and "演示模型" in text]

    def run(self):
        self.ask(f"慢一点 8 秒，问题{self.number}号")
        for _ in range(8):
            if self.answered():
                return
            self.ask("继续")


class KillTest(unittest.TestCase):
    def test_every_question_is_answered_once_after_a_kill(self):
        with Server() as server:
            followers = [Follower(server, number) for number in range(QUESTIONS)]
            for follower in followers:
                follower.start()
            wait_until(lambda: server.metric("yingda_jobs") == QUESTIONS, what="all questions are being worked on")
            server.kill()
            server.start()
            for follower in followers:
                follower.join()
            for follower in followers:
                self.assertEqual(len(follower.answered()), 1, follower.seen)
            # Nothing is left that a further 继续 would give a second time.
            for follower in followers[:10]:
                follower.ask("继续")
                self.assertRegex(follower.seen[-1], "没有更多内容")

    def test_what_was_asked_before_a_kill_counts_after_it(self):
        server = Server()
        server.config.write_text(server.config.read_text(encoding="utf-8").replace(
            "upstreams: [main] }", "upstreams: [main], quotas: { follower_per_day: 2, staff: [oStaff] } }"),
            encoding="utf-8")
        with server:
            self.assertIn("问题甲", Exchange(server.port, "main", "oQuota", "问题甲").text)
            slow = Follower(server, 1)
            push = text_push("慢一点 8 秒，问题乙", follower="oQuota", message_id=1)
            asking = threading.Thread(target=slow.push, args=(push,))
            asking.start()
            wait_until(lambda: server.metric('yingda_model_in_flight{upstream="main"}') == 1, what="the model is asked")
            server.kill()
            asking.join()
            server.start()
            self.assertEqual(server.metric('yingda_quota_messages_today{account="main"}'), 2)
            self.assertIn("今天", Exchange(server.port, "main", "oQuota", "问题丙").text)
            self.assertIn("问题丁", Exchange(server.port, "main", "oStaff", "问题丁").text)
            self.assertEqual(server.metric('yingda_quota_messages_today{account="main"}'), 2)

    def test_graceful_stop_ends_with_0_and_keeps_what_was_asked(self):
        with Server() as server:
            follower = Follower(server, 1)
            follower.start()
            wait_until(lambda: server.metric("yingda_jobs") == 1, what="the question is being worked on")
            server.process.terminate()
            self.assertEqual(server.process.wait(timeout=20), 0)
            server.start()
            follower.join()
            self.assertEqual(len(follower.answered()), 1, follower.seen)


if __name__ == "__main__":
    unittest.main(verbosity=2)
