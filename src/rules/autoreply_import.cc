// SPDX-License-Identifier: MIT
#include "rules/autoreply_import.h"

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "filter/fold.h"
#include "filter/pattern_index.h"
#include "rules/autoreply_reply.h"
#include "rules/import_precedence.h"
#include "rules/rule_file.h"
#include "rules/rule_text.h"

namespace yingda::rules {
namespace {

using nlohmann::json;

constexpr size_t kMaxBytes = size_t{16} << 20;

/// WeChat writes 0 and 1.
bool IsOn(const json& object, const char* key) {
  const json& value = ConsoleMember(object, key);
  return value == 1 || value == true || value == "1";
}

class Importer {
 public:
  /// `precedences` of the rules that are not switched off, in their order.
  explicit Importer(std::vector<Precedence> precedences) : precedences_(std::move(precedences)) {}

  AutoreplyImport Import(const json& info) {
    ImportSubscribe(info);
    const json& list = ConsoleMember(ConsoleMember(info, "keyword_autoreply_info"), "list");
    for (const json& rule : list) ImportKeywords(rule);
    const bool doubtful = !list.empty() && !IsOn(info, "is_autoreply_open");
    const std::string doubt = "微信没有说关键词回复原来是不是开着：这里都按开着导入，不要的请写 enabled: false。";
    if (doubtful) Note("", doubt);
    ImportDefault(info);
    if (result_.rules > 0) result_.text = Header() + (doubtful ? "#\n# " + doubt + "\n" : "") + body_;
    return std::move(result_);
  }

 private:
  std::string Header() const {
    return "# 从微信公众平台的“自动回复”导入，一共 " + std::to_string(result_.rules) +
           " 条规则。\n"
           "#\n"
           "# 和微信后台不同的地方\n"
           "#   · 大小写、全角半角、繁体简体都算相同；整句匹配（match: exact）不管句末的标点。\n"
           "#   · 一条消息命中几条规则时，微信随机用一条；这里有固定的先后：整句匹配的 → 关键词长的 → 排在前面的。\n"
           "#   · 没有规则命中的消息，现在由大模型回答。\n"
           "# 需要留意的规则，上面或里面都有说明。改好以后运行 yingda check 检查。\n";
  }

  void Note(const std::string& rule, const std::string& text) {
    result_.notes.push_back((rule.empty() ? "" : "“" + ForComment(rule) + "”：") + text);
  }

  void Line(std::string_view indent, std::string_view text) {
    if (!text.empty()) body_.append(indent).append(text);
    body_ += '\n';
  }

  void BeginRule(const std::vector<std::string>& comments) {
    body_ += '\n';
    for (const std::string& comment : comments) Line("# ", comment);
    ++result_.rules;
  }

  void ImportSubscribe(const json& info) {
    const std::string name = "关注后的回复";
    const json& reply = ConsoleMember(info, "add_friend_autoreply_info");
    if (!reply.is_object() || reply.empty()) return;
    const std::vector<WrittenReply> replies = Usable({Write(name, reply, 8)}, name, "");
    if (replies.empty()) return;
    BeginRule({});
    Line("- ", "event: subscribe");
    Line("  ", "name: " + name);
    IsOn(info, "is_add_friend_reply_open") ? WritePrecedence(name) : SwitchedOff(name);
    WriteReplies(replies);
  }

  void ImportDefault(const json& info) {
    const std::string name = "收到消息的默认回复";
    const json& reply = ConsoleMember(info, "message_default_autoreply_info");
    if (!reply.is_object() || reply.empty()) return;
    const std::vector<WrittenReply> replies = Usable({Write(name, reply, 1)}, name, "");
    if (replies.empty()) return;
    BeginRule({"和微信后台一样，对每个粉丝一小时最多回复一次。",
               "注意：它会抢在大模型前面，粉丝每小时的第一个问题得到的是这句话。想让大模型回答，请写 enabled: false。",
               "在微信后台，发图片、语音、位置等也会得到它；这里它只回答文字。别的消息回什么，写在 config.yml 的 texts "
               "里。"});
    Note(name, "它会抢在大模型前面回答粉丝每小时的第一个问题；想让大模型回答，请写 enabled: false");
    Note(name,
         "这里它只回答文字；图片、语音、位置等消息回什么，写在 config.yml 的 texts 里（image、voice、location 等）");
    Line("- ", "default: true");
    Line("  ", "name: " + name);
    Line("  ", "cooldown: 60m");
    IsOn(info, "is_autoreply_open") ? WritePrecedence(name) : SwitchedOff(name);
    WriteReplies(replies);
  }

  void SwitchedOff(const std::string& name) {
    Line("  ", "enabled: false  # 在微信后台也是关着的");
    Note(name, "在微信后台是关着的，导入后也是停用的；要用它请删掉 enabled: false 这一行");
  }

