"""The command line as a person meets it: what it prints, where mistakes are, and how it exits."""
import http.server
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import unittest

from blackbox import PROGRAM, SOURCE, Server, free_port, get, wait_until


def run(*arguments, cwd=SOURCE, text=None, **environment):
    return subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, input=text, timeout=60,
                          env={**os.environ, **environment})


class HelpTest(unittest.TestCase):
    def test_every_command_explains_itself(self):
        for command in ([], ["serve"], ["check"], ["explain"], ["chat"], ["demo-model"], ["rules", "import"], ["stats"],
                        ["status"], ["words", "import"]):
            result = run(*command, "--help")
            self.assertEqual(result.returncode, 0, command)
            self.assertIn("--help", result.stdout)

    def test_wrong_command_lines_exit_with_64(self):
        for arguments in ([], ["dance"], ["explain"], ["serve", "--no-such-option"]):
            self.assertEqual(run(*arguments).returncode, 64, arguments)


class CheckTest(unittest.TestCase):
    def test_shipped_files_are_good(self):
        result = run("check", "-c", "config.yml")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("warning", result.stderr)
        self.assertIn("all good", result.stdout)

    def check_config(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "config.yml")
            path.write_text(text, encoding="utf-8")
            result = run("check", "-c", path)
            return result.returncode, result.stderr.replace(str(path), "config.yml")

    def test_missing_file_is_named(self):
        result = run("check", "-c", "/nonexistent/config.yml")
        self.assertEqual(result.returncode, 78)
        self.assertIn("/nonexistent/config.yml", result.stderr)

    def test_unknown_key_has_place_and_suggestion(self):
        code, errors = self.check_config("server:\n  lisen: 127.0.0.1:1\naccounts: [{name: a, token: abcdef}]\n")
        self.assertEqual(code, 78)
        self.assertIn("config.yml:2:3:", errors)
        self.assertIn("listen", errors)

    def test_all_mistakes_come_at_once(self):
        code, errors = self.check_config("window: { tries: 7 }\nstore: { max_queued_writes: many }\n"
                                         "accounts: [{name: a, mode: safe, token: abcdef}]\n")
        self.assertEqual(code, 78)
        for place in ("config.yml:1:", "config.yml:2:", "config.yml:3:"):
            self.assertIn(place, errors)

    def test_secret_from_the_environment_is_required_by_name(self):
        code, errors = self.check_config("accounts: [{name: a, token: '${NO_SUCH_TOKEN}'}]\n")
        self.assertEqual(code, 78)
        self.assertIn("NO_SUCH_TOKEN", errors)

    def test_broken_rule_file_is_named_with_line_and_column(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "reply_rules").mkdir()
            (root / "filters/deny").mkdir(parents=True)
            (root / "filters/allow").mkdir()
            (root / "filters/deny/a.txt").write_text("网络博彩平台\n", encoding="utf-8")
            (root / "reply_rules/a.yml").write_text("- keywords: [好]\n  match: regexx\n  reply: x\n", encoding="utf-8")
            (root / "config.yml").write_text("accounts: [{name: a, token: abcdef}]\n", encoding="utf-8")
            result = run("check", "-c", root / "config.yml")
            self.assertEqual(result.returncode, 1)
            self.assertIn("a.yml:2:10:", result.stderr)


    def test_warnings_come_sorted_and_counted_and_fail_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "reply_rules").mkdir()
            (root / "filters/deny").mkdir(parents=True)
            (root / "filters/allow").mkdir()
            (root / "filters/deny/a.txt").write_text("网络博彩平台\n", encoding="utf-8")
            (root / "reply_rules/b.yml").write_text(
                "- keywords: [营业]\n  priority: 1\n  reply: <a>x\n- keywords: [营业时间]\n  reply: 来网络博彩平台\n"
                "- keywords: [继续]\n  reply: x\n", encoding="utf-8")
            (root / "reply_rules/a.yml").write_text("- keywords: [图片一]\n  reply: {image: MEDIA_ID}\n", encoding="utf-8")
            (root / "config.yml").write_text("accounts: [{name: a, token: abcdef}]\n", encoding="utf-8")
            result = run("check", "-c", root / "config.yml")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("6 warnings", result.stdout)
            places = [line.split("reply_rules/")[1].split(": ")[0].rsplit(":", 1)[0] for line in result.stderr.splitlines()]
            self.assertEqual(places, ["a.yml:2", "b.yml:3", "b.yml:3", "b.yml:4", "b.yml:5", "b.yml:6"])
            for text in ("MEDIA_ID", "没有 href", "永远轮不到", "网络博彩平台", "抢走指令“继续”"):
                self.assertIn(text, result.stderr)


