// SPDX-License-Identifier: MIT
#include "bot/account.h"

#include <algorithm>

#include "text/markdown.h"

namespace yingda::bot {

bool Account::AnswerBlocked(std::string_view answer) const { return !Passed(text::WeChatText(answer)); }

std::string Account::Readable(std::string_view answer) const { return Masked(text::WeChatText(answer)); }

std::string Account::PageMarkdown(std::string_view answer) const {
  std::string masked = Masked(answer);
  const std::string shown = text::WeChatText(masked);
  // A word that markup had split (网**络**) is only seen in the text that is read; that text is shown then.
  std::string again = Masked(shown);
  return again == shown ? masked : again;
}

std::optional<std::string> Account::PassedMarkdown(std::string_view answer) const {
  const auto list = files.Get()->words;
  if (!list || answer.empty()) return std::string(answer);
  filter::Scratch scratch;
  const auto outbound = filter::Direction::kOutbound;
  const filter::Level read = list->Check(text::WeChatText(answer), outbound, scratch).level;
  if (read == filter::Level::kBlock) return std::nullopt;
  // Mostly nothing is found, and one conversion tells.
  const filter::Level written = list->Check(answer, outbound, scratch).level;
  if (std::max(read, written) < filter::Level::kMask) return std::string(answer);
  return PageMarkdown(answer);
}

Account::Judged Account::Judge(std::string_view answer) const {
  Judged judged{text::WeChatText(answer), {}, files.Get()->words};
  if (!judged.words || judged.text.empty()) return judged;
  filter::Scratch scratch;
  judged.verdict = judged.words->Check(judged.text, filter::Direction::kOutbound, scratch);
  judged.text = judged.words->Mask(judged.text, judged.verdict);
  return judged;
}

std::optional<std::string> Account::Passed(std::string_view text) const {
  const auto list = files.Get()->words;
  if (!list || text.empty()) return std::string(text);
  filter::Scratch scratch;
  const filter::Verdict verdict = list->Check(text, filter::Direction::kOutbound, scratch);
  if (verdict.level == filter::Level::kBlock) return std::nullopt;
  return list->Mask(text, verdict);
}

bool Account::Finds(std::string_view text) const { return Masked(text) != text; }

std::string Account::Masked(std::string_view text) const {
  const auto list = files.Get()->words;
  if (!list || text.empty()) return std::string(text);
  filter::Scratch scratch;
  const filter::Verdict verdict = list->Check(text, filter::Direction::kOutbound, scratch);
  return list->Mask(text, verdict);
}

}  // namespace yingda::bot
