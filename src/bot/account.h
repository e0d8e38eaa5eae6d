// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/snapshot.h"
#include "bot/quota.h"
#include "bot/texts.h"
#include "bot/window_policy.h"
#include "filter/word_filter.h"
#include "model/chat_model.h"
#include "model/picture_fetcher.h"
#include "platform/follower_messages.h"
#include "rules/rule_set.h"

namespace yingda::bot {

class Statistics;

/// What the model sees of a follower's messages besides text; the rest gets its configured text.
struct ModelSees {
  bool location = true;
  bool link = true;
  bool picture = false;
};

/// What of an account's configuration can be replaced while it serves.
struct AccountSettings {
  std::string system_prompt;
  Texts texts;
  size_t max_question_bytes = 8 * 1024;
  QuotaLimits quotas;
  ModelSees sees;
};

/// What admins write for the account, as loaded together: a message meets the rules and the words of one moment.
struct AccountFiles {
  std::shared_ptr<const rules::RuleSet> rules;      // null: none
  std::shared_ptr<const filter::WordFilter> words;  // null: none
};

/// One official account (公众号) as the bot sees it. Settings, and rules with words, are replaced as a whole while it
/// lives: whoever uses something of them holds the pointer meanwhile, and a job keeps the settings that it began with.
/// WeChat may tell at any time that the account cannot do what was thought.
/// Lifetime: made once at start-up, outlives everything that refers to it.
struct Account {
  std::string name;
  mutable std::atomic<Ability> ability{Ability::kPassive};
  base::Snapshot<AccountSettings> settings{std::make_shared<const AccountSettings>()};  // never null
  base::Snapshot<AccountFiles> files{std::make_shared<const AccountFiles>()};           // never null
  model::ChatModel* model = nullptr;
  model::PictureFetcher* pictures = nullptr;       // null: pictures are not seen
  platform::FollowerMessages* messages = nullptr;  // null: no API of WeChat is configured
  Statistics* statistics = nullptr;                // null: nothing is counted

  Ability AbilityNow() const { return messages == nullptr ? Ability::kPassive : ability.load(); }
  bool CanPush() const { return messages != nullptr && ability != Ability::kPassive; }
  /// The Markdown that a model wrote, as its followers read it in the chat: converted, and masked words masked.
  std::string Readable(std::string_view answer) const;
  /// The same as Markdown, for the answer page. An answer that is still being written: see AnswerFilter.
  std::string PageMarkdown(std::string_view answer) const;
  /// PageMarkdown, or nothing when none of it may be shown.
  std::optional<std::string> PassedMarkdown(std::string_view answer) const;
  /// May none of an answer be shown? (outbound word filter, on what the follower would read)
  bool AnswerBlocked(std::string_view answer) const;
  /// A text as followers read it through the outbound word filter: masked, nothing if it is blocked.
  std::optional<std::string> Passed(std::string_view text) const;
  /// Does the outbound word filter change it?
  bool Finds(std::string_view text) const;

  /// All of it in one go: the answer as Readable makes it, and what the outbound filter found in it.
  struct Judged {
    std::string text;
    filter::Verdict verdict;
    std::shared_ptr<const filter::WordFilter> words;  // that found it; null: there are none
  };
  Judged Judge(std::string_view answer) const;

 private:
  std::string Masked(std::string_view text) const;
};

}  // namespace yingda::bot
