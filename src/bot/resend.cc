// SPDX-License-Identifier: MIT
#include "bot/resend.h"

namespace yingda::bot {
namespace {

constexpr int64_t kBetweenTriesMs = 5000;
constexpr int64_t kEarlyMs = 500;

}  // namespace

std::optional<store::JobRecord> AnswerToResend(const std::vector<store::JobRecord>& recent, bool uncertain_only,
                                               int last_try, int64_t fresh_ms, int64_t asked_ms) {
  const store::JobRecord* newest = nullptr;
  for (const store::JobRecord& record : recent) {
    const bool claimed = record.delivery == store::Delivery::kClaimed;
    if (!record.finished || record.reply_text.empty() || record.kind == "reply") continue;
    if (!claimed && record.first_seen_ms < fresh_ms) continue;
    // What WeChat took as customer-service messages has arrived, however often the push came.
    const bool window_over = asked_ms >= record.first_seen_ms + last_try * kBetweenTriesMs - kEarlyMs;
    const bool uncertain = !record.reply.empty() && (claimed || (record.tries >= last_try && window_over));
    if (uncertain) return record;
    if (uncertain_only) return std::nullopt;
    if (newest == nullptr) newest = &record;
  }
  return newest == nullptr ? std::nullopt : std::optional(*newest);
}

std::string ResentText(const store::JobRecord& record, const std::string& label, size_t limit_bytes) {
  // What went out as customer-service messages has no reply of its own.
  const std::string& text = record.reply.empty() ? record.reply_text : record.reply;
  const std::string labelled = label + "\n" + text;
  return labelled.size() <= limit_bytes && !text.starts_with(label) ? labelled : text;
}

}  // namespace yingda::bot
