// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/account.h"
#include "bot/passed_texts.h"
#include "filter/stream_filter.h"
#include "model/chat_model.h"
#include "store/store.h"

namespace yingda::bot {

/// A model's answer that is still being written, as far as its follower may see it. Judges what the follower will read,
/// not the Markdown: up to where StableMarkdown says that the rest cannot change it, and held back as StreamFilter
/// holds back. When the account's words change, all of it is judged anew. Cost: a look is linear in the answer;
/// LookIfDue looks whenever a quarter has been added, so it is linear altogether. Thread-safety: one thread at a time.
class AnswerFilter {
 public:
  /// Takes in what was written since the last look. `answer` is all of it, as it grew.
  void Look(const Account& account, std::string_view answer);
  /// For every piece that comes: looks if so much has come that it is worth it.
  void LookIfDue(const Account& account, std::string_view answer);

  /// A word that blocks is in it, whatever comes behind it.
  bool blocked() const { return stream_ && stream_->level() == filter::Level::kBlock; }
  /// What may be shown as it is read in the chat, masked: the beginning of what Account::Readable will make of the
  /// whole answer, but for parts of "a && b" that were shown before the word was complete. Whole sentences; empty if it
  /// is blocked.
  std::string_view Sentences() const;
  /// The same as Markdown, for the answer page; looks first. Lines of a table or a code block are shown as they come.
  std::string Page(const Account& account, std::string_view answer);

 private:
  struct Checkpoint {
    size_t markdown_bytes = 0;
    size_t readable_bytes = 0;
  };

  void Restart(std::shared_ptr<const filter::WordFilter> words);
  void Feed(const std::string& text);
  size_t DecidedBytes() const { return fed_.size() - (stream_ ? stream_->HeldBytes() : 0); }
  size_t DecidedMarkdown(std::string_view answer);

  std::shared_ptr<const filter::WordFilter> words_;
  std::optional<filter::StreamFilter> stream_;
  std::string fed_;           // to the stream
  std::string shown_;         // by the stream
  Checkpoint stable_;         // the farthest so far
  size_t page_markdown_ = 0;  // of the answer, what the page may show
  size_t next_look_ = 0;      // in bytes of the answer
};

/// What was stored under the words of its time, as the words of now let it be shown: masked, or with a text that says
/// so in place of what is blocked now. In texts that no model made, detectors do not count. Of a job, the reply that
/// went out, and what of it would be lost (which is given alone when the rest of the reply is blocked); addresses that
/// begin with `own_pages` are our own, and no finds.
std::vector<store::InboxItem> ShownNow(const Account& account, const Texts& texts, std::vector<store::InboxItem> items);
store::JobRecord ShownNow(const Account& account, const Texts& texts, store::JobRecord record,
                          std::string_view own_pages);
store::AnswerPage ShownNow(const Account& account, const Texts& texts, store::AnswerPage page);

/// What a model is about to be asked, as the words of now let it be sent: masked, and without the turns that they
/// block. False: the question itself is blocked. What has `passed` under these words before is not searched again.
bool FilterForModel(const Account& account, PassedTexts& passed, std::vector<model::ChatMessage>& messages);
/// A rule's instruction may hold what its follower wrote: masked, too, when the words of now mask the question.
std::string InstructionForModel(const Account& account, std::string_view question, const std::string& instruction);

}  // namespace yingda::bot
