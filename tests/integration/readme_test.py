"""The commands of the READMEs work as written: each is known here and run, but for addresses, folders and what takes minutes."""
import http.server
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from blackbox import PROGRAM, SOURCE, Server, free_port, wait_until

READMES = ("README.md", "README.zh-CN.md")
BUILT = "build/release/yingda"  # where the READMEs have it
# As somebody has who has set nothing yet.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("MODEL_", "YINGDA_"))}
PRESETS = json.loads((SOURCE / "CMakePresets.json").read_text(encoding="utf-8"))


def text_of(readme):
    return (SOURCE / readme).read_text(encoding="utf-8")


def commands_of(readme):
    commands = []
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text_of(readme), re.MULTILINE | re.DOTALL):
        commands += [line.strip() for line in block.splitlines() if line.strip() and not line.strip().startswith("#")]
    return commands


def execute(command, cwd, text="", **environment):
    """As a shell does, with the program that was built here."""
    return subprocess.run(["bash", "-c", command.replace(BUILT, shlex.quote(PROGRAM))], cwd=cwd, input=text, timeout=120,
                          capture_output=True, text=True, env={**ENVIRONMENT, **environment})


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/usr/bin/env bash\n" + text, encoding="utf-8")
    path.chmod(0o755)


class Installation:
    """What ./run.sh finds after a build, in a folder of its own and on ports of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="yingda-readme-")
        self.root = pathlib.Path(self.folder.name)
        for name in ("run.sh", "config.yml", "CMakeLists.txt"):
            shutil.copy2(SOURCE / name, self.root / name)
        for name in ("reply_rules", "filters"):
            shutil.copytree(SOURCE / name, self.root / name)
        for name in ("src", "cmake", "build/release"):
            (self.root / name).mkdir(parents=True)
        script(self.root / "tools/dependencies.sh", 'echo "$*" >>dependencies.log\n')
        shutil.copy(PROGRAM, self.root / BUILT)  # newer than all the rest: there is nothing to build
        self.model_port, self.operations_port = free_port(), free_port()
        self.environment = {"YINGDA__SERVER__LISTEN": f"127.0.0.1:{free_port()}",
                            "YINGDA__SERVER__OPERATIONS_LISTEN": f"127.0.0.1:{self.operations_port}",
                            "YINGDA_DEMO_MODEL": f"127.0.0.1:{self.model_port}", "YINGDA_DEMO_ONLY": "1"}

    def execute(self, command):
        return subprocess.run(["bash", "-c", command], cwd=self.root, capture_output=True, text=True, timeout=120,
                              env={**ENVIRONMENT, **self.environment})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


class WeChatApi(http.server.ThreadingHTTPServer):
    """Just enough of WeChat's API for what the READMEs show; the simulator has the whole of it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0]
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(self.server.answers.get(path, {"errcode": 48001, "errmsg": "api unauthorized"})).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers = {"/cgi-bin/stable_token": {"access_token": "a-token", "expires_in": 7200},
                        "/cgi-bin/menu/get": {"menu": {"button": []}}}

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()


