// SPDX-License-Identifier: MIT
#include "rules/reply_lint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"

namespace yingda::rules {
namespace {

// What one line of a card takes on a phone, generously: WeChat's documentation has no number for passive replies.
constexpr size_t kTitleCharacters = 64;
constexpr size_t kDescriptionCharacters = 120;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAlphanumeric(char c) { return IsLetter(c) || (c >= '0' && c <= '9'); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

size_t Characters(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += base::DecodeUtf8(text, at).length) ++count;
  return count;
}

bool IsHtmlTag(const std::string& name) {
  static constexpr std::array<std::string_view, 21> kTags = {"b",  "strong", "i",    "em",    "u",   "s",    "br",
                                                             "p",  "div",    "span", "font",  "h1",  "h2",   "h3",
                                                             "ul", "ol",     "li",   "table", "img", "code", "center"};
  return std::find(kTags.begin(), kTags.end(), name) != kTags.end();
}

/// Reads tags one after the other and notes what is wrong with them.
class TagReader {
 public:
  explicit TagReader(std::string_view text) : text_(text) {}

  std::vector<std::string> Read() {
    for (size_t at = text_.find('<'); at != std::string_view::npos; at = text_.find('<', at + 1)) ReadTag(at);
    if (open_) Note("<a> 没有配对的 </a>：请在链接文字后面补上 </a>");
    ReadMarkdown();
    ReadEntities();
    return std::move(troubles_);
  }

 private:
  void Note(std::string trouble) {
    if (std::find(troubles_.begin(), troubles_.end(), trouble) == troubles_.end()) {
      troubles_.push_back(std::move(trouble));
    }
  }

  void ReadTag(size_t at) {
    size_t end = at + 1;
    const bool closing = end < text_.size() && text_[end] == '/';
    if (closing) ++end;
    const size_t name_begin = end;
    while (end < text_.size() && IsAlphanumeric(text_[end])) ++end;
    const std::string name = Lower(text_.substr(name_begin, end - name_begin));
    if (name != "a") {
      if (IsHtmlTag(name)) {
        Note("微信只认得 <a>，<" + name + "> 会原样显示：请删掉，换行直接另起一行");
      }
      return;
    }
    const size_t close = text_.find('>', end);
    if (close == std::string_view::npos) return Note("<a 后面缺少 >：请补上，例如 <a href=\"https://…\">文字</a>");
    if (closing) {
      if (!open_) Note("</a> 前面没有 <a href=\"…\">：请补上，或删掉它");
      if (open_ && base::TrimBlanks(text_.substr(label_, at - label_)).empty()) {
        Note("链接没有文字，粉丝看不见：请在 <a …> 和 </a> 之间写上文字");
      }
      open_ = false;
      return;
    }
    if (open_) Note("<a> 没有配对的 </a>：请在链接文字后面补上 </a>");
    open_ = true;
    label_ = close + 1;
    ReadAttributes(text_.substr(end, close - end));
  }

  void ReadAttributes(std::string_view attributes) {
    if (attributes.find("“") != std::string_view::npos || attributes.find("”") != std::string_view::npos) {
      return Note("链接地址两边是中文引号：请改成英文引号，例如 <a href=\"https://…\">");
    }
    const size_t href = Lower(attributes).find("href");
    if (href == std::string_view::npos) return Note("<a> 里没有 href：请写成 <a href=\"https://…\">文字</a>");
    std::string_view rest = base::TrimBlanks(attributes.substr(href + 4));
    if (!rest.starts_with('=')) return Note("href 后面缺少等号：请写成 <a href=\"https://…\">文字</a>");
    rest = base::TrimBlanks(rest.substr(1));
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) {
      return Note("链接地址没有加引号：请写成 <a href=\"https://…\">文字</a>");
    }
    const size_t end = rest.find(rest.front(), 1);
    if (end == std::string_view::npos) return Note("链接地址少了一个引号：请写成 <a href=\"https://…\">文字</a>");
    // A mini-program's link is opened by what follows.
    if (attributes.find("data-miniprogram-appid") == std::string_view::npos) ReadAddress(rest.substr(1, end - 1));
  }

