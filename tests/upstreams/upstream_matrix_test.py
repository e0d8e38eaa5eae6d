"""Upstreams that nobody here wrote, with every fault that they have: what the follower reads, and what it costs in calls.

Faults × {the account's only upstream, with another to fall back on, with a second one asked because the first is slow}.
All cases run at the same time in one server. In the third column the fault is that of the second upstream, met by the
hedge; a first upstream that fails at once never comes to be hedged, so there the fallback column says it all.
"""
import json
import threading
import unittest

from blackbox import Exchange
from matrix_scene import KEY, PARTS, PROSE, STORY, THOUGHT, MatrixScene, says

BUSY = "现在提问的人有点多，请过一会儿再试。"
UNAVAILABLE = "抱歉，我暂时回答不了问题，请过一会儿再试。"
TIMEOUT = "抱歉，这个问题想得太久了，请再问一次，或者换个简单些的问法。"
CUT_OFF = "（回答到这里中断了，可以再问我一次。）"
CROWD = 20
TWICE = ("问题一", "问题二")

# The thinking switch as each dialect has it in the body; None: this model is sent none.
DIALECTS = {
    "deepseek": ("/v1", {"thinking": {"type": "disabled"}}),
    "zhipu": ("/api/paas/v4", {"thinking": {"type": "disabled"}}),
    "ark": ("/api/v3", {"thinking": {"type": "disabled"}}),
    "qwen": ("/compatible-mode/v1", {"enable_thinking": False}),
    "siliconflow": ("/v1", {"enable_thinking": False}),
    "openrouter": ("/v1", {"reasoning": {"enabled": False}}),
    "ollama": ("/v1", {"reasoning_effort": "none"}),
    "azure": ("/openai/v1", {}),
    "local": ("/v1", {"chat_template_kwargs": {"enable_thinking": False}}),
}
SWITCHES = {"thinking", "enable_thinking", "reasoning", "reasoning_effort", "chat_template_kwargs"}


def make_scene():
    scene = MatrixScene()
    for fault in ("limited_1s_once", "limited_30s", "unavailable_once", "bad_key", "malformed_once", "disconnect_once",
                  "cut_early_once", "cut_midway", "slow_first"):
        questions = TWICE if fault in ("limited_30s", "bad_key") else TWICE[:1]
        scene.case(f"{fault}_alone", fault, questions=questions)
        scene.case(f"{fault}_fallback", fault, "well", questions=questions,
                   first_token="2s" if fault == "slow_first" else None)
        scene.case(f"{fault}_hedge", "slow_first", fault, questions=questions)
    for name, faults in (("alone", ["slow_tokens"]), ("fallback", ["slow_tokens", "well"]),
                         ("hedge", ["slower_first", "slow_tokens"])):
        scene.case(f"slow_tokens_{name}", *faults, questions=("问题一", "继续"))
    scene.case("slow_first_hedged", "slow_first", "well")
    scene.case("cut_late_hedged", "cut_late", "slow_first")
    scene.case("malformed_always", "malformed")
    scene.case("disconnect_always", "disconnect")
    for fault in ("html", "mute", "error_object", "reset", "unconnectable"):
        scene.case(f"{fault}_alone", f"raw:{fault}", first_token="2s" if fault == "mute" else None)
        scene.case(f"{fault}_fallback", f"raw:{fault}", "well", first_token="2s" if fault == "mute" else None)
    scene.case("silent_hedged", "raw:silent", "well")
    scene.case("echo", "mock:echo", questions=("请把这句话原样说一遍：你好，世界！最后一个字在这里。",))
    scene.case("streamed_error_alone", "mock:error")
    scene.case("streamed_error_fallback", "mock:error", "well")
    scene.case("crowd", "slower_first", questions=[f"第{number}位的问题" for number in range(CROWD)])
    scene.case("thinker", "well", questions=TWICE)
    scene.case("inline_thinker", "thinks_inline", questions=TWICE)
    for dialect, (path, _) in DIALECTS.items():
        case = scene.case(f"dialect_{dialect}", "well")
        next(each for each in scene.upstreams if each["name"] == case.upstream(0)).update(dialect=dialect, path=path)
    return scene


