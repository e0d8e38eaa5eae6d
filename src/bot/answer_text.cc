// SPDX-License-Identifier: MIT
#include "bot/answer_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "bot/text_slots.h"
#include "text/pages.h"

namespace yingda::bot {
namespace {

constexpr int64_t kWidestPage = 99;  // a mark is given this much room before its numbers are known

std::string Mark(const Texts& texts, int64_t page, int64_t pages) {
  std::string mark = texts.page_mark;
  FillSlot(mark, "{page}", std::to_string(page));
  FillSlot(mark, "{pages}", std::to_string(pages));
  return mark;
}

void AddLine(std::string& footer, std::string_view line) {
  if (line.empty()) return;
  footer += footer.empty() ? "\n\n" : "\n";
  footer += line;
}

/// What stands below the text of a page, with the blank line in front of it.
std::string Footer(const std::string& mark, bool more, const Texts& texts, const PageStyle& style) {
  std::string footer;
  std::string first = mark;
  if (more && style.tells_continue) {
    if (!first.empty()) first += ' ';
    first += texts.continue_hint;
  }
  AddLine(footer, first);
  if (!style.page_url.empty()) {
    std::string link = texts.page_link;
    FillSlot(link, "{url}", style.page_url);
    AddLine(footer, link);
  }
  if (style.made_by_model) AddLine(footer, texts.ai_label);
  return footer;
}

/// Texts are configured, so a footer as long as the page must not leave nothing for the answer.
size_t RoomBeside(const std::string& footer, const PageStyle& style) {
  const size_t limit = style.limit_bytes;
  return std::max(limit - std::min(limit, footer.size()), limit / 4);
}

int64_t PagesOf(std::string_view text, size_t room, size_t last_room) {
  int64_t pages = 1;
  while (text.size() > last_room) {
    text.remove_prefix(text::PageEnd(text, room));
    if (base::TrimBlanks(text).empty()) break;
    ++pages;
  }
  return pages;
}

}  // namespace

TextPage NextPage(std::string_view text, int64_t pages_given, const Texts& texts, const PageStyle& style) {
  if (pages_given == 0) {
    const std::string footer = Footer("", false, texts, style);
    if (text.size() <= RoomBeside(footer, style)) return {std::string(text) + footer, text.size(), false};
  }
  const std::string widest = Mark(texts, kWidestPage, kWidestPage);
  const size_t last_room = RoomBeside(Footer(widest, false, texts, style), style);
  const size_t room = RoomBeside(Footer(widest, true, texts, style), style);
  const size_t end = text.size() <= last_room ? text.size() : text::PageEnd(text, room);
  const bool more = !base::TrimBlanks(text.substr(end)).empty();
  const int64_t pages = pages_given + 1 + (more ? PagesOf(text.substr(end), room, last_room) : 0);
  TextPage page{std::string(base::TrimBlanks(text.substr(0, end))), more ? end : text.size(), more};
  page.text += Footer(Mark(texts, pages_given + 1, pages), more, texts, style);
  return page;
}

size_t GivableBytes(std::string_view sentences, const Texts& texts, const PageStyle& style) {
  if (base::TrimBlanks(sentences).empty()) return 0;
  const size_t room = RoomBeside(texts.unfinished + Footer("", true, texts, style), style);
  return sentences.size() <= room ? sentences.size() : text::PageEnd(sentences, room);
}

std::string PartReply(std::string_view sentences, const Texts& texts, const PageStyle& style) {
  PageStyle shown = style;
  const bool thinking = base::TrimBlanks(sentences).empty();
  shown.made_by_model = style.made_by_model && !thinking;
  const std::string text = thinking ? texts.thinking : std::string(base::TrimBlanks(sentences)) + texts.unfinished;
  return text + Footer("", true, texts, shown);
}

std::string_view RestAfter(std::string_view whole, std::string_view given) {
  if (whole.starts_with(given)) return whole.substr(given.size());
  const auto parting = std::mismatch(whole.begin(), whole.end(), given.begin(), given.end()).first;
  const auto common = static_cast<size_t>(parting - whole.begin());
  return whole.substr(text::WholeSentences(whole.substr(0, common)));
}

const std::string& FailureText(model::ChatFailure failure, const Texts& texts) {
  switch (failure) {
    case model::ChatFailure::kTimeout:
      return texts.model_timeout;
    case model::ChatFailure::kOverloaded:
    case model::ChatFailure::kRateLimited:
      return texts.busy;
    case model::ChatFailure::kContentPolicy:
      return texts.blocked_answer;
    case model::ChatFailure::kEmpty:
      return texts.model_empty;
    case model::ChatFailure::kNone:
    case model::ChatFailure::kUnreachable:
    case model::ChatFailure::kRefused:
    case model::ChatFailure::kBadRequest:
    case model::ChatFailure::kBadAnswer:
    case model::ChatFailure::kCancelled:
      break;
  }
  return texts.model_unavailable;
}

}  // namespace yingda::bot
