// SPDX-License-Identifier: MIT
#include "bot/inbox.h"

#include <utility>

namespace yingda::bot {
namespace {

constexpr base::Duration kReturnAgain = std::chrono::seconds(1);

std::string FollowerKey(const std::string& account, const std::string& open_id) { return account + '\n' + open_id; }

}  // namespace

struct Inbox::Taking {
  std::string account, open_id, follower, key;
  bool also_abandoned = false;
  Choice choice;
  std::function<void(InboxShare)> done;
  uint64_t version = 0;
};

Inbox::Inbox(Options options, net::EventLoop& loop, store::Store& store, base::Logger& logger)
    : options_(options),
      loop_(loop),
      store_(store),
      logger_(logger),
      index_(options.max_followers),
      takers_(options.max_waiting_takes) {}

bool Inbox::MayHave(const std::string& account, const std::string& open_id) const {
  return index_.MayHave(FollowerKey(account, open_id));
}

void Inbox::Added(const std::string& account, const std::string& open_id) {
  index_.Added(FollowerKey(account, open_id));
}

void Inbox::Load(const std::vector<store::FollowerName>& followers, bool all) {
  if (!all) index_.NotAll();
  for (const store::FollowerName& follower : followers) Added(follower.account, follower.open_id);
}

base::Completion<InboxShare> Inbox::Take(std::string account, std::string open_id, std::string key, bool also_abandoned,
                                         Choice choice) {
  auto taking = std::make_shared<Taking>();
  taking->follower = FollowerKey(account, open_id);
  taking->account = std::move(account);
  taking->open_id = std::move(open_id);
  taking->key = std::move(key);
  taking->also_abandoned = also_abandoned;
  taking->choice = std::move(choice);
  return base::Completion<InboxShare>([this, taking](std::function<void(InboxShare)> done) {
    if (stopping_ || (!taking->also_abandoned && !index_.MayHave(taking->follower))) {
      done({});
      return;
    }
    taking->done = std::move(done);
    // One look at a time, so that no text is chosen twice.
    if (!takers_.Enter(taking->follower, [this, taking] { Look(taking); })) std::exchange(taking->done, nullptr)({});
  });
}

void Inbox::Look(const std::shared_ptr<Taking>& taking) {
  if (stopping_) return End(taking, {});
  taking->version = index_.Version(taking->follower);
  const auto list = [this, taking] {
    store_.ListUnread(taking->account, taking->open_id, base::UnixMilliseconds(loop_.clock().WallNow()),
                      options_.max_items_per_look, [this, taking](base::Result<std::vector<store::InboxItem>> unread) {
                        if (!unread) {
                          logger_.Error("inbox_failed", {{"error", unread.error().message}});
                          End(taking, {.failed = true});
                        } else if (unread->empty()) {
                          index_.Emptied(taking->follower, taking->version);
                          End(taking, {});
                        } else {
                          Claim(taking, taking->choice(*unread));
                        }
                      });
  };
  if (!taking->also_abandoned) return list();
  store_.ReleaseAbandoned(taking->account, taking->open_id, [this, taking, list](const base::Result<void>& released) {
    if (stopping_) return End(taking, {});
    if (!released) return End(taking, {.failed = true});
    list();
  });
}

void Inbox::Claim(const std::shared_ptr<Taking>& taking, InboxShare share) {
  if (stopping_ || share.empty()) return End(taking, {});
  store_.ClaimPages(share.claims, taking->key, [this, taking, share](const base::Result<void>& claimed) {
    if (!claimed) logger_.Error("inbox_claim_failed", {{"error", claimed.error().message}});
    const bool failed = !claimed && claimed.error().code != base::ErrorCode::kNotFound;
    End(taking, claimed ? share : InboxShare{.failed = failed});
  });
}

void Inbox::End(const std::shared_ptr<Taking>& taking, InboxShare share) {
  // The next one's turn first: whoever waits for this share may need long.
  takers_.Leave(taking->follower);
  std::exchange(taking->done, nullptr)(std::move(share));
}

void Inbox::Arrived(const std::string& key) { store_.ConfirmPages(key, {}); }

void Inbox::Returned(const std::string& account, const std::string& open_id, const std::string& key,
                     const std::function<void()>& then) {
  store_.ReleasePages(key, [this, account, open_id, key, then](const base::Result<void>& released) {
    if (released) {
      Added(account, open_id);
      if (then) then();
      return;
    }
    logger_.Error("inbox_release_failed", {{"error", released.error().message}});
    if (stopping_) return;
    loop_.After(kReturnAgain, [this, account, open_id, key, then] {
      if (!stopping_) Returned(account, open_id, key, then);
    });
  });
}

void Inbox::Abandoned(const std::string& account, const std::string& open_id, const std::string& key) {
  store_.AbandonPages(key, {});
  Added(account, open_id);
}

void Inbox::Forget(const std::string& account, const std::string& open_id) {
  index_.Forget(FollowerKey(account, open_id));
}

}  // namespace yingda::bot