  /// Of the rule that is being written, unless it is switched off.
  void WritePrecedence(const std::string& name) {
    const size_t rule = enabled_++;
    if (rule >= precedences_.size() || precedences_[rule].over.empty()) return;
    const Precedence& precedence = precedences_[rule];
    const std::string over = ForComment(precedence.over);
    Line("  ", "priority: " + std::to_string(precedence.priority) + "  # 排到 " + over + "前面");
    Note(name, over + "本来会抢在它前面，所以给它加了 priority: " + std::to_string(precedence.priority) +
                   "。两条里不要的那一条，请删掉");
  }

  struct Keywords {
    std::vector<std::string> contain, equal;
    std::vector<std::string> all;  // as the console shows them
  };

  void ImportKeywords(const json& rule) {
    if (!rule.is_object()) return;
    std::vector<std::string> comments;
    const Keywords keywords = ReadKeywords(rule, comments);
    std::string name = ConsoleText(rule, "rule_name");
    if (base::TrimBlanks(name).empty()) name = keywords.all.empty() ? "没有名字的规则" : keywords.all.front();

    std::vector<WrittenReply> replies;
    for (const json& reply : ConsoleMember(rule, "reply_list_info")) replies.push_back(Write(name, reply, 1));
    std::string shown;
    for (const std::string& keyword : keywords.all) shown += (shown.empty() ? "" : "、") + keyword;
    for (const std::string& comment : comments) Note(name, comment);
    if (keywords.contain.empty() && keywords.equal.empty()) {
      NotImported(name, shown, "没有可以用的关键词");
      return;
    }
    replies = Usable(std::move(replies), name, shown);
    if (replies.empty()) return;
    const std::string mode = ModeOf(rule, name, replies.size(), comments);
    if (!keywords.contain.empty()) WriteRule(name, keywords.contain, false, mode, replies, comments);
    if (keywords.equal.empty()) return;
    if (!keywords.contain.empty()) comments.push_back("同一条规则里整句匹配的关键词，回复和上面的一样。");
    WriteRule(name, keywords.equal, true, mode, replies, comments);
  }

  static Keywords ReadKeywords(const json& rule, std::vector<std::string>& comments) {
    Keywords keywords;
    for (const json& keyword : ConsoleMember(rule, "keyword_list_info")) {
      const std::string text(base::TrimBlanks(ConsoleText(keyword, "content")));
      if (text.empty()) continue;
      keywords.all.push_back(text);
      const size_t codes = filter::FoldedCodes(text, filter::FoldMode::kLiteral).size();
      if (codes == 0 || filter::FoldedKey(text).empty() || codes > filter::PatternIndex::kMaxCodes) {
        comments.push_back("关键词“" + ForComment(text) + "”没有导入：它太长（最多 " +
                           std::to_string(filter::PatternIndex::kMaxCodes) + " 个字），或只有看不见的字符");
        continue;
      }
      const std::string mode = ConsoleText(keyword, "match_mode");
      if (mode != "equal" && mode != "contain") {
        comments.push_back("关键词“" + ForComment(text) + "”的匹配方式“" + ForComment(mode) + "”不认识：按包含处理");
      }
      (mode == "equal" ? keywords.equal : keywords.contain).push_back(text);
    }
    return keywords;
  }

  std::string ModeOf(const json& rule, const std::string& name, size_t replies, std::vector<std::string>& comments) {
    if (replies < 2) return "";
    const std::string mode = ConsoleText(rule, "reply_mode");
    if (mode == "random_one") return "random";
    if (mode != "reply_all") comments.push_back("回复方式“" + ForComment(mode) + "”不认识：按全部回复处理");
    const std::string how = "全部回复：第一条马上回复，其余的作为客服消息发出；没有客服消息权限的账号只发第一条";
    comments.push_back(how);
    Note(name, how);
    return "all";
  }

  /// Keywords of two rules: the console draws lots.
  void CommentRepeats(const std::string& name, const std::vector<std::string>& keywords, bool exact,
                      std::vector<std::string>& comments) {
    for (const std::string& keyword : keywords) {
      const auto [found, is_new] = seen_.try_emplace(filter::FoldedKey(keyword), Seen{name, exact});
      if (is_new || found->second.name == name) continue;
      const bool this_one = exact && !found->second.exact;
      const std::string text = "关键词“" + ForComment(keyword) + "”也在规则“" + ForComment(found->second.name) +
                               "”里：微信随机用一条，这里粉丝只发这个词时总是用“" +
                               ForComment(this_one ? name : found->second.name) + "”";
      comments.push_back(text);
      Note(name, text);
    }
  }

  void WriteRule(const std::string& name, const std::vector<std::string>& keywords, bool exact, const std::string& mode,
                 const std::vector<WrittenReply>& replies, std::vector<std::string> comments) {
    CommentRepeats(name, keywords, exact, comments);
    BeginRule(comments);
    std::string list;
    for (const std::string& keyword : keywords) list += (list.empty() ? "" : ", ") + YamlKeyword(keyword);
    Line("- ", "keywords: [" + list + "]");
    if (name != keywords.front()) Line("  ", "name: " + YamlScalar(name));
    if (exact) Line("  ", "match: exact");
    if (!mode.empty()) Line("  ", "mode: " + mode);
    WritePrecedence(name);
    WriteReplies(replies);
  }

