// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/store.h"

namespace yingda::bot {

/// Which of a follower's last answers to give once more when they ask for it. A reply to WeChat's last try leaves no
/// trace of whether it arrived, and neither does one that a process wrote as it ended; every other one would have been
/// tried again. `recent`: the newest first. `uncertain_only`: only if the newest answer is such a one, for a 继续 that
/// finds nothing else; without it (重发) the newest of these, or else the newest of all. Answers from before `fresh_ms`
/// are not given, but for those that a process may have written as it ended; nor those whose window was still open at
/// `asked_ms`, when the follower asked, because only its end shows that something went wrong. Pure.
std::optional<store::JobRecord> AnswerToResend(const std::vector<store::JobRecord>& recent, bool uncertain_only,
                                               int last_try, int64_t fresh_ms, int64_t asked_ms);

/// What the follower reads then: the same text, said to be a repetition where there is room for that.
std::string ResentText(const store::JobRecord& record, const std::string& label, size_t limit_bytes);

}  // namespace yingda::bot
