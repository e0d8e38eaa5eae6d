// SPDX-License-Identifier: MIT
#include "simulator/demo_persona.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <vector>

#include "base/utf8.h"

namespace yingda::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kOrdinaryAnswer{6'500};
constexpr milliseconds kLongestThinking{2'000};  // before the first token
constexpr double kMostSeconds = 120;
constexpr size_t kEchoBytes = 180;

std::vector<char32_t> CodePoints(std::string_view text) {
  std::vector<char32_t> points;
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint point = base::DecodeUtf8(text, at);
    points.push_back(point.value);
    at += point.length;
  }
  return points;
}

/// 0 to 9, or -1. Full-width digits are what Chinese keyboards produce.
int Digit(char32_t point) {
  if (point >= U'0' && point <= U'9') return static_cast<int>(point - U'0');
  if (point >= U'０' && point <= U'９') return static_cast<int>(point - U'０');
  constexpr std::u32string_view kNumerals = U"零一二三四五六七八九";
  if (point == U'两') return 2;
  const size_t at = kNumerals.find(point);
  return at == std::u32string_view::npos ? -1 : static_cast<int>(at);
}

bool IsNumber(char32_t point) {
  return Digit(point) >= 0 || point == U'十' || point == U'百' || point == U'.' || point == U'．';
}

/// Reads 12, 7.5, 十二, 一百二十 and the like; empty for what is no number (a lone dot).
std::optional<double> ReadNumber(const std::vector<char32_t>& points, size_t begin, size_t end) {
  double sum = 0;
  double current = 0;
  double place = 0;  // of the next decimal; 0 while in front of the dot
  bool any = false;
  for (size_t i = begin; i < end; ++i) {
    const char32_t point = points[i];
    if (const int digit = Digit(point); digit >= 0 && place == 0) {
      current = std::min(current * 10 + digit, 1e6);
      any = true;
    } else if (digit >= 0) {
      current += digit * place;
      place /= 10;
    } else if (point == U'十' || point == U'百') {
      sum += (current == 0 ? 1 : current) * (point == U'十' ? 10 : 100);
      current = 0;
      any = true;
    } else {
      place = 0.1;
    }
  }
  if (!any) return std::nullopt;
  return sum + current;
}

std::string SecondsText(base::Duration duration) {
  const auto tenths = std::chrono::duration_cast<milliseconds>(duration).count() / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text;
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Topic {
  std::string_view word;
  std::string_view sentence;
};
constexpr std::array kTopics = {
    Topic{"天气", "天气我看不到，不过出门前看一眼窗外、带把伞，总不会错。"},
    Topic{"营业", "营业时间这类固定的问题，更适合写成关键词规则：不用等模型，马上就能答。"},
    Topic{"价格", "价格以商家的公告为准；把它写成关键词规则，粉丝随问随答。"},
    Topic{"多少钱", "价格以商家的公告为准；把它写成关键词规则，粉丝随问随答。"},
    Topic{"笑话", "讲一个：程序员去买菜，老板说“三个西红柿，有鸡蛋就买一个”，他只带回一个西红柿。"},
    Topic{"你是谁", "我叫“应答”的演示模型，接上真正的大模型以后，回答的就是它了。"},
    Topic{"谢谢", "不客气，能帮上忙就好。"},
    Topic{"再见", "再见，随时欢迎回来。"},
    Topic{"你好", "很高兴认识你！想聊点什么都可以。"},
    Topic{"为什么", "想知道原因，可以先想想它是什么时候、在什么条件下出现的，再一个一个地排除。"},
    Topic{"怎么", "我的建议是分三步：先弄清目标，再试最简单的办法，最后看看结果再改进。"},
    Topic{"如何", "我的建议是分三步：先弄清目标，再试最简单的办法，最后看看结果再改进。"},
};

std::string_view TopicSentence(std::string_view question) {
  for (const Topic& topic : kTopics) {
    if (Contains(question, topic.word)) return topic.sentence;
  }
  return "这是个好问题，真正的大模型会在这里给出认真的回答。";
}

std::string Echo(std::string_view question) {
  const std::string_view text = base::TrimBlanks(question);
  const std::string_view shown = base::Utf8Prefix(text, kEchoBytes);
  return "“" + std::string(shown) + (shown.size() < text.size() ? "……" : "") + "”";
}

std::string LongPart() {
  std::string text = "\n\n## 详细说明\n\n";
  for (int i = 1; i <= 18; ++i) {
    text += std::to_string(i) + ". **第 " + std::to_string(i) +
            " 点**：这一段用来展示长回答怎样分页。微信的一条文本消息最多 2047 个字节，大约六百八十个汉字；"
            "再长就要分成几页，并且在句子结束的地方断开。读完这一页，点“继续”就能看到下一页。\n";
  }
  return text;
}

std::string TablePart() {
  return "\n\n| 第几次推送 | 时间 | 会发生什么 |\n| --- | --- | --- |\n| 1 | 0 秒 | 模型开始回答 |\n"
         "| 2 | 5 秒 | 普通问题在这时答完 |\n| 3 | 10 秒 | 先给出已经写好的句子 |\n";
}

std::string CodePart() { return "\n\n```python\nfor n in range(3):\n    print(\"第\", n + 1, \"次推送\")\n```\n"; }

}  // namespace

std::optional<base::Duration> SecondsAskedFor(std::string_view question) {
  const std::vector<char32_t> points = CodePoints(question);
  for (size_t at = 0; at < points.size(); ++at) {
    if (points[at] != U'秒') continue;
    size_t end = at;
    while (end > 0 && (points[end - 1] == U' ' || points[end - 1] == U'　')) --end;
    size_t begin = end;
    while (begin > 0 && IsNumber(points[begin - 1])) --begin;
    if (const auto number = ReadNumber(points, begin, end)) {
      return std::chrono::round<milliseconds>(std::chrono::duration<double>(std::min(*number, kMostSeconds)));
    }
  }
  return std::nullopt;
}

std::string DemoText(const UpstreamCall& call, base::Duration takes) {
  const std::string_view question = call.Question();
  std::string text = "你好，我是演示模型，回答都是事先写好的，只用来展示消息怎样送到你手里。";
  text += "你问的是" + Echo(question) + "。";
  text += TopicSentence(question);
  if (!call.PreviousQuestion().empty()) text += "我还记得你上一个问题是" + Echo(call.PreviousQuestion()) + "。";
  text += "这个回答一共用了大约 " + SecondsText(takes) + " 秒。";
  if (Contains(question, "表格")) text += TablePart();
  if (Contains(question, "代码")) text += CodePart();
  if (Contains(question, "详细")) text += LongPart();
  text += "想看看更慢的回答怎样送达，可以对我说“慢一点 12 秒”。";
  return text;
}

UpstreamScript DemoAnswer(const UpstreamCall& call) {
  const base::Duration takes = SecondsAskedFor(call.Question()).value_or(kOrdinaryAnswer);
  return SpreadAnswer(DemoText(call, takes), std::min<base::Duration>(kLongestThinking, takes * 3 / 10), takes);
}

}  // namespace yingda::simulator