class FakeConsole(http.server.BaseHTTPRequestHandler):
    """The two interfaces of WeChat's that an import needs."""
    replies = (SOURCE / "tests/data/autoreply/console.json").read_bytes()

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b'{"access_token": "TOKEN-1", "expires_in": 7200}')

    def do_GET(self):
        good = self.path == "/cgi-bin/get_current_autoreply_info?access_token=TOKEN-1"
        self.answer(self.replies if good else b'{"errcode": 40001, "errmsg": "invalid credential"}')

    def log_message(self, *arguments):
        pass


class RulesImportTest(unittest.TestCase):
    console = SOURCE / "tests/data/autoreply/console.json"
    expected = (SOURCE / "tests/data/autoreply/console.yml").read_text(encoding="utf-8")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "reply_rules").mkdir()
        self.config = self.root / "config.yml"
        self.config.write_text("accounts: [{name: a, token: abcdef}]\n", encoding="utf-8")
        self.output = self.root / "reply_rules/imported.yml"

    def test_a_file_becomes_rules_beside_the_others_whose_conflicts_are_told(self):
        (self.root / "reply_rules/a.yml").write_text("- event: subscribe\n  reply: 欢迎\n", encoding="utf-8")
        result = run("rules", "import", self.console, "-c", self.config)
        self.assertEqual(result.returncode, 0, result.stderr)
        raised = "  name: 关注后的回复\n  priority: 1  # 排到 a.yml 的“subscribe”前面\n"
        self.assertEqual(self.output.read_text(encoding="utf-8"), self.expected.replace("  name: 关注后的回复\n", raised))
        self.assertIn("9 条规则", result.stdout)
        self.assertIn("这张图片的编号是临时的", result.stdout)
        self.assertIn("a.yml 的“subscribe”本来会抢在它前面", result.stdout)
        self.assertRegex(result.stderr, "a.yml:1:\\d+: “subscribe”已经写在")
        self.assertEqual([], [path for path in (self.root / "reply_rules").iterdir() if path.name.startswith(".")])

    def test_a_file_that_is_there_stays_unless_forced(self):
        self.output.write_text("- keywords: [自己写的]\n  reply: x\n", encoding="utf-8")
        before = self.output.read_bytes()
        result = run("rules", "import", self.console, "-c", self.config)
        self.assertEqual(result.returncode, 1)
        self.assertIn("--force", result.stderr)
        self.assertEqual(self.output.read_bytes(), before)
        self.assertEqual(run("rules", "import", self.console, "-c", self.config, "--force").returncode, 0)
        self.assertEqual(self.output.read_text(encoding="utf-8"), self.expected)

    def test_what_is_no_answer_of_the_interface_writes_nothing(self):
        for text in ("<html>", '{"errcode": 48001, "errmsg": "api unauthorized"}', "{}"):
            (self.root / "x.json").write_text(text, encoding="utf-8")
            result = run("rules", "import", self.root / "x.json", "-c", self.config)
            self.assertEqual(result.returncode, 1, text)
            self.assertIn("x.json: ", result.stderr)
        self.assertFalse(self.output.exists())
        self.assertEqual(run("rules", "import", "-c", self.config).returncode, 64)

    def test_online_it_asks_wechat(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), FakeConsole)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.config.write_text(
            f"accounts: [{{name: a, token: abcdef, app_id: wx0123456789abcdef, app_secret: {'0' * 32}, "
            f"api_base: 'http://127.0.0.1:{server.server_port}'}}]\n", encoding="utf-8")
        result = run("rules", "import", "--online", "-c", self.config)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.output.read_text(encoding="utf-8"), self.expected)


