"""reply_rules/rules.schema.json, which editors use, against a validator that others wrote, and against the program's own reader."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(os.environ["YINGDA_SOURCE_DIR"])
SCHEMA = json.loads((ROOT / "reply_rules/rules.schema.json").read_text(encoding="utf-8"))

# Rule files on which schema and reader must agree. The reader knows more: what it alone refuses is not here.
GOOD = [
    "",
    "- {keywords: [a1], reply: b}",
    "- {keywords: a1, reply: 7}",
    "- {keywords: [1, true], match: exact, priority: -5, enabled: false, name: 9, reply: b}",
    "- {event: click, key: [A, B], replies: [{text: x}]}",
    "- {default: true, cooldown: 60m, reply: b}",
    "- {keywords: [a1], exclude: 不, hours: ['9:00-18:00'], days: [周一至周五], from: 2026-10-01, until: '2026-10-07 18:00', "
    "reply: b}",
    "- {keywords: [a1], mode: all, replies: [b, {image: M}, {voice: M}, {video: M}]}",
    "- {keywords: [a1], reply: {transfer: true}}",
    "- {keywords: [a1], reply: {video: {media_id: M, title: t, description: d}}}",
    "- {keywords: [a1], reply: {music: {title: t, url: 'https://e.com', hq_url: 'https://e.com', thumb_media_id: M}}}",
    "- {keywords: [a1], reply: {news: [{title: t, url: 'https://e.com', picture: 'http://e.com', description: d}]}}",
    "- {keywords: [a1], reply: {transfer: kf1@gh_1}}",
    "- {keywords: [a1], reply: {none: true}}",
    "- {keywords: [a1], reply: {model: 请用一句话回答}}",
    "- {keywords: [a1], reply: {model: true}}",
    "- {keywords: [a1], reply: {model: 5}}",
    "- {keywords: [a1], name: '', cooldown: 1.5h, reply: b}",
    "- {keywords: ['a(.*)'], match: regex, reply: {news: [{title: t, url: 'https://e.com/?q={1}', picture: ''}]}}",
]
BAD = [
    "a: b",
    "- a",
    "- {keywords: [a1]}",
    "- {reply: b}",
    "- {keywords: [], reply: b}",
    "- {keywords: {a: b}, reply: b}",
    "- {keywords: [a1], event: click, reply: b}",
    "- {keywords: [a1], key: A, reply: b}",
    "- {keywords: [a1], default: false, reply: b}",
    "- {keywords: [a1], default: true, reply: b}",
    "- {event: click, match: exact, reply: b}",
    "- {event: click, exclude: 不, reply: b}",
    "- {keywords: [a1], match: fuzzy, reply: b}",
    "- {keywords: [a1], mode: both, replies: [b, c]}",
    "- {keywords: [a1], priority: high, reply: b}",
    "- {keywords: [a1], priority: 1000001, reply: b}",
    "- {keywords: [a1], enabled: maybe, reply: b}",
    "- {keywords: [a1], keyword: a2, reply: b}",
    "- {keywords: [a1], reply: b, replies: [c]}",
    "- {keywords: [a1], replies: []}",
    "- {keywords: [a1], cooldown: often, reply: b}",
    "- {keywords: [a1], from: soon, reply: b}",
    "- {keywords: [a1], reply: [b, c]}",
    "- {keywords: [a1], reply: {image: M, text: b}}",
    "- {keywords: [a1], reply: {picture: M}}",
    "- {keywords: [a1], reply: {video: {title: t}}}",
    "- {keywords: [a1], reply: {music: {title: t}}}",
    "- {keywords: [a1], reply: {music: {thumb_media_id: M, url: e.com}}}",
    "- {keywords: ['a(.*)'], match: regex, reply: {news: [{title: t, url: '{1}'}]}}",
    "- {keywords: ['a(.*)'], match: regex, reply: {news: [{title: t, url: 'https://{1}/'}]}}",
    "- {keywords: [a1], reply: {news: [{title: t, url: ' '}]}}",
    "- {keywords: [a1], reply: {news: [{title: '', url: 'https://e.com'}]}}",
    "- {keywords: [''], reply: b}",
    "- {keywords: [a1], exclude: ['', b], reply: b}",
    "- {keywords: [a1], reply: ' '}",
    "- {keywords: [a1], reply: {image: ''}}",
    "- {event: '', reply: b}",
    "- {event: click, key: [], reply: b}",
    "- {event: click, key: '', reply: b}",
    "- {keywords: [a1], cooldown: 0, reply: b}",
    "- {keywords: [a1], reply: {news: []}}",
    "- {keywords: [a1], reply: {news: [{title: t}]}}",
    "- {keywords: [a1], reply: {news: [{title: t, url: 'e.com/a'}]}}",
    "- {keywords: [a1], reply: {news: [{title: t, url: 'https://e.com', author: a}]}}",
    "- {keywords: [a1], reply: {none: false}}",
    "- {keywords: [a1], reply: {transfer: someone}}",
    "- {event: click, reply: {news: [" + "{title: t, url: 'https://e.com'}, " * 9 + "]}}",
]

OURS = [*ROOT.glob("reply_rules/*.yml"), *ROOT.glob("tests/data/autoreply/*.yml"), ROOT / "tests/fuzz/rules/corpus/all_kinds.yml"]


class EditorLoader(yaml.SafeLoader):
    """As editors read: YAML 1.2, where a date is a text."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def mistakes(text):
    return list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(yaml.load(text, EditorLoader)))


