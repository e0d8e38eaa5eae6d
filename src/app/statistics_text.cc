// SPDX-License-Identifier: MIT
#include "app/statistics_text.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/utf8.h"

namespace yingda::app {
namespace {

using nlohmann::json;
using Row = std::vector<std::string>;

constexpr size_t kListed = 20;
constexpr size_t kWidestCell = 48;  // columns

struct Name {
  const char* name;
  const char* chinese;
};
constexpr std::array<Name, 6> kRoutes = {{{"event", "事件（关注、菜单、扫码…）"},
                                          {"words", "被敏感词拦下"},
                                          {"rule", "关键词规则回复"},
                                          {"command", "命令（继续、重发、清空、帮助）"},
                                          {"model", "交给模型回答"},
                                          {"message_type", "其他类型（图片、语音…），回固定的话"}}};
constexpr std::array<Name, 5> kWords = {
    {{"block", "拦截"}, {"mask", "打码"}, {"review", "复查"}, {"inbound", "粉丝发来的"}, {"outbound", "模型回答里的"}}};

template <size_t n>
std::string Chinese(const std::array<Name, n>& names, const std::string& name) {
  const auto at = std::find_if(names.begin(), names.end(), [&](const Name& each) { return name == each.name; });
  return at == names.end() ? name : at->chinese;
}

/// Columns of a terminal: characters from U+1100 on are wide, near enough.
size_t Width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    width += c.value >= 0x1100 ? 2 : 1;
    at += c.length;
  }
  return width;
}

/// On one line, not too long, and without what a terminal would obey.
std::string Cell(std::string_view text) {
  std::string cell;
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    const bool control = c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0);
    width += c.value >= 0x1100 ? 2 : 1;
    if (width > kWidestCell) return cell + "…";
    base::AppendUtf8(cell, control ? U' ' : c.value);
    at += c.length;
  }
  return cell;
}

/// Rows of equal length; the first column is a number and stands at its right edge.
void AddTable(std::string& out, const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(row.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  for (const Row& row : rows) {
    out += "  ";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - Width(row[i]), ' ');
      if (i == 0) out += gap;
      out += row[i];
      if (i + 1 < row.size()) out += (i == 0 ? "" : gap) + "  ";
    }
    out += '\n';
  }
}

std::string Number(const json& value) { return std::to_string(value.get<uint64_t>()); }

std::string Place(const json& rule) {
  const std::string file = rule.at("file").get<std::string>();
  if (!rule.contains("line")) return file + "（已删除或改名）";
  return file + ":" + std::to_string(rule.at("line").get<int>());
}

void AddMore(std::string& out, uint64_t all, size_t listed) {
  if (all > listed) out += "  …还有 " + std::to_string(all - listed) + " 个，加上 --json 可以看到更多\n";
}

void AddRules(std::string& out, const json& stats) {
  out += "\n命中最多的规则\n";
  std::vector<Row> rows;
  for (const json& rule : stats.at("rules")) {
    if (rows.size() >= kListed) break;
    rows.push_back({Number(rule.at("messages")), Cell(rule.at("name").get<std::string>()), Place(rule)});
  }
  if (rows.empty()) out += "  没有\n";
  AddTable(out, rows);
  AddMore(out, stats.at("rules_used").get<uint64_t>(), rows.size());
  const auto gone = stats.at("messages_by_gone_rules").get<uint64_t>();
  if (gone > 0) out += "  另有 " + std::to_string(gone) + " 条消息，是今天以前由已经删除或改名的规则回复的\n";

  out += "\n这段时间没有命中过的规则（如果一直用不上，可以换个关键词，或者删掉）\n";
  const auto unnamed = stats.at("messages_by_unnamed_rules").get<uint64_t>();
  if (unnamed > 0) {
    out += "  注意：规则太多，有 " + std::to_string(unnamed) +
           " 条消息没能记下是哪条规则回复的，所以下面有的规则其实命中过\n";
  }
  rows.clear();
  for (const json& rule : stats.at("never")) {
    if (rows.size() >= kListed) break;
    rows.push_back({"0", Cell(rule.at("name").get<std::string>()), Place(rule)});
  }
  if (rows.empty()) out += "  没有\n";
  AddTable(out, rows);
  AddMore(out, stats.at("rules_never_used").get<uint64_t>(), rows.size());
}

