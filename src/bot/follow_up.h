// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/task.h"
#include "bot/account.h"
#include "bot/answer_pages.h"
#include "bot/inbox.h"
#include "net/event_loop.h"

namespace yingda::bot {

/// Sends what waits in the inboxes of followers whose account may write to them (客服消息), page by page and in order.
/// What WeChat refuses stays in the inbox, for the follower's next message. Thread-safety: on the event loop.
class FollowUp {
 public:
  struct Options {
    size_t page_bytes = 2047;
    size_t max_followers_at_once = 64;
    size_t max_waiting = 20'000;  // followers; over it they are left to their next message
    base::Duration try_again_after = std::chrono::seconds(30);  // WeChat could not be reached; doubles
    int most_tries = 8;                                         // in a row
    size_t max_behind = 20;                                     // messages without a place in the inbox, per follower
  };

  FollowUp(Options options, net::EventLoop& loop, Inbox& inbox, const AnswerPages& pages, base::Logger& logger,
           base::Metrics& metrics, const base::FollowerTagger& tagger);

  /// The follower did something: WeChat allows new messages to them, as many and as long as `window` says.
  void FollowerSpoke(const Account& account, const std::string& open_id, const SendingWindow& window);
  /// Sends what there is, unless that is under way already. Nothing for accounts that may not.
  void Deliver(const Account& account, const std::string& open_id);
  /// Sends these behind what waits in the inbox, in order. They are in memory only, and dropped when WeChat takes no
  /// more messages for this follower. Limits: `max_behind` of them wait for a follower; texts go in pages, articles one
  /// by one.
  void SendBehind(const Account& account, const std::string& open_id, std::vector<wechat::Reply> replies);
  /// WeChat could not be reached for this follower lately: what waits had better go another way, if one comes first.
  bool Failing(const Account& account, const std::string& open_id) const;
  void Forget(const Account& account, const std::string& open_id);
  /// Begins nothing more; `idle` runs when nothing is being sent, perhaps at once.
  void Stop(std::function<void()> idle);

 private:
  struct Window {
    int left = 0;
    base::TimePoint ends;
  };
  struct Follower {
    const Account* account = nullptr;
    std::string open_id;
    base::TimePoint spoke;    // of the last push we know of; of our first look, if none
    int64_t spoke_ms = 0;     // the same as Unix time; 0: none
    Window message;           // after the last message
    Window action;            // after the last event that opens one
    bool asks_again = false;  // soon, because the store failed
    bool sending = false;
    bool again = false;  // something came while sending
    int failures = 0;
    size_t page_bytes = 0;  // that WeChat took; 0: as configured
    std::deque<wechat::Reply> behind;
  };
  using FollowerPointer = std::shared_ptr<Follower>;

  FollowerPointer Known(const Account& account, const std::string& open_id);
  base::Task SendAll(FollowerPointer follower);
  base::Completion<InboxShare> TakeNext(const FollowerPointer& follower, const std::string& key);
  base::Completion<platform::SendOutcome> Send(const FollowerPointer& follower, const InboxShare& page);
  base::Completion<platform::SendOutcome> SendReply(const FollowerPointer& follower, wechat::Reply reply);
  bool AfterBehind(const FollowerPointer& follower, const platform::SendOutcome& outcome);
  void DropBehind(Follower& follower, const char* why);
  void NotAllowed(const Account& account);
  InboxShare Choose(const Follower& follower, const std::vector<store::InboxItem>& unread) const;
  bool May(const Follower& follower) const;
  int Left(const Follower& follower) const;
  void UseOne(Follower& follower) const;
  static void UseUp(Follower& follower) { follower.message.left = follower.action.left = 0; }
  bool TryShorter(const FollowerPointer& follower, const std::string& key, int errcode);
  void Rejected(const FollowerPointer& follower, const std::string& key);
  void Begin(const FollowerPointer& follower);
  void End(const FollowerPointer& follower);
  void TryAgainLater(const FollowerPointer& follower);
  void AgainWithTheStore(const FollowerPointer& follower);
  static const char* NameOf(platform::SendEnd end);
  void DropOld();
  base::Counter& Ended(platform::SendEnd end);

  const Options options_;
  net::EventLoop& loop_;
  Inbox& inbox_;
  const AnswerPages& pages_;
  base::Logger& logger_;
  base::Metrics& metrics_;
  const base::FollowerTagger& tagger_;
  std::unordered_map<std::string, FollowerPointer> followers_;
  std::deque<FollowerPointer> waiting_;
  size_t sending_ = 0;
  uint64_t next_claim_ = 0;
  const std::string claim_prefix_;  // differs from process to process
  bool stopping_ = false;
  std::function<void()> idle_;
};

}  // namespace yingda::bot
