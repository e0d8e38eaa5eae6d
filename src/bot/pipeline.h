// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bot/account.h"
#include "rules/cooldowns.h"
#include "wechat/incoming.h"
#include "wechat/reply.h"

namespace yingda::bot {

/// Where a message goes, and by which station of the way it was decided.
struct Decision {
  enum class Action {
    kReply,     // `reply` now
    kAskModel,  // `question` to the model
    kContinue,  // the next unread page
    kResend,    // the last answer once more
    kClear,     // forget the conversation, then `reply`
    kForget,    // forget the follower, then `reply`
  };
  enum class Route { kEvent, kWords, kRule, kCommand, kModel, kMessageType };

  Action action = Action::kReply;
  Route route = Route::kMessageType;
  wechat::Reply reply;              // NoReply: `success`
  std::vector<wechat::Reply> more;  // what follows it as customer-service messages, where the account may
  std::string question;             // as the model may see it: masked words masked
  std::string instruction;          // of the rule that hands it to the model; empty: none
  std::string picture_url;          // what the question is about besides its text; empty: nothing
  std::string rule;                 // of kRule and kEvent, or of kModel by a rule: the rule's name
  std::string source;               // where the rule stands, "reply_rules/a.yml:12"
  // What decided, for logs and statistics: the rule's place in `rules`; the words found by `words`. Null: none did.
  std::shared_ptr<const rules::RuleSet> rules{};
  uint32_t rule_index = 0;
  std::shared_ptr<const filter::WordFilter> words{};
  filter::Verdict found{};
  // The same of what the rule's replies say; they have gone through the outbound filter.
  std::shared_ptr<const filter::WordFilter> reply_words{};
  filter::Verdict found_in_reply{};
};
const char* ToString(Decision::Route route);
const char* ToString(Decision::Action action);

/// The account's system prompt with a rule's instruction behind it; either may be empty.
std::string PromptWith(const std::string& system_prompt, const std::string& instruction);

/// What one thread needs to decide without allocating; not to be shared.
struct PipelineScratch {
  filter::Scratch words;
  rules::RuleSet::Scratch rules;
};

/// Does a reply to the push of this event reach nobody? Where nothing is documented, it is tried.
bool IsNotShown(const Account& account, wechat::EventType event);

/// Of one message, besides itself.
struct Occasion {
  uint64_t choice = 0;  // equal for all tries of one message: so is a random reply
  base::WallTime now{};
  rules::Cooldowns* cooldowns = nullptr;  // null: nothing cools down, as for explaining
};

/// An event as rules name it: in lower case, with a menu's key, or with a QR code's scene. `key` is a view of the
/// message.
struct RuleEvent {
  std::string name;
  std::string_view key;
};
RuleEvent RuleEventOf(const wechat::Incoming& message);

/// One message's way: events by rules, or `success` (a reply that WeChat does not show goes into `more`, where the
/// account may send messages); texts (and recognised voice) through the word filter, the keyword
/// rules, the commands and the default rules to the model; places, links and pictures that the account's model sees
/// through the word filter to the model; all other types to their configured text. Pure but for the account's snapshots
/// and what cools down; thread-safe with a scratch per thread. Never fails: odd input has its own texts.
Decision Decide(const Account& account, const wechat::Incoming& message, const Occasion& occasion,
                PipelineScratch& scratch);

}  // namespace yingda::bot
