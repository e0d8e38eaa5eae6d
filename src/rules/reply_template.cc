// SPDX-License-Identifier: MIT
#include "rules/reply_template.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "rules/schedule.h"

namespace yingda::rules {
namespace {

enum class Field { kText, kAddress };

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

enum class Name { kNone, kGroup, kOpenId, kDate, kTime };

/// A placeholder that begins at `text[at]`, and its length; length 0 if there is none.
struct Placeholder {
  Name name = Name::kNone;
  int group = -1;
  size_t length = 0;
};
Placeholder PlaceholderAt(std::string_view text, size_t at) {
  if (text[at] != '{') return {};
  for (const auto& [word, name] : {std::pair<std::string_view, Name>{"{openid}", Name::kOpenId},
                                   {"{date}", Name::kDate},
                                   {"{time}", Name::kTime}}) {
    if (text.substr(at, word.size()) == word) return {name, -1, word.size()};
  }
  Placeholder found{Name::kGroup, 0, 1};
  while (found.length <= 2 && at + found.length < text.size() && IsDigit(text[at + found.length])) {
    found.group = found.group * 10 + (text[at + found.length++] - '0');
  }
  if (found.length == 1 || at + found.length >= text.size() || text[at + found.length] != '}') return {};
  ++found.length;
  return found;
}

std::string ValueOf(const Placeholder& placeholder, const TemplateValues& values) {
  switch (placeholder.name) {
    case Name::kOpenId:
      return std::string(values.open_id);
    case Name::kDate:
      return ChinaDate(values.now);
    case Name::kTime:
      return ChinaTimeOfDay(values.now);
    case Name::kGroup: {
      const auto group = static_cast<size_t>(placeholder.group);
      return group < values.groups.size() ? std::string(values.groups[group]) : std::string();
    }
    case Name::kNone:
      break;
  }
  return {};
}

bool IsDoubleBrace(std::string_view text, size_t at) {
  return (text[at] == '{' || text[at] == '}') && at + 1 < text.size() && text[at + 1] == text[at];
}

void AppendPercentEncoded(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
}

/// In a link that sends a message for its reader these would end it; nobody knows whether WeChat decodes "%26" there.
void AppendWide(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "＂";
        break;
      case '&':
        out += "＆";
        break;
      case '<':
        out += "＜";
        break;
      case '>':
        out += "＞";
        break;
      default:
        out += c;
    }
  }
}

/// What stands before `at` in the same address, if it is one. In an <a href="…"> that is what is in its quotes;
/// elsewhere WeChat makes a link of ASCII without blanks.
std::string_view AddressBefore(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t quote = before.find_last_of("\"'<>");
  if (quote != std::string_view::npos && (before[quote] == '"' || before[quote] == '\'') &&
      base::TrimBlanks(before.substr(0, quote)).ends_with('=')) {
    return before.substr(quote + 1);
  }
  size_t begin = at;
  while (begin > 0 && begin - 1 != quote && text[begin - 1] > ' ' && text[begin - 1] < 0x7F) --begin;
  return before.substr(begin);
}

enum class Inside { kWords, kAddress, kTapToSend };

Inside InsideOf(std::string_view text, size_t at) {
  const std::string_view before = AddressBefore(text, at);
  if (before.find("weixin://") != std::string_view::npos) return Inside::kTapToSend;
  const bool quoted = before.empty() && at > 0 && (text[at - 1] == '"' || text[at - 1] == '\'');
  const bool begins = quoted && base::TrimBlanks(text.substr(0, at - 1)).ends_with("href=");
  const bool address =
      begins || before.find("https://") != std::string_view::npos || before.find("http://") != std::string_view::npos;
  return address ? Inside::kAddress : Inside::kWords;
}

std::string FillText(std::string_view text, Field field, const TemplateValues& values) {
  std::string filled;
  filled.reserve(text.size() + 32);
  for (size_t at = 0; at < text.size();) {
    if (IsDoubleBrace(text, at)) {
      filled += text[at];
      at += 2;
    } else if (const Placeholder placeholder = PlaceholderAt(text, at); placeholder.length > 0) {
      const std::string value = ValueOf(placeholder, values);
      const Inside inside = field == Field::kAddress ? Inside::kAddress : InsideOf(text, at);
      if (inside == Inside::kAddress) {
        AppendPercentEncoded(filled, value);
      } else if (inside == Inside::kTapToSend) {
        AppendWide(filled, value);
      } else {
        filled += value;
      }
      at += placeholder.length;
    } else {
      filled += text[at++];
    }
  }
  return filled;
}

/// Calls `use(text, field)` for every text of the reply that may hold placeholders. Media ids and agents may not: they
/// are the account's own names.
template <typename Use>
void ForEachText(wechat::Reply& reply, const Use& use) {
  if (auto* text = std::get_if<wechat::TextReply>(&reply)) {
    use(text->content, Field::kText);
  } else if (auto* video = std::get_if<wechat::VideoReply>(&reply)) {
    use(video->title, Field::kText);
    use(video->description, Field::kText);
  } else if (auto* music = std::get_if<wechat::MusicReply>(&reply)) {
    use(music->title, Field::kText);
    use(music->description, Field::kText);
    use(music->music_url, Field::kAddress);
    use(music->hq_music_url, Field::kAddress);
  } else if (auto* news = std::get_if<wechat::NewsReply>(&reply)) {
    for (wechat::Article& article : news->articles) {
      use(article.title, Field::kText);
      use(article.description, Field::kText);
      use(article.picture_url, Field::kAddress);
      use(article.url, Field::kAddress);
    }
  }
}

/// Calls `use` for every placeholder of the text.
template <typename Use>
void ForEachPlaceholder(std::string_view text, const Use& use) {
  for (size_t at = 0; at < text.size();) {
    if (IsDoubleBrace(text, at)) {
      at += 2;
      continue;
    }
    const Placeholder placeholder = PlaceholderAt(text, at);
    if (placeholder.length > 0) use(placeholder);
    at += std::max<size_t>(placeholder.length, 1);
  }
}

}  // namespace

ReplyTemplate::ReplyTemplate(wechat::Reply pattern) : pattern_(std::move(pattern)) {
  ForEachText(pattern_, [&](std::string& text, Field) {
    ForEachPlaceholder(text, [&](const Placeholder& placeholder) {
      has_placeholders_ = true;
      highest_group_ = std::max(highest_group_, placeholder.group);
    });
  });
  if (has_placeholders_) return;
  // Without placeholders only the doubled braces are left to do, and those once.
  ForEachText(pattern_, [](std::string& text, Field field) { text = FillText(text, field, {}); });
}

ReplyTemplate ReplyTemplate::ToModel(std::string instruction) {
  ReplyTemplate made(wechat::TextReply{std::move(instruction)});
  made.for_model_ = true;
  return made;
}

wechat::Reply ReplyTemplate::Fill(const TemplateValues& values) const {
  wechat::Reply reply = pattern_;
  if (has_placeholders_) {
    ForEachText(reply, [&](std::string& text, Field field) { text = FillText(text, field, values); });
  }
  return reply;
}

}  // namespace yingda::rules