class ExplainTest(unittest.TestCase):
    def test_rule_is_named_with_its_place(self):
        result = run("explain", "营业时间")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("reply_rules/default.yml:", result.stdout)

    def test_word_is_named_with_its_place(self):
        result = run("explain", "--json", "我想找网络博彩平台")
        self.assertIn("default.txt:", result.stdout)
        self.assertIn('"route": "words"', result.stdout)

    def test_events_are_explained_too(self):
        result = run("explain", "--event", "subscribe", "--key", "door-7")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("欢迎关注", result.stdout)
        self.assertIn("reply_rules/default.yml:", result.stdout)
        self.assertIn("--event click --key", run("explain", "--help").stdout)
        for wrong in ((), ("--key", "a"), ("--event", "click", "一句话")):
            self.assertEqual(run("explain", *wrong).returncode, 64, wrong)

    def test_everything_else_goes_to_the_model(self):
        self.assertIn('"action": "ask_model"', run("explain", "--json", "今天天气怎么样").stdout)

    def test_unknown_account_lists_the_known_ones(self):
        result = run("explain", "-a", "nobody", "x")
        self.assertEqual(result.returncode, 64)
        self.assertIn("main", result.stderr)


class WordsTest(unittest.TestCase):
    def test_a_list_of_others_becomes_one_of_ours_and_is_not_written_over_another(self):
        with tempfile.TemporaryDirectory() as folder:
            old, new = pathlib.Path(folder, "old.txt"), pathlib.Path(folder, "new.txt")
            old.write_bytes("网络博彩,\r\n客服\n黄\n网络博彩\n".encode("gb18030"))
            result = run("words", "import", old, "-o", new, "--tag", "赌博")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("读到 4 个词，留下 1 个，没有用 3 个", result.stderr)
            self.assertIn("old.txt:3 黄", result.stderr)
            written = new.read_text(encoding="utf-8")
            self.assertEqual(written.splitlines()[1:], ["#! level=mask tag=赌博", "网络博彩", "# 日常用词，没有启用：客服"])
            again = run("words", "import", old, "-o", new)
            self.assertEqual(again.returncode, 1)
            self.assertIn("--force", again.stderr)
            self.assertEqual(new.read_text(encoding="utf-8"), written)
            self.assertEqual(run("words", "import", old, "-o", new, "--force").returncode, 0)
            self.assertEqual(run("words", "import", old, "--format", "xml").returncode, 64)


