// SPDX-License-Identifier: MIT
#include "bot/word_log.h"

#include <set>
#include <string>

namespace yingda::bot {
namespace {

using filter::Direction;
using filter::Level;

// "deny/fraud.txt:12 (诈骗), deny/ads.txt:3 and 2 more"
std::string Named(const filter::WordFilter& words, const filter::Verdict& verdict, Level least) {
  std::string out;
  std::set<uint32_t> named;
  for (const filter::WordHit& hit : verdict.hits) {
    if (hit.level < least || !named.insert(hit.word).second || named.size() > WordLog::kMostNamed) continue;
    const filter::WordInfo info = words.Info(hit.word);
    out += (out.empty() ? "" : ", ") + info.Place();
    std::string tags;
    for (const std::string& tag : info.tags) tags += (tags.empty() ? "" : ",") + tag;
    if (!tags.empty()) out += " (" + tags + ")";
  }
  if (named.size() > WordLog::kMostNamed) out += " and " + std::to_string(named.size() - WordLog::kMostNamed) + " more";
  return out;
}

bool HasReview(const filter::Verdict& verdict) {
  for (const filter::WordHit& hit : verdict.hits) {
    if (hit.level == Level::kReview) return true;
  }
  return false;
}

}  // namespace

WordLog::WordLog(base::Logger& logger, base::Metrics& metrics) : logger_(logger) {
  for (const Direction direction : {Direction::kInbound, Direction::kOutbound}) {
    for (const Level level : {Level::kReview, Level::kMask, Level::kBlock}) {
      texts_.at(static_cast<size_t>(direction)).at(static_cast<size_t>(level)) =
          &metrics.Counter("yingda_words_total", "Texts with words of the filter, by the highest level among them",
                           {{"direction", ToString(direction)}, {"level", ToString(level)}});
    }
  }
}

void WordLog::Note(std::string_view account, std::string_view request, Direction direction,
                   const filter::WordFilter& words, const filter::Verdict& verdict) {
  base::Counter* const texts = texts_.at(static_cast<size_t>(direction)).at(static_cast<size_t>(verdict.level));
  if (texts == nullptr) return;
  texts->Add();
  const bool told = verdict.level == Level::kBlock || HasReview(verdict);
  if (!logger_.Enabled(told ? base::LogLevel::kInfo : base::LogLevel::kDebug)) return;
  // Of a blocked text the words that blocked it: they are what somebody will ask about.
  const std::string named = Named(words, verdict, verdict.level == Level::kBlock ? Level::kBlock : Level::kReview);
  const auto write = [&](auto log) {
    (logger_.*log)("words", {{"account", account},
                             {"request", request},
                             {"direction", ToString(direction)},
                             {"level", ToString(verdict.level)},
                             {"words", named}});
  };
  told ? write(&base::Logger::Info) : write(&base::Logger::Debug);
}

}  // namespace yingda::bot