  /// Those that can be sent; when there is none, the rule becomes a comment.
  std::vector<WrittenReply> Usable(std::vector<WrittenReply> replies, const std::string& name,
                                   const std::string& keywords) {
    std::vector<std::string> left_out;
    std::vector<WrittenReply> usable;
    for (WrittenReply& reply : replies) {
      if (reply.lines.empty()) {
        left_out.insert(left_out.end(), reply.comments.begin(), reply.comments.end());
      } else {
        reply.comments.insert(reply.comments.begin(), left_out.begin(), left_out.end());
        left_out.clear();
        usable.push_back(std::move(reply));
      }
    }
    if (usable.empty()) {
      NotImported(name, keywords, "没有可以用的回复");
      for (const std::string& comment : left_out) Line("#   ", comment);
    } else {
      usable.back().comments.insert(usable.back().comments.end(), left_out.begin(), left_out.end());
    }
    return usable;
  }

  void NotImported(const std::string& name, const std::string& keywords, const std::string& why) {
    body_ += '\n';
    Line("# ", "没有导入“" + ForComment(name) + "”" +
                   (keywords.empty() ? "" : "（关键词：" + ForComment(keywords) + "）") + "：" + why + "。");
    Note(name, "没有导入：" + why);
  }

  void WriteReplies(const std::vector<WrittenReply>& replies) {
    if (replies.size() == 1) {
      const WrittenReply& reply = replies.front();
      for (const std::string& comment : reply.comments) Line("  # ", comment);
      if (reply.section) {
        Line("  ", "reply:");
        for (const std::string& line : reply.lines) Line("    ", line);
        return;
      }
      Line("  ", "reply: " + reply.lines.front());
      for (size_t i = 1; i < reply.lines.size(); ++i) Line("    ", reply.lines[i]);
      return;
    }
    Line("  ", "replies:");
    for (const WrittenReply& reply : replies) {
      for (const std::string& comment : reply.comments) Line("    # ", comment);
      Line("    - ", reply.lines.front());
      for (size_t i = 1; i < reply.lines.size(); ++i) Line("      ", reply.lines[i]);
    }
  }

  WrittenReply Write(const std::string& rule, const json& reply, size_t max_articles) {
    WrittenReply written = WriteConsoleReply(reply, max_articles);
    for (const std::string& comment : written.comments) Note(rule, comment);
    return written;
  }

  struct Seen {
    std::string name;
    bool exact;
  };
  const std::vector<Precedence> precedences_;
  size_t enabled_ = 0;  // rules written so far that are not switched off
  AutoreplyImport result_;
  std::string body_;
  std::unordered_map<std::string, Seen> seen_;  // by folded keyword: the first rule that has it
};

}  // namespace

std::string AutoreplyErrcode(int errcode) {
  const std::string code = "（errcode " + std::to_string(errcode) + "）";
  switch (errcode) {
    case -1:
      return "微信系统繁忙" + code + "，请过一会儿再试。";
    case 40001:
    case 40014:
    case 42001:
      return "access_token 无效或已过期" + code + "：请核对 app_id 和 app_secret，再试一次。";
    case 40164:
      return "本机的 IP 不在白名单里" + code + "：请在微信后台的“IP 白名单”里加上它。";
    case 45009:
      return "今天调用这个接口的次数用完了" + code + "：请明天再试，或在微信后台清零。";
    case 48001:
    case 50001:
      return "这个账号没有权限读取自动回复" + code + "：请打开微信后台的“自动回复”，照着写进 reply_rules 里的文件。";
    default:
      return "微信返回了错误" + code + "，没有给出自动回复的内容。";
  }
}

base::Result<AutoreplyImport> ImportAutoreply(std::string_view text, const std::vector<Rule>& beside) {
  if (text.size() > kMaxBytes) return base::Error{base::ErrorCode::kInvalidArgument, "文件太大：最多 16 MiB"};
  const json info = json::parse(text, nullptr, false);
  if (info.is_discarded() || !info.is_object()) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "不是 JSON：请把 get_current_autoreply_info 返回的内容原样存成 UTF-8 编码的文件"};
  }
  if (const json& code = ConsoleMember(info, "errcode"); code.is_number_integer() && code != 0) {
    return base::Error{base::ErrorCode::kUpstream, AutoreplyErrcode(code.get<int>())};
  }
  bool known = false;
  for (const char* key : {"is_add_friend_reply_open", "is_autoreply_open", "add_friend_autoreply_info",
                          "message_default_autoreply_info", "keyword_autoreply_info"}) {
    known = known || info.contains(key);
  }
  if (!known) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "里面没有自动回复：请把 get_current_autoreply_info 返回的内容原样存成文件"};
  }
  AutoreplyImport imported = Importer({}).Import(info);
  if (beside.empty()) return imported;
  base::YamlProblems problems("", base::YamlLanguage::kChinese), warnings("", base::YamlLanguage::kChinese);
  return Importer(PrecedenceBeside(ParseRules(imported.text, problems, warnings), beside)).Import(info);
}

}  // namespace yingda::rules
