// SPDX-License-Identifier: MIT
#include "simulator/api_tokens.h"

#include <algorithm>

#include "base/secret.h"

namespace yingda::simulator {
namespace {

constexpr size_t kRemembered = 64;
constexpr size_t kRandomBytes = 40;
constexpr size_t kShortestBytes = 16;

bool LooksLikeAToken(std::string_view value) {
  return value.size() >= kShortestBytes && value.size() <= 512 && std::all_of(value.begin(), value.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
         });
}

}  // namespace

const ApiTokens::Token& ApiTokens::Issue(std::deque<Token>& line, base::TimePoint now) {
  ++generation_;
  const base::TimePoint expires = now + options_.lifetime;
  line.push_back({std::to_string(generation_) + "_" + base::RandomHex(kRandomBytes), generation_, expires, expires});
  if (line.size() > kRemembered) line.pop_front();
  return line.back();
}

const ApiTokens::Token& ApiTokens::Legacy(base::TimePoint now) {
  if (!legacy_.empty()) legacy_.back().dies = std::min(legacy_.back().dies, now + options_.overlap);
  return Issue(legacy_, now);
}

const ApiTokens::Token& ApiTokens::Stable(bool force, base::TimePoint now, int64_t day) {
  const bool lives = !stable_.empty() && stable_.back().dies > now;
  if (force && lives) {
    if (day != forced_day_) forced_today_ = 0;
    forced_day_ = day;
    // Written so that the very first time, far in the past, does not overflow.
    const bool too_soon =
        last_forced_ != base::TimePoint(base::Duration::min()) && now - last_forced_ < options_.between_forced;
    if (!too_soon && forced_today_ < options_.forced_a_day) {
      ++forced_today_;
      last_forced_ = now;
      stable_.back().dies = now;
      return Issue(stable_, now);
    }
  }
  if (lives && stable_.back().expires - now > options_.overlap) return stable_.back();
  return Issue(stable_, now);
}

ApiTokens::Verdict ApiTokens::Check(std::string_view value, base::TimePoint now) const {
  if (value.empty()) return {41001, 0};
  if (!LooksLikeAToken(value)) return {40014, 0};
  for (const std::deque<Token>* line : {&legacy_, &stable_}) {
    for (const Token& token : *line) {
      if (token.value != value) continue;
      if (token.dies > now) return {0, token.generation};
      return {token.dies < token.expires ? 40001 : 42001, token.generation};
    }
  }
  return {40001, 0};
}

void ApiTokens::RevokeAll(base::TimePoint now) {
  for (std::deque<Token>* line : {&legacy_, &stable_}) {
    for (Token& token : *line) token.dies = std::min(token.dies, now);
  }
}

}  // namespace yingda::simulator
