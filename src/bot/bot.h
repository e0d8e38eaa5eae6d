// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "bot/account.h"
#include "bot/answer_desk.h"
#include "bot/pipeline.h"
#include "bot/reply_book.h"
#include "bot/reply_port.h"
#include "bot/word_log.h"
#include "wechat/incoming.h"

namespace yingda::bot {

/// The way of one verified push: known keys get what their job has, new messages are decided (pipeline.h) and answered
/// at once, or become a job on the answer desk. Thread-safety: all members. Cost: a message that rules or the word
/// filter decide costs no disk, no other thread and two short locks.
class Bot {
 public:
  struct Options {
    rules::Cooldowns::Options cooldowns;  // of the rules of all accounts
  };

  Bot(const Options& options, ReplyBook& book, AnswerDesk& desk, net::EventLoop& loop, base::Clock& clock,
      base::Logger& logger, base::Metrics& metrics);

  /// Takes one push; the reply goes to `port`, now or later. `json`: how the push was written, and so its reply.
  void Receive(const Account& account, const wechat::Incoming& message, bool json, std::shared_ptr<ReplyPort> port);

 private:
  void NoteWordsOfReply(const Account& account, const Decision& decision, std::string_view request);
  bool NeedsWork(const Account& account, const wechat::Incoming& message, const Decision& decision) const;
  void Tell(const Account& account, Decision::Action action, const std::string& open_id);
  void SendMore(const Account& account, const wechat::Incoming& message, std::vector<wechat::Reply> more, bool arrived);
  void Work(Question question, std::shared_ptr<ReplyPort> port);

  ReplyBook& book_;
  AnswerDesk& desk_;
  net::EventLoop& loop_;
  base::Clock& clock_;
  base::Logger& logger_;
  rules::Cooldowns cooldowns_;
  std::array<base::Counter*, 6> messages_by_route_;
  base::Counter& repeats_;
  base::Counter& joins_;
  WordLog word_log_;
};

}  // namespace yingda::bot
