// SPDX-License-Identifier: MIT
#include "bot/answer_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/pages.h"

namespace yingda::bot {
namespace {

constexpr size_t kLabelQuestionBytes = 60;
constexpr std::string_view kQuestionMark = "{question}";

std::string WithHint(std::string_view page, const Texts& texts) {
  std::string text(base::TrimBlanks(page));
  text += texts.unfinished;
  text += "\n\n";
  text += texts.continue_hint;
  return text;
}

size_t HintBytes(const Texts& texts) { return texts.unfinished.size() + 2 + texts.continue_hint.size(); }

size_t PageBytes(const Texts& texts, size_t limit_bytes) {
  // Texts are configured, so a hint as long as the page must not leave nothing for the answer.
  return std::max(limit_bytes - std::min(limit_bytes, HintBytes(texts)), limit_bytes / 4);
}

}  // namespace

CutReply FirstPage(std::string_view answer, const Texts& texts, size_t limit_bytes) {
  if (answer.size() <= limit_bytes) return {std::string(answer), answer.size()};
  const size_t end = text::PageEnd(answer, PageBytes(texts, limit_bytes));
  return {WithHint(answer.substr(0, end), texts), end};
}

size_t GivableBytes(std::string_view answer_so_far, const Texts& texts, size_t limit_bytes) {
  const std::string_view sentences = answer_so_far.substr(0, text::WholeSentences(answer_so_far));
  if (base::TrimBlanks(sentences).empty()) return 0;
  const size_t room = PageBytes(texts, limit_bytes);
  return sentences.size() <= room ? sentences.size() : text::PageEnd(sentences, room);
}

std::string PartReply(std::string_view sentences, const Texts& texts) {
  if (base::TrimBlanks(sentences).empty()) return texts.thinking + "\n\n" + texts.continue_hint;
  return WithHint(sentences, texts);
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
    case model::ChatFailure::kBadAnswer:
    case model::ChatFailure::kCancelled:
      break;
  }
  return texts.model_unavailable;
}

std::string LateLabel(std::string_view question, const Texts& texts) {
  std::string shown(base::TrimBlanks(question));
  std::replace(shown.begin(), shown.end(), '\n', ' ');
  const std::string_view prefix = base::Utf8Prefix(shown, kLabelQuestionBytes);
  if (prefix.size() < shown.size()) shown = std::string(prefix) + "…";
  std::string label = texts.late_answer_label;
  const size_t at = label.find(kQuestionMark);
  if (at != std::string::npos) label.replace(at, kQuestionMark.size(), shown);
  return label + "\n";
}

}  // namespace yingda::bot
