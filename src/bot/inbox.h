// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/task.h"
#include "bot/follower_queues.h"
#include "bot/inbox_text.h"
#include "bot/unread_index.h"
#include "net/event_loop.h"
#include "store/store.h"

namespace yingda::bot {

/// The followers' inboxes (收件箱): what could not be given when it was made. Hands it out for exactly one reply at a
/// time: what is taken is claimed in the store before anybody sees it, and is either confirmed or comes back.
/// Thread-safety: MayHave on any thread, the rest on the event loop.
class Inbox {
 public:
  struct Options {
    int max_items_per_look = 20;
    size_t max_followers = 1'000'000;  // with unread texts, that are known apart
    size_t max_waiting_takes = 16;     // of one follower; over it a take finds nothing
  };
  using Choice = std::function<InboxShare(const std::vector<store::InboxItem>&)>;

  Inbox(Options options, net::EventLoop& loop, store::Store& store, base::Logger& logger);

  /// May this follower have something unread? Wrongly yes at times, never wrongly no.
  bool MayHave(const std::string& account, const std::string& open_id) const;
  void Added(const std::string& account, const std::string& open_id);
  /// At start-up: whoever has something from before; `all`: these are all of them.
  void Load(const std::vector<store::FollowerName>& followers, bool all);

  /// Shows `choice` the unread texts, oldest first, and claims for `key` what it takes. `also_abandoned`: those too
  /// that a process took which ended before it knew whether they arrived. Empty when there is nothing, or when too
  /// many take at once; also when the store fails, which the share then says.
  base::Completion<InboxShare> Take(std::string account, std::string open_id, std::string key, bool also_abandoned,
                                    Choice choice);
  /// What was taken for `key` arrived.
  void Arrived(const std::string& key);
  /// It did not: it can be taken again, as soon as the store takes it back, which `then`, if any, is told.
  void Returned(const std::string& account, const std::string& open_id, const std::string& key,
                const std::function<void()>& then = {});
  /// Nobody knows: only an explicit 继续 may give it again.
  void Abandoned(const std::string& account, const std::string& open_id, const std::string& key);
  void Forget(const std::string& account, const std::string& open_id);

  /// Every take that is under way ends empty; none begins.
  void Stop() { stopping_ = true; }

 private:
  struct Taking;
  void Look(const std::shared_ptr<Taking>& taking);
  void Claim(const std::shared_ptr<Taking>& taking, InboxShare share);
  void End(const std::shared_ptr<Taking>& taking, InboxShare share);

  const Options options_;
  net::EventLoop& loop_;
  store::Store& store_;
  base::Logger& logger_;
  UnreadIndex index_;
  FollowerQueues takers_;
  bool stopping_ = false;
};

}  // namespace yingda::bot
