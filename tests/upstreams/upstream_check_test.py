"""`yingda check --online` against an upstream that nobody here wrote: what it tells an operator of each thing that is wrong."""
import json
import pathlib
import subprocess
import tempfile
import time
import unittest

from blackbox import PROGRAM, free_port
from upstream_servers import AiMock, FaultServer, start_all

KEY = "sk-check-0123456789"
PROSE = "upstream prose"
SAYS = "你好"


def error(status, code):
    return {"response": {"error": {"message": PROSE, "type": code, "code": code}, "status": status}}


# By model: what aimock does, and what the check says of it.
CASES = {
    "well": ({"response": {"content": SAYS}}, ["正常", "首字 0.", "没有思考", "报告了用量"]),
    "thinker": ({"response": {"content": SAYS, "reasoning": "想一想"}}, ["先思考再回答", "extra_body"]),
    "inline": ({"response": {"content": f"<think>\n想一想\n</think>\n\n{SAYS}"}, "chunkSize": 5}, ["先思考再回答"]),
    "slow": ({"response": {"content": SAYS}, "streamingProfile": {"ttft": 5000, "tps": 50}}, ["首字 5.", "第二、三次推送"]),
    "bad_key": (error(401, "invalid_api_key"), ["✗", "不接受 api_key", "status 401"]),
    "no_money": (error(429, "insufficient_quota"), ["✗", "充值"]),
    "limited": (error(429, "rate_limit_exceeded"), ["✗", "太频繁"]),
    "busy": (error(503, "server_error"), ["✗", "模型服务忙"]),
    "listed": (error(404, "model_not_found"), ["✗", "listed 在模型列表里"]),
    "policy": (error(400, "content_filter"), ["✗", "内容审核"]),
    "malformed": ({"response": {"content": SAYS}, "chaos": {"malformedRate": 1}}, ["✗"]),
    "disconnect": ({"response": {"content": SAYS}, "chaos": {"disconnectRate": 1}}, ["✗", "没有得到回答"]),
}


class UpstreamCheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="yingda-check-")
        root = pathlib.Path(cls.folder.name)
        fixtures = [{"match": {"model": name}, **fixture} for name, (fixture, _) in CASES.items()]
        fixtures.append({"match": {}, **error(404, "model_not_found")})  # any other model
        cls.mock = AiMock(root, "aimock", fixtures)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.mock.stop)
        start_all([cls.mock])
        faults = FaultServer()
        cls.addClassCleanup(faults.stop)
        upstreams = [{"name": name, "base_url": cls.mock.base_url, "model": name} for name in CASES]
        upstreams += [
            {"name": "ghost", "base_url": cls.mock.base_url, "model": "ghost"},
            {"name": "wrong_path", "base_url": cls.mock.base_url + "/chat", "model": "well"},
            {"name": "web_page", "base_url": faults.base_url("html"), "model": "well"},
            {"name": "nobody", "base_url": f"http://127.0.0.1:{free_port()}/v1", "model": "well"},
            {"name": "unconnectable", "base_url": faults.base_url("unconnectable"), "model": "well"},
            {"name": "no_tls", "base_url": cls.mock.base_url.replace("http:", "https:"), "model": "well"},
        ]
        for folder in ("reply_rules", "filters/deny", "filters/allow"):
            (root / folder).mkdir(parents=True)
        config = root / "config.yml"
        # What JSON is, YAML is too.
        config.write_text(json.dumps({"accounts": [{"name": "main", "token": "checkToken"}],
                                      "upstreams": [{**upstream, "api_key": KEY} for upstream in upstreams]}))
        begin = time.monotonic()
        cls.result = subprocess.run([PROGRAM, "check", "--online", "-c", config], capture_output=True, text=True, timeout=100)
        cls.seconds = time.monotonic() - begin
        cls.calls = [entry["body"]["model"] for entry in cls.mock.journal() if entry["path"].endswith("/completions")]

    def said_of(self, name):
        return "\n".join(line for line in self.result.stdout.splitlines() if f"模型 {name}：" in line)

    def test_each_fault_is_said_in_words(self):
        for name, (_, parts) in CASES.items():
            for part in parts:
                self.assertIn(part, self.said_of(name), name)
            self.assertEqual(self.said_of(name).startswith("✗"), "✗" in parts, self.said_of(name))

    def test_addresses_that_are_wrong_are_told_apart(self):
        self.assertIn(f"请改成 {self.mock.base_url} ", self.said_of("wrong_path"))
        self.assertIn("那里是网页", self.said_of("web_page"))
        self.assertIn("连不上", self.said_of("nobody"))
        self.assertIn("连接超时", self.said_of("unconnectable"))
        self.assertIn("https", self.said_of("no_tls"))

    def test_a_model_that_is_not_there_is_said_with_some_that_are(self):
        self.assertRegex(self.said_of("ghost"), r"没有 ghost 这个模型.*地址是对的.*那里有：\w+(、\w+){4} 等 \d+ 个")

    def test_something_wrong_exits_with_1_and_nothing_secret_or_foreign_is_printed(self):
        self.assertEqual(self.result.returncode, 1)
        for text in (KEY, PROSE, SAYS):
            self.assertNotIn(text, self.result.stdout + self.result.stderr)

    def test_each_is_asked_once_and_all_at_the_same_time(self):
        for name in CASES:
            wanted = 1 if name != "well" else self.calls.count("well")  # asked under other addresses, too
            self.assertEqual(self.calls.count(name), wanted, name)
        self.assertLess(self.seconds, 30)  # the slowest takes five, and a connection is waited for three


if __name__ == "__main__":
    unittest.main(verbosity=2)