def ask_all(scene, case):
    """One follower asks one thing after another; in the crowd each has a follower of its own, all at once."""
    def ask(question, follower):
        case.exchanges.append(Exchange(scene.server.port, case.name, follower, question))
    if case.name != "crowd":
        for question in case.questions:
            ask(question, f"oFollowerOf_{case.name}")
        return
    threads = [threading.Thread(target=ask, args=(question, f"oInTheCrowd{number}"))
               for number, question in enumerate(case.questions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class UpstreamMatrixTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scene = make_scene()
        cls.addClassCleanup(cls.scene.stop)
        cls.scene.start()
        cls.scene.play(lambda case: ask_all(cls.scene, case))
        cls.scene.keep_evidence()

    def exchanges(self, name):
        case = self.scene.cases[name]
        if case.failure:
            raise AssertionError(name) from case.failure
        return case.exchanges

    def calls(self, name):
        """How many calls each upstream of the case got: as aimock counts them, or else as the server does."""
        case = self.scene.cases[name]
        return [self.attempts(name, index) if ":" in fault else len(self.scene.calls[case.upstream(index)])
                for index, fault in enumerate(case.faults)]

    def attempts(self, name, index):
        return self.scene.metric("yingda_model_requests_total", upstream=self.scene.cases[name].upstream(index))

    def outcomes(self, name, index, outcome):
        return self.scene.metric("yingda_model_requests_total", upstream=self.scene.cases[name].upstream(index),
                                 outcome=outcome)

    def check(self, name, texts, calls=None):
        """What the follower read, message by message, and the calls that each upstream got."""
        with self.subTest(name):
            self.assertEqual([exchange.text for exchange in self.exchanges(name)], texts, self.exchanges(name))
            if calls is not None:
                self.assertEqual(self.calls(name), calls)

    def from_upstream(self, name, index):
        return says(self.scene.cases[name].upstream(index))

    def seconds_between_calls(self, name, index=0):
        times = [entry["timestamp"] / 1000 for entry in self.scene.calls[self.scene.cases[name].upstream(index)]]
        return [after - before for before, after in zip(times, times[1:])]

    def check_hedge_met_fault(self, fault, questions=1, calls_of_second=1):
        """The first upstream was slow and well, the second was asked meanwhile and failed: the first is heard."""
        name = f"{fault}_hedge"
        self.check(name, [self.from_upstream(name, 0)] * questions, [questions, calls_of_second])
        self.assertEqual(self.scene.metric("yingda_model_hedges_total", account=name, outcome="lost"), calls_of_second)

    def test_a_short_retry_after_is_kept_and_the_same_upstream_asked_again(self):
        for column in ("alone", "fallback"):
            name = f"limited_1s_once_{column}"
            self.check(name, [self.from_upstream(name, 0)], [2, 0][:2 if column == "fallback" else 1])
            self.assertGreaterEqual(self.seconds_between_calls(name)[0], 1.0)
            self.assertLess(self.seconds_between_calls(name)[0], 3.0)
        self.check_hedge_met_fault("limited_1s_once")

    def test_a_long_retry_after_goes_to_the_other_upstream_or_is_told_kindly_without_hammering(self):
        self.check("limited_30s_alone", [BUSY, BUSY], [1])
        name = "limited_30s_fallback"
        self.check(name, [self.from_upstream(name, 1)] * 2, [1, 2])
        self.assertLess(max(exchange.seconds for exchange in self.exchanges(name)), 2.5)
        self.check_hedge_met_fault("limited_30s", questions=2)

    def test_an_upstream_that_is_unavailable_once_costs_one_more_call(self):
        for column in ("alone", "fallback"):
            name = f"unavailable_once_{column}"
            self.check(name, [self.from_upstream(name, 0)], [2, 0][:2 if column == "fallback" else 1])
        self.check_hedge_met_fault("unavailable_once")

    def test_a_bad_key_is_tried_once_and_then_parked(self):
        self.check("bad_key_alone", [UNAVAILABLE, UNAVAILABLE], [1])
        name = "bad_key_fallback"
        self.check(name, [self.from_upstream(name, 1)] * 2, [1, 2])
        self.check_hedge_met_fault("bad_key", questions=2)

    def test_what_fails_before_its_first_word_is_tried_again_or_given_to_the_other_upstream(self):
        for fault in ("malformed_once", "disconnect_once", "cut_early_once"):
            name = f"{fault}_alone"
            self.check(name, [self.from_upstream(name, 0)], [2])
            name = f"{fault}_fallback"
            self.check(name, [self.from_upstream(name, 1)], [1, 1])
            self.check_hedge_met_fault(fault)

    def test_what_fails_again_and_again_is_given_up_after_three_calls(self):
        for fault in ("malformed", "disconnect"):
            self.check(f"{fault}_always", [UNAVAILABLE], [3])
            self.assertGreaterEqual(min(self.seconds_between_calls(f"{fault}_always")), 0.4)

    def test_what_is_cut_after_its_first_words_is_shown_as_far_as_it_came_and_not_asked_again(self):
        # The third sentence may have been lost with the connection.
        cut = ["".join(PARTS[:shown]) + CUT_OFF for shown in (2, 3)]
        for column, calls in (("alone", [1]), ("fallback", [1, 0]), ("hedge", [1, 1])):
            name = f"cut_midway_{column}"
            with self.subTest(name):
                self.assertIn(self.exchanges(name)[0].text.replace("\n", ""), cut)
                self.assertEqual(self.calls(name), calls)
        self.assertEqual(self.outcomes("cut_midway_hedge", 0, "cancelled"), 1)

    def test_a_slow_first_word_is_waited_for_or_given_to_the_other_upstream(self):
        self.check("slow_first_alone", [self.from_upstream("slow_first_alone", 0)], [1])
        name = "slow_first_fallback"  # its own first_token_timeout is shorter than the time to the hedge
        self.check(name, [self.from_upstream(name, 1)], [1, 1])
        self.assertEqual(self.outcomes(name, 0, "timeout"), 1)
        self.assertEqual(self.scene.metric("yingda_model_hedges_total", account=name), 0)
        # Both are equally slow, so the first is heard, and the second's call closed.
        self.check_hedge_met_fault("slow_first")
        self.assertEqual(self.outcomes("slow_first_hedge", 1, "cancelled"), 1)

    def test_a_second_upstream_wins_when_the_first_has_no_word_and_the_first_call_is_closed(self):
        for name in ("slow_first_hedged", "silent_hedged"):
            self.check(name, [self.from_upstream(name, 1)], [1, 1])
            exchange = self.exchanges(name)[0]
            self.assertEqual(len(exchange.tries), 1, exchange)
            self.assertGreaterEqual(exchange.seconds, 2.4, exchange)
            self.assertEqual(self.outcomes(name, 0, "cancelled"), 1)
            self.assertEqual(self.scene.metric("yingda_model_hedges_total", account=name, outcome="won"), 1)
        silent = self.scene.faults.calls_of("silent")[0]
        self.assertIsNotNone(silent["left"])
        self.assertLess(silent["left"] - silent["came"], 4.0)

    def test_a_first_upstream_that_fails_after_the_second_was_asked_leaves_the_answer_to_the_second(self):
        name = "cut_late_hedged"
        self.check(name, [self.from_upstream(name, 1)], [1, 1])
        self.assertEqual(self.outcomes(name, 0, "bad_answer"), 1)
        self.assertEqual(self.scene.metric("yingda_model_hedges_total", account=name, outcome="won"), 1)
        # The second goes on undisturbed from when it was asked: 4 s to its first word.
        self.assertLess(self.exchanges(name)[0].seconds, 8.5)

    def test_slow_words_are_held_over_the_tries_then_shown_in_part_and_the_rest_on_request(self):
        for column, calls in (("alone", [1]), ("fallback", [1, 0]), ("hedge", [1, 1])):
            name = f"slow_tokens_{column}"
            with self.subTest(name):
                part, rest = self.exchanges(name)
                self.assertEqual(len(part.tries), 3, part)
                self.assertTrue(part.text.startswith(PARTS[0]), part)
                self.assertIn("继续", part.text)
                self.assertNotIn(PARTS[-1], part.text)
                shown = [sentence for sentence in PARTS if sentence in part.text]
                unshown = STORY.removeprefix("".join(shown))
                self.assertEqual(rest.text.removesuffix("(2/2)").replace("\n", ""), unshown, (part, rest))
                self.assertEqual(self.calls(name), calls)

    def test_every_try_is_answered_in_time_or_held_until_wechat_hangs_up(self):
        for case in self.scene.cases.values():
            for exchange in self.exchanges(case.name):
                with self.subTest(case.name, exchange=exchange):
                    self.assertIsNotNone(exchange.text, "no try was answered")
                    self.assertNotEqual(exchange.text, "")
                    self.assertLess(exchange.tries[-1], 4.9)
                    for held in exchange.tries[:-1]:
                        self.assertGreaterEqual(held, 4.95)

    def test_an_upstream_that_speaks_no_word_of_the_protocol_is_told_kindly_or_replaced(self):
        """An error page of a CDN, a server that says nothing, one that cannot be reached."""
        for fault, text in (("html", UNAVAILABLE), ("mute", TIMEOUT), ("unconnectable", TIMEOUT)):
            name = f"{fault}_alone"
            self.check(name, [text])
            self.assertEqual(self.attempts(name, 0), 3, name)
            name = f"{fault}_fallback"
            self.check(name, [self.from_upstream(name, 1)])
            self.assertEqual([self.attempts(name, 0), self.calls(name)[1]], [1, 1], name)
            self.assertLess(self.exchanges(name)[0].seconds, 4.5)

    def test_an_answer_broken_by_an_error_object_or_a_reset_is_shown_as_far_as_it_came(self):
        for fault, text in (("error_object", "第一句话。第二句话。"), ("reset", "第一句话。")):
            for column in ("alone", "fallback"):
                name = f"{fault}_{column}"
                with self.subTest(name):
                    self.assertEqual([exchange.text.replace("\n", "") for exchange in self.exchanges(name)],
                                     [text + CUT_OFF])
                    self.assertEqual(self.attempts(name, 0), 1)
                    self.assertEqual(self.calls(name)[1:], [0] * (len(self.calls(name)) - 1))

    def test_echo_comes_back_whole_from_an_upstream_without_usage(self):
        question = self.scene.cases["echo"].questions[0]
        self.assertEqual([exchange.text for exchange in self.exchanges("echo")], [question])
        self.assertEqual(self.outcomes("echo", 0, "ok"), 1)

    def test_an_error_streamed_with_status_200_is_an_error(self):
        self.assertEqual([exchange.text for exchange in self.exchanges("streamed_error_alone")], [BUSY])
        name = "streamed_error_fallback"
        self.assertEqual([exchange.text for exchange in self.exchanges(name)], [self.from_upstream(name, 1)])
        for name in ("streamed_error_alone", "streamed_error_fallback"):
            self.assertLessEqual(self.outcomes(name, 0, "rate_limited"), 3)
            self.assertGreaterEqual(self.outcomes(name, 0, "rate_limited"), 1)

    def test_twenty_followers_whose_messages_are_pushed_again_cost_one_call_each(self):
        exchanges = self.exchanges("crowd")
        entries = self.scene.calls[self.scene.cases["crowd"].upstream(0)]
        asked = sorted(entry["body"]["messages"][-1]["content"] for entry in entries)
        self.assertEqual(asked, sorted(self.scene.cases["crowd"].questions))
        for exchange in exchanges:
            self.assertEqual(exchange.text, self.from_upstream("crowd", 0))
            self.assertEqual(len(exchange.tries), 2, exchange)

    def test_reasoning_reaches_neither_the_follower_nor_the_history(self):
        for name in ("thinker", "inline_thinker"):
            own = self.from_upstream(name, 0)
            self.check(name, [own, own], [2])
            second = self.scene.calls[self.scene.cases[name].upstream(0)][1]["body"]["messages"]
            self.assertEqual([(message["role"], message["content"]) for message in second],
                             [("user", "问题一"), ("assistant", own), ("user", "问题二")])
        for entries in self.scene.calls.values():
            for entry in entries:
                for message in entry["body"]["messages"]:
                    self.assertEqual(set(message), {"role", "content"})
                self.assertNotIn(THOUGHT, json.dumps(entry["body"], ensure_ascii=False))

    def test_each_call_streams_and_switches_thinking_off_as_its_dialect_does(self):
        for dialect, (_, switch) in DIALECTS.items():
            name = f"dialect_{dialect}"
            self.check(name, [self.from_upstream(name, 0)], [1])
            body = self.scene.calls[self.scene.cases[name].upstream(0)][0]["body"]
            self.assertEqual({key: body[key] for key in SWITCHES & set(body)}, switch, dialect)
        for entries in self.scene.calls.values():
            for entry in entries:
                self.assertIs(entry["body"]["stream"], True)
                if not entry["body"]["model"].startswith("dialect_"):
                    self.assertEqual(entry["body"]["chat_template_kwargs"], {"enable_thinking": False})

    def test_no_text_of_an_upstream_and_no_secret_gets_out(self):
        read = "".join(exchange.text or "" for case in self.scene.cases.values() for exchange in case.exchanges)
        for never in (PROSE, THOUGHT, "chaos", "cdn"):
            self.assertNotIn(never, read.lower())
        for never in (PROSE, THOUGHT, KEY, "问题一", "这是第1句话", "oFollowerOf"):
            self.assertNotIn(never, self.scene.log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
