// SPDX-License-Identifier: MIT
#include "bot/account.h"

#include <algorithm>

#include "text/markdown.h"

namespace yingda::bot {

bool Account::AnswerBlocked(std::string_view answer) const {
  const auto list = files.Get()->words;
  if (!list || answer.empty()) return false;
  filter::Scratch scratch;
  return list->Check(text::WeChatText(answer), filter::Direction::kOutbound, scratch).level == filter::Level::kBlock;
}

std::string Account::Readable(std::string_view answer) const { return Masked(text::WeChatText(answer)); }

std::string Account::ReadableSoFar(std::string_view answer_so_far) const {
  return Readable(answer_so_far.substr(0, text::StableMarkdown(answer_so_far)));
}

std::string Account::PageMarkdown(std::string_view answer, bool finished) const {
  if (!finished) {
    // Whole lines or sentences only, so that a word of the filter is seen before a piece of it is shown.
    const size_t line_end = answer.rfind('\n') == std::string_view::npos ? 0 : answer.rfind('\n') + 1;
    answer = answer.substr(0, std::max(line_end, text::StableMarkdown(answer)));
  }
  std::string masked = Masked(answer);
  const std::string shown = text::WeChatText(masked);
  // A word that markup had split (网**络**) is only seen in the text that is read; that text is shown then.
  std::string again = Masked(shown);
  return again == shown ? masked : again;
}

std::string Account::Masked(std::string_view text) const {
  const auto list = files.Get()->words;
  if (!list || text.empty()) return std::string(text);
  filter::Scratch scratch;
  const filter::Verdict verdict = list->Check(text, filter::Direction::kOutbound, scratch);
  return list->Mask(text, verdict);
}

}  // namespace yingda::bot