void AddWords(std::string& out, const json& uses, const char* title) {
  if (uses.empty()) return;
  out += std::string("\n") + title + "\n";
  std::vector<Row> rows;
  for (const json& use : uses) {
    if (rows.size() >= kListed) break;
    const std::string name = use.at("name").get<std::string>();
    rows.push_back({Number(use.at("messages")), name.empty() ? "（太多了，没有分开数的）" : Cell(name),
                    Chinese(kWords, use.at("level").get<std::string>()),
                    Chinese(kWords, use.at("direction").get<std::string>())});
  }
  AddTable(out, rows);
  AddMore(out, uses.size(), rows.size());
}

void AddQuestions(std::string& out, const json& questions) {
  out += "\n没有规则回答的常见问题（" + questions.at("since").get<std::string>() + " 起；重启后重新数）\n";
  const auto asked = questions.at("asked").get<uint64_t>();
  if (asked == 0) {
    out += "  还没有\n";
    return;
  }
  out += "  数了 " + std::to_string(asked) + " 个短问题，其中 " + Number(questions.at("repeated")) +
         " 个以前问过；带号码、邮箱、网址的和超过 64 个字的不数\n";
  if (!questions.at("texts_kept").get<bool>()) {
    const size_t often = questions.at("common").size();
    out += "  问过不止一次的问题有 " + std::to_string(often) + (often >= 100 ? " 个以上" : " 个") + "\n";
    out += "  没有开 log.content，所以不保存问题的文字；想看到问的是什么，请在 config.yml 里写 log: {content: true}\n";
    return;
  }
  std::vector<Row> rows;
  for (const json& question : questions.at("common")) {
    if (rows.size() >= kListed) break;
    const std::string least = Number(question.at("at_least"));
    const std::string most = Number(question.at("at_most"));
    rows.push_back({least == most ? least : least + "～" + most, Cell(question.at("text").get<std::string>())});
  }
  if (rows.empty()) out += "  还没有问过不止一次的\n";
  AddTable(out, rows);
  AddMore(out, questions.at("common").size(), rows.size());
}

std::string Text(const json& stats) {
  const std::string first = stats.at("first_day").get<std::string>();
  const std::string last = stats.at("last_day").get<std::string>();
  std::string out = "账号 " + stats.at("account").get<std::string>() + "，" + first;
  out += (first == last ? "" : " 至 " + last) + "（北京时间）\n";
  std::string others;
  for (const json& name : stats.at("accounts")) {
    if (name != stats.at("account")) others += (others.empty() ? "" : "、") + Cell(name.get<std::string>());
  }
  if (!others.empty()) out += "还有账号 " + others + "，用 --account 指定\n";
  out += "\n消息去向（条）\n";
  std::vector<Row> rows;
  uint64_t all = 0;
  for (const Name& route : kRoutes) {
    const uint64_t count = stats.at("messages").value(route.name, uint64_t{0});
    all += count;
    rows.push_back({std::to_string(count), route.chinese});
  }
  rows.push_back({std::to_string(all), "合计"});
  AddTable(out, rows);
  AddRules(out, stats);
  AddWords(out, stats.at("word_files"), "敏感词，按词表（多少条消息里有它的词）");
  AddWords(out, stats.at("word_tags"), "敏感词，按标签");
  AddQuestions(out, stats.at("questions"));
  return out;
}

}  // namespace

base::Result<std::string> StatisticsText(std::string_view text) {
  const json stats = json::parse(text, nullptr, false);
  try {
    if (stats.is_object() && stats.contains("accounts") && !stats.contains("account")) {
      std::string names;
      for (const json& name : stats.at("accounts"))
        names += (names.empty() ? "" : "、") + Cell(name.get<std::string>());
      return base::Error{base::ErrorCode::kNotFound, "没有这个账号；有的是：" + names};
    }
    return Text(stats);
  } catch (const json::exception&) {
    return base::Error{base::ErrorCode::kUpstream,
                       "回答的不是统计数据；请检查地址对不对、服务和这个命令的版本一样不一样"};
  }
}

}  // namespace yingda::app
