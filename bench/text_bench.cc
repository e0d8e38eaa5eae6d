// SPDX-License-Identifier: MIT
// What an answer of 4 KB in Markdown costs on its way to a follower, next to md4c parsing the same bytes for nobody;
// and the most that 64 KiB of hostile Markdown cost. Everything in one run, interleaved; medians of CPU time.
#include <md4c.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/markdown.h"
#include "text/pages.h"

namespace {

namespace text = yingda::text;

constexpr int kRounds = 101;
constexpr int kCallsPerRound = 20;
constexpr size_t kAnswerBytes = 4096;
constexpr size_t kHostileBytes = 64 << 10;

size_t sink = 0;  // keeps results alive

double CpuMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Measured {
  const char* name;
  std::function<size_t()> run;
  std::vector<double> microseconds;
};

std::string Answer() {
  constexpr std::string_view kPart =
      "## "
      "二、注意事项\n\n**温馨提示：**出发前请查看`天气预报`，并阅读[官方说明](https://example.com/guide?id=3&lang=zh)。"
      "费用约为3~5元，即2*3*4以内。\n\n1. **带伞**：今天下午可能有雨。\n2. 早点出门，避免拥堵！\n   - 地铁2号线\n   - "
      "公交52路\n\n"
      "| 项目 | 价格 | 说明 |\n|---|---|---|\n| 门票 | 60元 | 学生半价 |\n| 讲解 | 20元 | 可选 |\n\n"
      "> 以上信息仅供参考。\n\n```python\nprint(2**10)\n```\n\n距离 $d = \\sqrt{x^2 + y^2}$。\n\n";
  std::string answer;
  while (answer.size() < kAnswerBytes) answer.append(kPart);
  return answer;
}

std::string Repeated(std::string_view unit) {
  std::string repeated;
  while (repeated.size() < kHostileBytes) repeated.append(unit);
  return repeated;
}

size_t BareParse(std::string_view markdown) {
  MD_PARSER nobody{};
  nobody.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML;
  nobody.enter_block = [](MD_BLOCKTYPE, void*, void*) { return 0; };
  nobody.leave_block = nobody.enter_block;
  nobody.enter_span = [](MD_SPANTYPE, void*, void*) { return 0; };
  nobody.leave_span = nobody.enter_span;
  nobody.text = [](MD_TEXTTYPE, const MD_CHAR*, MD_SIZE, void*) { return 0; };
  return static_cast<size_t>(md_parse(markdown.data(), static_cast<MD_SIZE>(markdown.size()), &nobody, nullptr));
}

void MeasureAnswer() {
  const std::string answer = Answer();
  std::vector<Measured> parts = {
      {"md4c alone", [&] { return BareParse(answer); }, {}},
      {"WeChatText", [&] { return text::WeChatText(answer).size(); }, {}},
      {"StableMarkdown", [&] { return text::StableMarkdown(answer); }, {}},
      {"HtmlBlocks", [&] { return text::HtmlBlocks(answer).size(); }, {}},
      {"ReadsBetterOnAPage", [&] { return size_t{text::ReadsBetterOnAPage(answer)}; }, {}},
      {"WholeSentences", [&] { return text::WholeSentences(answer); }, {}},
  };
  for (int round = 0; round < kRounds; ++round) {
    for (Measured& part : parts) {
      const double start = CpuMicroseconds();
      for (int i = 0; i < kCallsPerRound; ++i) sink += part.run();
      part.microseconds.push_back((CpuMicroseconds() - start) / kCallsPerRound);
    }
  }
  std::printf("an answer of %zu bytes\n", answer.size());
  double reference = 0;
  for (Measured& part : parts) {
    std::nth_element(part.microseconds.begin(), part.microseconds.begin() + kRounds / 2, part.microseconds.end());
    const double median = part.microseconds[kRounds / 2];
    if (reference == 0) reference = median;
    std::printf("  %-20s %8.1f us  = %.2f x md4c alone\n", part.name, median, median / reference);
  }
}

void MeasureHostile() {
  double worst = 0;
  std::string worst_name;
  size_t texts = 0;
  for (const std::string_view unit :
       {"[",  "*",     "> ",    "- ",   "_",       "`",      "`a``b",      "**a ",     "*a_ ",
        "~~", "$a",    "\\[",   "<br>", "[a](",    "![[]()", "|a|\n|-|\n", "[a]: u\n", "http://a.b/(",
        "a@", "&amp;", "x|y\n", "\t",   "- a\n\n", "1. ",    "：**字"}) {
    const std::string markdown = Repeated(unit);
    for (const auto& [name, run] : {std::pair<const char*, std::function<size_t()>>{
                                        "WeChatText", [&] { return text::WeChatText(markdown).size(); }},
                                    {"HtmlBlocks", [&] { return text::HtmlBlocks(markdown).size(); }},
                                    {"StableMarkdown", [&] { return text::StableMarkdown(markdown); }}}) {
      const double start = CpuMicroseconds();
      sink += run();
      const double took = CpuMicroseconds() - start;
      ++texts;
      if (took > worst) {
        worst = took;
        worst_name = std::string(name) + " of " + std::string(unit);
      }
    }
  }
  std::printf("hostile texts of %zu bytes: the worst of %zu takes %.1f ms (%s)\n", kHostileBytes, texts, worst / 1e3,
              worst_name.c_str());
}

}  // namespace

int main() {
  MeasureAnswer();
  MeasureHostile();
  return sink == 0 ? 1 : 0;
}
