"""The rules that keep the house one that can be lived in: modules are one-way, files keep their size, waits stay out of tests."""
import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(os.environ["YINGDA_SOURCE_DIR"])

# What each module may include, besides itself. A module may use only what stands above it.
MAY_USE = {
    "base": [],
    "wechat": ["base"],
    "text": ["base"],
    "filter": ["base"],
    "rules": ["base", "wechat", "filter"],
    "net": ["base"],
    "store": ["base"],
    "model": ["base", "net"],
    "platform": ["base", "net", "store", "wechat"],
    "bot": ["base", "wechat", "text", "filter", "rules", "net", "store", "model", "platform"],
    "server": ["base", "wechat", "text", "filter", "rules", "net", "store", "model", "platform", "bot"],
    "config": ["base", "wechat", "text", "filter", "rules", "net", "store", "model", "platform", "bot", "server"],
    "simulator": ["base", "wechat", "net"],
}
# The libraries that only one module may know.
ONLY_IN = {
    "httplib.h": {"net"},
    "curl/": {"net"},
    "sqlite3.h": {"store"},
    "yaml-cpp/": {"base"},
    "spdlog/": {"base"},
    "prometheus/": {"base"},
    "pugixml.hpp": {"wechat"},
    "re2/": {"rules"},
    "md4c.h": {"text"},
    "CLI/": {"app"},
}
HEADER_LINES, SOURCE_LINES, WIDTH = 250, 400, 120


def sources(folder="src"):
    return [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".h", ".cc")]


class HouseTest(unittest.TestCase):
    def test_modules_use_only_those_above_them(self):
        for path in sources():
            module = path.relative_to(ROOT / "src").parts[0]
            if module == "app":
                continue
            for include in re.findall(r'#include "([^"]+)"', path.read_text(encoding="utf-8")):
                used = include.split("/")[0]
                self.assertTrue(used == module or used in MAY_USE[module], f"{path}: {include}")

    def test_each_library_stays_in_its_module(self):
        for path in sources():
            module = path.relative_to(ROOT / "src").parts[0]
            for include in re.findall(r"#include <([^>]+)>", path.read_text(encoding="utf-8")):
                for library, modules in ONLY_IN.items():
                    if include.startswith(library):
                        self.assertIn(module, modules, f"{path}: {include}")

    def test_heavy_headers_stay_out_of_headers(self):
        for path in sources():
            if path.suffix == ".h":
                self.assertNotRegex(path.read_text(encoding="utf-8"), r"nlohmann/json.hpp|pugixml.hpp|httplib.h", path)

    def test_files_keep_their_size(self):
        for path in sources():
            lines = path.read_text(encoding="utf-8").splitlines()
            self.assertLessEqual(len(lines), HEADER_LINES if path.suffix == ".h" else SOURCE_LINES, path)
            for number, line in enumerate(lines, 1):
                self.assertLessEqual(len(line), WIDTH, f"{path}:{number}")

    def test_sources_neither_sleep_nor_use_std_regex(self):
        for path in sources():
            self.assertNotRegex(path.read_text(encoding="utf-8"), r"sleep_for|usleep\(|[^_]sleep\(|std::regex", path)

    def test_tests_wait_on_conditions_only(self):
        allowed = {ROOT / "tests/support/wait.h", ROOT / "tests/support/conductor.cc"}  # where the waiting is done
        for path in sources("tests"):
            if path not in allowed:
                self.assertNotRegex(path.read_text(encoding="utf-8"), r"sleep_for|usleep\(|[^_]sleep\(", path)

    def test_every_source_is_built(self):
        for path in sources():
            if path.suffix == ".cc":
                listed = (path.parent / "CMakeLists.txt").read_text(encoding="utf-8")
                self.assertRegex(listed, rf"\b{re.escape(path.name)}\b", path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