class ReadmeTest(unittest.TestCase):
    # Every command of the READMEs and the test that holds it.
    KNOWN = {
        "./run.sh": "test_run_script_plays_the_conversation_with_the_demo_model",
        "MODEL_API_KEY=sk-… MODEL_BASE_URL=https://api.deepseek.com MODEL_NAME=deepseek-chat ./run.sh":
            "test_run_script_asks_the_model_that_the_environment_names",
        "./test.sh": "test_test_script_adds_up_what_passed_and_failed",
        "tools/dependencies.sh build": "test_dependency_script_does_nothing_when_all_is_there",
        "cmake --preset release -DYINGDA_TESTS=OFF -DYINGDA_BENCH=OFF && cmake --build --preset release":
            "test_presets_and_options_exist",
        f"{BUILT} chat": "test_chat_talks_until_the_end_of_its_input",
        f"{BUILT} chat --verify": "test_chat_verifies_the_server_configuration",
        f'{BUILT} explain "营业时间"': "test_explain_names_rule_and_place",
        f'{BUILT} explain "请问营业时间？"': "test_explain_names_rule_and_place",
        f"{BUILT} check": "test_check_finds_the_shipped_files_good",
        f"{BUILT} check --config config.yml": "test_check_finds_the_shipped_files_good",
        f"{BUILT} check --online": "test_online_check_asks_wechat_and_says_what_the_account_can",
        f"{BUILT} simulate": "test_simulation_ends_well_in_a_short_form",
        f"{BUILT} serve --config config.yml": "test_serve_stays_in_the_foreground_and_stops_with_0",
        'curl "http://127.0.0.1:9090/test?account=main&msg=ping"': "test_operations_listener_says_what_would_be_replied",
        "openssl rand -hex 24": "test_programs_with_a_key_made_as_written_get_the_token_and_call_the_api",
        'curl -H "Authorization: Bearer $CRM_KEY" http://127.0.0.1:9090/token/main':
            "test_programs_with_a_key_made_as_written_get_the_token_and_call_the_api",
        'curl -H "Authorization: Bearer $CRM_KEY" http://127.0.0.1:9090/wxapi/main/cgi-bin/menu/get':
            "test_programs_with_a_key_made_as_written_get_the_token_and_call_the_api",
        f"{BUILT} status": "test_status_and_stats_tell_of_a_running_server",
        f"{BUILT} stats": "test_status_and_stats_tell_of_a_running_server",
        f"{BUILT} rules import --online": "test_imports_make_files_of_ours",
        f"{BUILT} rules import autoreply.json": "test_imports_make_files_of_ours",
        f"{BUILT} words import words.txt -o filters/deny/words.txt": "test_imports_make_files_of_ours",
        "pkill -HUP -x yingda": "test_hangup_signal_finds_the_program_by_its_name_and_reloads",
    }

    def commands_for(self, test):
        return [command for command, name in self.KNOWN.items() if name == test]

    def test_every_command_is_known_and_every_known_one_is_there(self):
        written = {command for readme in READMES for command in commands_of(readme)}
        self.assertEqual(written, set(self.KNOWN))
        for name in self.KNOWN.values():
            self.assertTrue(hasattr(self, name), name)

    def test_run_script_plays_the_conversation_with_the_demo_model(self):
        with Installation() as installation:
            result = installation.execute("./run.sh")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertEqual((installation.root / "dependencies.log").read_text(), "build\n")
            self.assertIn("没有设置 MODEL_API_KEY", result.stdout)
            self.assertNotIn("正在编译", result.stdout)
            self.assert_conversation(result.stdout)
            self.assertTrue((installation.root / "data/yingda.log").stat().st_size > 0)
            self.assertTrue((installation.root / "data/yingda.db").exists())
            self.assert_nothing_listens(installation.operations_port)
            self.assert_nothing_listens(installation.model_port)

    def test_run_script_asks_the_model_that_the_environment_names(self):
        command, = self.commands_for("test_run_script_asks_the_model_that_the_environment_names")
        with Server() as server, Installation() as installation:
            result = installation.execute(
                command.replace("https://api.deepseek.com", f"http://127.0.0.1:{server.model_port}/v1"))
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertNotIn("没有设置", result.stdout)
            self.assert_conversation(result.stdout)

    def assert_conversation(self, output):
        for part in ("通过", "不方便讨论", "演示模型", "服务正在运行"):
            self.assertIn(part, output)
        self.assertRegex(output, "第 2 次")

    def assert_nothing_listens(self, port):
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", port)), 0)

    def test_test_script_adds_up_what_passed_and_failed(self):
        for failed, code, summary in ((0, 0, "102 passed, 0 failed"), (1, 1, "99 passed, 3 failed")):
            with tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder)
                shutil.copy2(SOURCE / "test.sh", root)
                script(root / "tools/dependencies.sh", "true\n")
                script(root / "bin/cmake", 'echo "$*" >>cmake.log\n')
                script(root / "bin/ctest", f'echo "90% tests passed, {failed} tests failed out of 34"\n')
                result = execute("./test.sh", root, PATH=f"{root}/bin:{os.environ['PATH']}")
                self.assertEqual(result.returncode, code, result.stdout + result.stderr)
                self.assertEqual(result.stdout.splitlines()[-1], summary)
                for preset in re.findall(r"--preset (\S+)", (root / "cmake.log").read_text()):
                    self.assert_preset(preset, "configurePresets", "buildPresets", "testPresets")

    def test_dependency_script_does_nothing_when_all_is_there(self):
        command, = self.commands_for("test_dependency_script_does_nothing_when_all_is_there")
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            script(root / "dpkg-query", "echo installed\n")
            script(root / "apt-get", "echo apt-get; exit 1\n")
            result = execute(command, SOURCE, PATH=f"{root}:{os.environ['PATH']}")
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def assert_preset(self, name, *kinds):
        for kind in kinds:
            self.assertIn(name, [preset["name"] for preset in PRESETS[kind]], kind)

    def test_presets_and_options_exist(self):
        command, = self.commands_for("test_presets_and_options_exist")
        configure, build = (shlex.split(part) for part in command.split(" && "))
        self.assertEqual((configure[:2], build[:3]), (["cmake", "--preset"], ["cmake", "--build", "--preset"]))
        self.assert_preset(configure[2], "configurePresets")
        self.assert_preset(build[3], "buildPresets")
        root_file = (SOURCE / "CMakeLists.txt").read_text(encoding="utf-8")
        for option in configure[3:]:
            name = re.fullmatch(r"-D(\w+)=(ON|OFF)", option).group(1)
            self.assertIn(f"option({name} ", root_file)

    def test_presets_and_groups_in_the_text_exist(self):
        labels = set(re.findall(r"LABEL(?:S)? (\w+)", "".join(
            path.read_text(encoding="utf-8") for path in [*SOURCE.glob("tests/**/CMakeLists.txt"), *SOURCE.glob("cmake/*")])))
        labels |= set(re.findall(r"yingda_outside_test\(\w+ (\w+)\)",
                                 (SOURCE / "tests/integration/CMakeLists.txt").read_text(encoding="utf-8")))
        for readme in READMES:
            for name in re.findall(r"`cmake --workflow --preset (\w+)`", text_of(readme)):
                self.assert_preset(name, "workflowPresets")
            for name, label in re.findall(r"`ctest --preset (\w+) -L (\w+)`", text_of(readme)):
                self.assert_preset(name, "testPresets")
                self.assertIn(label, labels)
        listed = re.search(r"runs one group \(([^)]*)\)", text_of("README.md")).group(1)
        for label in re.split(r",\s+", listed):
            self.assertIn(label, labels)

    def test_chat_talks_until_the_end_of_its_input(self):
        command, = self.commands_for("test_chat_talks_until_the_end_of_its_input")
        with Server() as server:
            result = execute(command, server.root, text="营业时间\n")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("9:00–21:00", result.stdout)

    def test_chat_verifies_the_server_configuration(self):
        command, = self.commands_for("test_chat_verifies_the_server_configuration")
        with Server() as server:
            result = execute(command, server.root)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("通过", result.stdout)

    def test_explain_names_rule_and_place(self):
        for command in self.commands_for("test_explain_names_rule_and_place"):
            result = execute(command, SOURCE)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertRegex(result.stdout, r"reply_rules/default\.yml:\d+")

    def test_check_finds_the_shipped_files_good(self):
        for command in self.commands_for("test_check_finds_the_shipped_files_good"):
            result = execute(command, SOURCE)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn("all good", result.stdout)

    def test_status_and_stats_tell_of_a_running_server(self):
        status, stats = self.commands_for("test_status_and_stats_tell_of_a_running_server")
        with Server(rules="- keywords: [ping]\n  reply: pong\n") as server:
            result = execute(status, server.root)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("规则 1 条", result.stdout)
            result = execute(stats, server.root)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("ping", result.stdout)

    def test_imports_make_files_of_ours(self):
        online, rules, words = self.commands_for("test_imports_make_files_of_ours")
        answer = {"is_add_friend_reply_open": 1, "is_autoreply_open": 0,
                  "add_friend_autoreply_info": {"type": "text", "content": "欢迎关注"}}
        with Installation() as installation, WeChatApi() as wechat:
            wechat.answers["/cgi-bin/get_current_autoreply_info"] = answer
            (installation.root / "autoreply.json").write_text(json.dumps(answer), encoding="utf-8")
            (installation.root / "words.txt").write_text("某个坏词组，\r\n", encoding="gb18030")
            imported = installation.root / "reply_rules/imported.yml"
            for command in (online, rules):
                imported.unlink(missing_ok=True)
                result = execute(command, installation.root, YINGDA_APP_SECRET="a-secret",
                                 YINGDA__ACCOUNTS__MAIN__API_BASE=wechat.url)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertIn("欢迎关注", imported.read_text(encoding="utf-8"))
            result = execute(words, installation.root)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("某个坏词组", (installation.root / "filters/deny/words.txt").read_text(encoding="utf-8"))

    def test_online_check_asks_wechat_and_says_what_the_account_can(self):
        command, = self.commands_for("test_online_check_asks_wechat_and_says_what_the_account_can")
        model = Server()
        model.start_model()
        self.addCleanup(model.stop)
        with WeChatApi() as api:
            secret = {"YINGDA_APP_SECRET": "secret", "YINGDA__ACCOUNTS__MAIN__API_BASE": api.url,
                      "MODEL_BASE_URL": f"http://127.0.0.1:{model.model_port}/v1", "MODEL_NAME": "yingda-demo"}
            result = execute(command, SOURCE, **secret)
            self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
            for part in ("拿到了 access_token", "没有客服消息接口的权限", "模型 main：yingda-demo 正常", "all good"):
                self.assertIn(part, result.stdout)
            api.answers["/cgi-bin/stable_token"] = {"errcode": 40164, "errmsg": "invalid ip 192.0.2.7, not in whitelist"}
            result = execute(command, SOURCE, **secret)
            self.assertEqual(result.returncode, 1)
            self.assertIn("192.0.2.7", result.stdout)

    def test_programs_with_a_key_made_as_written_get_the_token_and_call_the_api(self):
        make_key, token, menu = self.commands_for(
            "test_programs_with_a_key_made_as_written_get_the_token_and_call_the_api")
        key = execute(make_key, SOURCE).stdout.strip()
        for readme in READMES:
            clients, = re.findall(r"```yaml\n(clients:\n.*?)```", text_of(readme), re.DOTALL)
            server = Server(extra=clients.replace("${CRM_KEY}", key))
            with WeChatApi() as api:
                text = server.config.read_text(encoding="utf-8")
                server.config.write_text(text.replace("app_id:", f"app_secret: secret, api_base: '{api.url}', app_id:"),
                                         encoding="utf-8")
                with server:
                    for command, want in ((token, "access_token"), (menu, "menu")):
                        command = command.replace("127.0.0.1:9090", f"127.0.0.1:{server.operations_port}")
                        result = execute(command, server.root, CRM_KEY=key)
                        self.assertEqual(result.returncode, 0, result.stderr)
                        self.assertIn(want, json.loads(result.stdout))
                        self.assertIn("error", json.loads(execute(command, server.root, CRM_KEY="wrong").stdout))

    def test_simulation_ends_well_in_a_short_form(self):
        command, = self.commands_for("test_simulation_ends_well_in_a_short_form")
        # As written, it takes minutes; simulate_test plays a longer one.
        result = execute(command + " --followers 5 --minutes 1 --kills 1", SOURCE)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("model calls", result.stdout)
        others = (f"{BUILT} {name}" for name in ("rules import", "stats"))
        options = "".join(execute(shown + " --help", SOURCE).stdout for shown in (command, *others))
        for readme in READMES:
            named = re.findall(r"`(--[a-z-]+)(?: FOLDER)?`", text_of(readme))
            self.assertGreater(len(named), 3)
            for option in named:
                self.assertIn(option, options)

    def test_metrics_in_the_text_exist(self):
        sources = "".join(path.read_text(encoding="utf-8") for path in (SOURCE / "src").rglob("*.cc"))
        for readme in READMES:
            named = re.findall(r"`(yingda_\w+)(?:{([\w,]+)})?`", text_of(readme))
            self.assertGreater(len(named), 10)
            for name, labels in named:
                self.assertTrue(f'"{name}"' in sources, f"{name} in {readme}")
                for label in filter(None, labels.split(",")):
                    self.assertTrue(re.search(rf'"{name}"[^;]*?{{"{label}", ', sources), f"{name} {label} in {readme}")

    def test_serve_stays_in_the_foreground_and_stops_with_0(self):
        command, = self.commands_for("test_serve_stays_in_the_foreground_and_stops_with_0")
        with Server() as server:
            server.process.terminate()
            self.assertEqual(server.process.wait(timeout=20), 0)
            arguments = [PROGRAM if part == BUILT else part for part in shlex.split(command)]
            with open(server.root / "log", "ab") as log:
                server.process = subprocess.Popen(arguments, cwd=server.root, stderr=log, env=ENVIRONMENT)
            wait_until(server.ready, what="the server is ready")
            server.process.terminate()
            self.assertEqual(server.process.wait(timeout=20), 0)

    def test_operations_listener_says_what_would_be_replied(self):
        command, = self.commands_for("test_operations_listener_says_what_would_be_replied")
        with Server(rules="- keywords: [ping]\n  reply: pong\n") as server:
            result = execute(command.replace("127.0.0.1:9090", f"127.0.0.1:{server.operations_port}"), server.root)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(json.loads(result.stdout)["reply"], {"kind": "text", "text": "pong"})

    def test_hangup_signal_finds_the_program_by_its_name_and_reloads(self):
        command, = self.commands_for("test_hangup_signal_finds_the_program_by_its_name_and_reloads")
        self.assertEqual(command.split()[:3], ["pkill", "-HUP", "-x"])
        with Server() as server:
            # Sent to ours only: others may run on this machine. pkill -x compares this name.
            name = pathlib.Path(f"/proc/{server.process.pid}/comm").read_text(encoding="utf-8").strip()
            self.assertEqual(name, command.split()[3])
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: '"event":"reloaded"' in server.log_text(), what="the reload is logged")


if __name__ == "__main__":
    unittest.main(verbosity=2)
