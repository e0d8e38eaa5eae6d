// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/word_filter.h"
#include "wechat/reply.h"

namespace yingda::bot {

/// Puts what a rule says through the outbound word filter: every text that the follower would read, titles and
/// descriptions included. Masked words are masked; a reply with a word that blocks becomes `blocked`, of several only
/// the first such, the others go. Detectors count only where the reply repeats `said`, the follower's own message:
/// links and numbers that the admin wrote are meant. Returns what was found in all of them, its places left without
/// meaning. Pure. Cost: one check of each reply's texts.
filter::Verdict FilterRuleReply(const filter::WordFilter& words, std::string_view said, const std::string& blocked,
                                wechat::Reply& reply, std::vector<wechat::Reply>& more, filter::Scratch& scratch);

/// A text that no model made, as the words of now let it be read: masked, or nothing if one of them blocks. Detectors
/// do not count.
std::optional<std::string> PassedOwnText(const filter::WordFilter& words, std::string_view text);

/// WeChat takes one article in a customer-service message: each of several becomes a message of its own.
std::vector<wechat::Reply> AsMessages(std::vector<wechat::Reply> replies);

}  // namespace yingda::bot