class ServeAndChatTest(unittest.TestCase):
    def test_conversation_from_verification_to_the_second_try(self):
        with Server() as server:
            result = run("chat", "-c", server.config, "--verify", "营业时间", "网络博彩平台", "慢一点 6.5 秒")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("通过", result.stdout)
            self.assertIn("9:00–21:00", result.stdout)
            self.assertIn("不方便讨论", result.stdout)
            self.assertRegex(result.stdout, "第 2 次推送.*演示模型")
            interactive = run("chat", "-c", server.config, text="营业时间\n/关注\n")
            self.assertEqual(interactive.returncode, 0)
            self.assertIn("9:00–21:00", interactive.stdout)

    def test_stats_of_a_running_server_outlive_its_restart(self):
        with Server() as server:
            run("chat", "-c", server.config, "营业时间", "营业时间", "网络博彩平台", "你们在哪里")
            result = run("stats", "-c", server.config, "--days", 1)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertRegex(result.stdout, "消息去向")
            self.assertRegex(result.stdout, " 2  营业时间 .*rules.yml:1\n")
            self.assertRegex(result.stdout, " 1  deny/.*txt *拦截")
            self.assertIn("log.content", result.stdout)
            self.assertNotIn("你们在哪里", result.stdout)
            server.stop()
            server.start()
            run("chat", "-c", server.config, "营业时间")
            stats = json.loads(run("stats", "-c", server.config, "--json").stdout)
            self.assertEqual(stats["rules"][0]["messages"], 3)
            self.assertEqual(stats["messages"]["model"], 1)
            self.assertEqual(get(server.operations_port, "/stats?days=31")[0], 400)
            self.assertEqual(get(server.operations_port, "/stats?account=nobody")[0], 404)
            nobody = run("stats", "-c", server.config, "--account", "nobody")
            self.assertEqual(nobody.returncode, 64)
            self.assertIn("有的是：main", nobody.stderr)
            with server.config.open("a", encoding="utf-8") as config:
                config.write("accounts: [\n")  # as somebody left it, while the server goes on
            for command in ("stats", "status"):
                result = run(command, "-c", server.config)
                self.assertIn("账号 main", result.stdout, result.stderr)
                self.assertIn("yingda check", result.stderr)

    def test_stats_without_a_server_say_so(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, "config.yml")
            config.write_text(f'server: {{ operations_listen: "127.0.0.1:{free_port()}" }}\n'
                              "accounts: [{name: a, token: abcdef}]\n", encoding="utf-8")
            result = run("stats", "-c", config)
        self.assertEqual(result.returncode, 69)
        self.assertIn("operations_listen", result.stderr)

    def test_chat_without_a_server_says_so_and_fails(self):
        result = run("chat", "--url", f"http://127.0.0.1:{free_port()}/wx/main", "--verify")
        self.assertEqual(result.returncode, 1)
        self.assertIn("失败", result.stdout)

    def test_port_in_use_is_named(self):
        with Server() as server:
            other = server.root / "other.yml"
            config = server.config.read_text(encoding="utf-8") + "store: { sqlite: other.db }\n"
            other.write_text(config, encoding="utf-8")
            result = run("serve", "-c", other)
            self.assertEqual(result.returncode, 69)
            self.assertIn(str(server.operations_port), result.stderr)

    def test_dead_model_is_a_kind_sentence_and_rules_go_on(self):
        with Server() as server:
            server.model.kill()
            server.model.wait()
            result = run("chat", "-c", server.config, "今天天气怎么样", "营业时间")
            self.assertEqual(result.returncode, 0)
            self.assertIn("暂时回答不了", result.stdout)
            self.assertIn("9:00–21:00", result.stdout)

    def test_hangup_signal_loads_rules_again_and_a_broken_file_changes_nothing(self):
        with Server() as server:
            rules = server.root / "reply_rules/rules.yml"
            rules.write_text("- keywords: [营业时间]\n  reply: 新的回答\n", encoding="utf-8")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "新的回答" in run("chat", "-c", server.config, "营业时间").stdout, what="new rules")
            rules.write_text("- keywords: [营业时间\n", encoding="utf-8")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "reload_failed" in server.log_text(), what="the failed reload is logged")
            self.assertIn("新的回答", run("chat", "-c", server.config, "营业时间").stdout)

    def test_log_holds_no_texts_open_ids_or_secrets(self):
        with Server() as server:
            run("chat", "-c", server.config, "--follower", "oVerySecretFollower", "我的秘密问题", "营业时间")
            # The line comes behind the reply, which the follower may have read by then.
            wait_until(lambda: '"event":"replied"' in server.log_text(), what="the reply is logged")
            log = server.log_text()
            for secret in ("oVerySecretFollower", "秘密", "营业", "blackboxToken", "signature"):
                self.assertNotIn(secret, log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