def listed(name):
    """The texts of one list of src/rules/rule_keys.h."""
    header = (ROOT / "src/rules/rule_keys.h").read_text(encoding="utf-8")
    body = re.search(rf"{name}\[\] = \{{(.*?)\}};", header, re.S).group(1)
    return set(re.findall(r'"(\w+)"', body))


class RulesSchemaTest(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_rule_files_of_ours_are_valid(self):
        self.assertGreaterEqual(len(OURS), 5)
        for path in OURS:
            self.assertEqual([], [f"{e.json_path}: {e.message}" for e in mistakes(path.read_text(encoding="utf-8"))], path)

    def test_it_names_what_the_reader_knows_and_nothing_else(self):
        rule = SCHEMA["$defs"]["rule"]["properties"]
        section = SCHEMA["$defs"]["section"]["properties"]
        consts = lambda key: {choice["const"] for choice in rule[key]["oneOf"]}
        self.assertEqual(set(rule), listed("kRuleKeys"))
        self.assertEqual(consts("match"), listed("kMatchNames"))
        self.assertEqual(consts("mode"), listed("kModeNames"))
        self.assertEqual(set(rule["event"]["anyOf"][0]["enum"]), listed("kEvents"))
        self.assertEqual(set(section), listed("kReplyKinds"))
        self.assertEqual(set(section["video"]["anyOf"][1]["properties"]), listed("kVideoKeys"))
        self.assertEqual(set(section["music"]["properties"]), listed("kMusicKeys"))
        self.assertEqual(set(section["news"]["items"]["properties"]), listed("kArticleKeys"))

    def test_every_key_is_described_in_chinese(self):
        for properties in (SCHEMA["$defs"]["rule"]["properties"], SCHEMA["$defs"]["section"]["properties"]):
            for key, schema in properties.items():
                self.assertRegex(schema.get("description", ""), "[\u4e00-\u9fff]", key)

    def test_schema_and_reader_agree_on_good_and_bad(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for kind in ("good", "bad"):
                (root / kind).mkdir()
            for place in ("filters/deny", "filters/allow"):
                (root / place).mkdir(parents=True)
            (root / "filters/deny/a.txt").write_text("网络博彩平台\n", encoding="utf-8")
            good = GOOD + [path.read_text(encoding="utf-8") for path in OURS]
            for kind, texts in (("good", good), ("bad", BAD)):
                for number, text in enumerate(texts):
                    (root / kind / f"{number}.yml").write_text(text + "\n", encoding="utf-8")
                    self.assertEqual(bool(mistakes(text)), kind == "bad", text)
                (root / "config.yml").write_text(f"accounts: [{{name: a, token: abcdef, rules: {kind}}}]\n", encoding="utf-8")
                result = subprocess.run([os.environ["YINGDA_PROGRAM"], "check", "-c", root / "config.yml"],
                                        capture_output=True, text=True, timeout=60)
                if kind == "good":
                    self.assertEqual(result.returncode, 0, result.stderr)
                else:
                    refused = {int(n) for n in re.findall(r"(\d+)\.yml:\d+:\d+: ", result.stderr)}
                    self.assertEqual(refused, set(range(len(BAD))), [BAD[n] for n in set(range(len(BAD))) - refused])


if __name__ == "__main__":
    unittest.main(verbosity=2)