  void ReadAddress(std::string_view address) {
    if (address.starts_with("weixin://bizmsgmenu")) {
      if (address.find("msgmenucontent=") == std::string_view::npos ||
          address.find("msgmenuid=") == std::string_view::npos) {
        Note("点击发送的链接应当写成 <a href=\"weixin://bizmsgmenu?msgmenucontent=要发的文字&msgmenuid=1\">文字</a>");
      }
      return;
    }
    const std::string lower = Lower(address);
    if (lower.starts_with("{") || lower.starts_with("https://{") || lower.starts_with("http://{")) {
      Note("链接的网站不能由粉丝的话填出来，这样的链接打不开：请写出网站，例如 https://example.com/search?q={1}");
      return;
    }
    if (lower.starts_with("https://") || lower.starts_with("http://") || lower.starts_with("weixin://")) return;
    Note("链接地址“" + std::string(address) + "”不完整：请写上开头的 https://");
  }

  void ReadMarkdown() {
    if (text_.find("](http") != std::string_view::npos) {
      Note("Markdown 链接会原样显示：请写成 <a href=\"https://…\">文字</a>");
    }
    const size_t bold = text_.find("**");
    if (bold != std::string_view::npos && text_.find("**", bold + 3) != std::string_view::npos) {
      Note("** 会原样显示，微信的文字不能加粗：请删掉");
    }
  }

  void ReadEntities() {
    for (const std::string_view entity : {"&nbsp;", "&lt;", "&gt;", "&quot;"}) {
      if (text_.find(entity) != std::string_view::npos) {
        Note(std::string(entity) + " 会原样显示：请直接写出那个字符");
      }
    }
  }

  const std::string_view text_;
  bool open_ = false;
  size_t label_ = 0;  // where the text of the open link begins
  std::vector<std::string> troubles_;
};

class ReplyLint {
 public:
  ReplyLint(const Rule& rule, const ReplyTemplate& at, LintReport& report) : rule_(rule), at_(at), report_(report) {}

  void operator()(const wechat::TextReply& text) const {
    for (std::string& trouble : LinkTrouble(text.content)) report_.Add(LintKind::kLink, rule_, at_, std::move(trouble));
  }
  void operator()(const wechat::ImageReply& image) const { Media("image", image.media_id); }
  void operator()(const wechat::VoiceReply& voice) const { Media("voice", voice.media_id); }
  void operator()(const wechat::VideoReply& video) const {
    Media("video", video.media_id);
    Lengths(video.title, video.description);
  }
  void operator()(const wechat::MusicReply& music) const {
    Media("thumb_media_id", music.thumb_media_id);
    Lengths(music.title, music.description);
  }
  void operator()(const wechat::NewsReply& news) const {
    for (const wechat::Article& article : news.articles) Lengths(article.title, article.description);
  }
  void operator()(const wechat::TransferReply&) const {}
  void operator()(const wechat::NoReply&) const {}

 private:
  void Media(const std::string& key, std::string_view media_id) const {
    const std::string trouble = MediaIdTrouble(media_id);
    if (!trouble.empty()) report_.Add(LintKind::kMedia, rule_, at_, key + " 的素材编号" + trouble);
  }

  void Lengths(std::string_view title, std::string_view description) const {
    Length("标题", title, kTitleCharacters);
    Length("简介", description, kDescriptionCharacters);
  }

  void Length(const std::string& what, std::string_view text, size_t most) const {
    const size_t characters = Characters(text);
    if (characters <= most) return;
    report_.Add(LintKind::kText, rule_, at_,
                what + "有 " + std::to_string(characters) + " 个字，卡片上显示不全：请缩短到 " + std::to_string(most) +
                    " 个字以内");
  }

