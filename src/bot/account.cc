// SPDX-License-Identifier: MIT
#include "bot/account.h"

namespace yingda::bot {

bool Account::AnswerBlocked(std::string_view answer) const {
  const auto list = words.Get();
  if (!list || answer.empty()) return false;
  filter::Scratch scratch;
  return list->Check(answer, filter::Direction::kOutbound, scratch).level == filter::Level::kBlock;
}

std::string Account::MaskedAnswer(std::string_view answer, size_t from) const {
  const std::string_view shown = answer.substr(from);
  const auto list = words.Get();
  if (!list || answer.empty()) return std::string(shown);
  filter::Scratch scratch;
  filter::Verdict verdict = list->Check(answer, filter::Direction::kOutbound, scratch);
  // A word that began in what was given before is masked as far as it reaches into this.
  std::erase_if(verdict.hits, [from](const filter::WordHit& hit) { return hit.end <= from; });
  for (filter::WordHit& hit : verdict.hits) {
    hit.begin = hit.begin < from ? 0 : hit.begin - from;
    hit.end -= from;
  }
  return list->Mask(shown, verdict);
}

}  // namespace yingda::bot
