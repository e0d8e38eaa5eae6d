"""The scene of the upstream matrix: one server, an account for each case, and the upstreams that fail as the case says.

Everything runs at the same time and by the real clock, since the five seconds of WeChat's tries are what it is about.
"""
import collections
import json
import re
import threading

from blackbox import TOKEN, Server, get
from upstream_servers import AiMock, FaultServer, MockLlm, start_all

PROSE = "upstream prose"  # in every error that an upstream explains: no follower and no log may have it
THOUGHT = "思考的痕迹"  # in all reasoning
KEY = "sk-matrix-0123456789"
PARTS = [f"这是第{number}句话，说得很慢。" for number in range(1, 13)]
STORY = "".join(PARTS)


def says(model):
    """Names the upstream that gave the answer."""
    return f"这是 {model} 的回答。"


def error(status, code, **more):
    return {"response": {"error": {"message": PROSE, "type": code, "code": code}, "status": status, **more}}


def answer(model, **more):
    return {"response": {"content": says(model), "reasoning": THOUGHT}, "chunkSize": 6, **more}


# What an upstream does with its calls, in their order; the last goes on for ever.
FAULTS = {
    "well": lambda model: [answer(model)],
    "limited_1s_once": lambda model: [error(429, "rate_limit_exceeded", retryAfter=1), answer(model)],
    "limited_30s": lambda model: [error(429, "rate_limit_exceeded", retryAfter=30)],
    "unavailable_once": lambda model: [error(503, "server_error"), answer(model)],
    "bad_key": lambda model: [error(401, "invalid_api_key")],
    "malformed_once": lambda model: [{**answer(model), "chaos": {"malformedRate": 1}}, answer(model)],
    "malformed": lambda model: [{**answer(model), "chaos": {"malformedRate": 1}}],
    "disconnect_once": lambda model: [{**answer(model), "chaos": {"disconnectRate": 1}}, answer(model)],
    "disconnect": lambda model: [{**answer(model), "chaos": {"disconnectRate": 1}}],
    # The first piece only tells the role; the pause lets it leave before the cut.
    "cut_early_once": lambda model: [{**answer(model), "truncateAfterChunks": 1, "latency": 30}, answer(model)],
    "cut_midway": lambda model: [{"response": {"content": STORY}, "chunkSize": len(PARTS[0]), "truncateAfterChunks": 4,
                                  "latency": 30}],
    "slow_first": lambda model: [{"response": {"content": says(model)}, "streamingProfile": {"ttft": 4000, "tps": 50}}],
    "slower_first": lambda model: [{"response": {"content": says(model)}, "streamingProfile": {"ttft": 6500, "tps": 50}}],
    "slow_tokens": lambda model: [{"response": {"content": STORY}, "chunkSize": len(PARTS[0]),
                                   "streamingProfile": {"ttft": 200, "tps": 0.75}}],
    # Nothing but the role, and that when a second upstream has been asked already; then it is gone.
    "cut_late": lambda model: [{**answer(model), "truncateAfterChunks": 1, "latency": 3500}],
    "thinks_inline": lambda model: [{"response": {"content": f"<think>\n{THOUGHT}\n</think>\n\n{says(model)}"},
                                     "chunkSize": 5}],
}


class Case:
    """An account with its upstreams, and what its follower asked and read."""

    def __init__(self, name, faults, questions):
        self.name, self.faults, self.questions = name, faults, questions
        self.exchanges = []
        self.failure = None

    def upstream(self, index):
        return f"{self.name}_{'abc'[index]}"


class MatrixScene:
    def __init__(self):
        self.cases, self.upstreams, self.accounts = {}, [], []
        self.fixtures = {"first": [], "second": []}
        self.server = Server()
        folder = self.server.root
        self.faults = FaultServer()
        self.mock_llm = MockLlm(folder)
        self.aimocks = {}

    def case(self, name, *faults, questions=("问题一",), first_token=None):
        """`faults`: of the account's upstreams, in order; "raw:x" is the fault x of the raw server, "mock:x" mock-llm."""
        case = self.cases[name] = Case(name, faults, questions)
        for index, fault in enumerate(faults):
            model = case.upstream(index)
            options = {"first_token_timeout": first_token} if index == 0 and first_token else {}
            if fault.startswith("raw:"):
                self.add_upstream(model, self.faults.base_url(fault[4:]), **options)
            elif fault.startswith("mock:"):
                self.add_upstream(model, self.mock_llm.base_url, model=f"{model}_{fault[5:]}", **options)
            else:
                process = "second" if index else "first"
                self.add_fixtures(process, model, FAULTS[fault](model))
                self.add_upstream(model, process, **options)
        self.accounts.append((name, [case.upstream(index) for index in range(len(faults))]))
        return case

    def add_fixtures(self, process, model, behaviours):
        for number, behaviour in enumerate(behaviours):
            match = {"model": model}
            if number + 1 < len(behaviours):
                match["sequenceIndex"] = number
            self.fixtures[process].append({"match": match, **behaviour})

    def add_upstream(self, name, base_url, **options):
        self.upstreams.append({"name": name, "base_url": base_url, "api_key": KEY, "model": name, **options})

    def start(self):
        for process, fixtures in self.fixtures.items():
            self.aimocks[process] = AiMock(self.server.root, process, fixtures)
        start_all([*self.aimocks.values(), self.mock_llm])
        for upstream in self.upstreams:
            if upstream["base_url"] in self.aimocks:
                path = upstream.pop("path", "/v1")
                upstream["base_url"] = self.aimocks[upstream["base_url"]].base_url.removesuffix("/v1") + path
        self.server.config.write_text(self.configuration(), encoding="utf-8")
        self.server.start()

    def configuration(self):
        flow = lambda value: json.dumps(value, ensure_ascii=False)  # JSON is YAML
        accounts = "".join(f"  - {{ name: {name}, token: {TOKEN}, app_id: wx0123456789abcdef, upstreams: {flow(names)} }}\n"
                           for name, names in self.accounts)
        upstreams = "".join(f"  - {flow(upstream)}\n" for upstream in self.upstreams)
        return (f'server: {{ listen: "127.0.0.1:{self.server.port}", drain: 1s, '
                f'operations_listen: "127.0.0.1:{self.server.operations_port}" }}\n'
                f"log: {{ level: debug }}\naccounts:\n{accounts}upstreams:\n{upstreams}")

    def play(self, run):
        """`run(case)` for all cases at the same time; a case's trouble becomes its failure, for its own test to tell."""
        def guarded(case):
            try:
                run(case)
            except Exception as failure:  # pylint: disable=broad-except
                case.failure = failure
        threads = [threading.Thread(target=guarded, args=(case,)) for case in self.cases.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def keep_evidence(self):
        """What upstreams and server know at the end."""
        self.calls = collections.defaultdict(list)  # model → journal entries
        for aimock in self.aimocks.values():
            for entry in aimock.journal():
                self.calls[entry["body"]["model"]].append(entry)
        self.metrics = {}
        for line in get(self.server.operations_port, "/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.metrics[name] = float(value)
        self.log = self.server.log_text()

    def metric(self, name, **labels):
        """The sum over all series that have these labels."""
        total = 0.0
        for series, value in self.metrics.items():
            if series.split("{")[0] == name:
                found = dict(re.findall(r'(\w+)="([^"]*)"', series))
                if all(found.get(label) == wanted for label, wanted in labels.items()):
                    total += value
        return total

    def stop(self):
        self.server.stop()
        for process in [*self.aimocks.values(), self.mock_llm]:
            process.stop()
        self.faults.stop()
        self.server.folder.cleanup()