  const Rule& rule_;
  const ReplyTemplate& at_;
  LintReport& report_;
};

/// All that a follower reads in a reply.
std::string ShownText(const wechat::Reply& reply) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : "\n") + part;
  };
  if (const auto* plain = std::get_if<wechat::TextReply>(&reply)) {
    add(plain->content);
  } else if (const auto* video = std::get_if<wechat::VideoReply>(&reply)) {
    add(video->title);
    add(video->description);
  } else if (const auto* music = std::get_if<wechat::MusicReply>(&reply)) {
    add(music->title);
    add(music->description);
  } else if (const auto* news = std::get_if<wechat::NewsReply>(&reply)) {
    for (const wechat::Article& article : news->articles) {
      add(article.title);
      add(article.description);
    }
  }
  return text;
}

struct WordFound {
  filter::Level level = filter::Level::kPass;
  std::string where;  // "“博彩”（deny/a.txt:3）"
};

/// The first of the gravest words. What detectors find is none: who writes a link into a rule means it.
WordFound FindWord(const filter::WordFilter& words, const filter::Verdict& verdict) {
  WordFound found;
  for (const filter::WordHit& hit : verdict.hits) {
    const filter::WordInfo info = words.Info(hit.word);
    if (info.detector || hit.level <= found.level) continue;
    found = {hit.level, "“" + info.text + "”（" + info.file + ":" + std::to_string(info.line) + "）"};
  }
  return found;
}

}  // namespace

std::vector<std::string> LinkTrouble(std::string_view text) { return TagReader(text).Read(); }

std::string MediaIdTrouble(std::string_view media_id) {
  const std::string lower = Lower(media_id);
  if (lower == "media_id" || lower == "mediaid" || lower == "thumb_media_id" || lower.starts_with("your_") ||
      media_id == "素材编号") {
    return "还是示例里的“" + std::string(media_id) + "”：请换成素材库里的编号";
  }
  if (lower.starts_with("http://") || lower.starts_with("https://")) {
    return "写成了网址：请先把文件上传到素材库，再写它的编号（media_id）";
  }
  if (media_id.find('.') != std::string_view::npos || media_id.find('/') != std::string_view::npos) {
    return "写成了文件名“" + std::string(media_id) + "”：请先把文件上传到素材库，再写它的编号（media_id）";
  }
  const bool plain =
      std::all_of(media_id.begin(), media_id.end(), [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_'; });
  return plain ? "" : "不对：编号里只有英文字母、数字、减号和下划线，请重新复制一遍";
}

void LintReplies(const Rule& rule, LintReport& report) {
  for (const ReplyTemplate& reply : rule.replies) {
    // What the model is told, no follower reads.
    if (!reply.ForModel()) std::visit(ReplyLint(rule, reply, report), reply.pattern());
  }
}

void LintWords(const Rule& rule, const filter::WordFilter& words, filter::Scratch& scratch, LintReport& report) {
  if (rule.match != MatchKind::kRegex) {
    for (const Keyword& keyword : rule.keywords) {
      const WordFound found = FindWord(words, words.Check(keyword.text, filter::Direction::kInbound, scratch));
      if (found.level != filter::Level::kBlock) continue;
      report.Add(LintKind::kWords, rule, keyword,
                 "“" + keyword.text + "”里有敏感词" + found.where +
                     "：含有它的消息会先被拦下，轮不到这条规则。请换一个关键词，或把它写进 filters/allow");
    }
  }
  for (const ReplyTemplate& reply : rule.replies) {
    if (reply.ForModel()) continue;
    const std::string text = ShownText(reply.pattern());
    const WordFound found = FindWord(words, words.Check(text, filter::Direction::kOutbound, scratch));
    if (found.level < filter::Level::kMask) continue;
    const bool blocked = found.level == filter::Level::kBlock;
    report.Add(LintKind::kWords, rule, reply,
               "回复里有敏感词" + found.where +
                   (blocked ? "：粉丝收不到这条回复，只会看到“不方便显示”的提示" : "：发出去时会打码") +
                   "。请换一个说法，或把这个说法写进 filters/allow");
  }
}

}  // namespace yingda::rules
