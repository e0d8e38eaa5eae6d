// SPDX-License-Identifier: MIT
#include "bot/follow_up.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "bot/answer_filter.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kStoreAgain = 2s;
constexpr base::Duration kLongestPause = 10min;  // between tries to reach WeChat
constexpr int kTooLong = 45002;
constexpr size_t kLeastPageBytes = 250;
constexpr base::Duration kBeforeShorter = 200ms;  // so that the store has the page back
constexpr size_t kKeptFollowers = 100'000;        // counts of who has not been heard of for long go first

std::string FollowerKey(const Account& account, const std::string& open_id) { return account.name + '\n' + open_id; }

}  // namespace

const char* FollowUp::NameOf(platform::SendEnd end) {
  switch (end) {
    case platform::SendEnd::kDelivered:
      return "delivered";
    case platform::SendEnd::kClosed:
      return "closed";
    case platform::SendEnd::kNotAllowed:
      return "not_allowed";
    case platform::SendEnd::kRejected:
      return "rejected";
    case platform::SendEnd::kUnavailable:
      return "unavailable";
    case platform::SendEnd::kUnknown:
      return "unknown";
  }
  return "unknown";
}

FollowUp::FollowUp(Options options, net::EventLoop& loop, Inbox& inbox, const AnswerPages& pages, base::Logger& logger,
                   base::Metrics& metrics, const base::FollowerTagger& tagger)
    : options_(options),
      loop_(loop),
      inbox_(inbox),
      pages_(pages),
      logger_(logger),
      metrics_(metrics),
      tagger_(tagger),
      claim_prefix_("/push/" + base::RandomHex(8) + "/") {}

FollowUp::FollowerPointer FollowUp::Known(const Account& account, const std::string& open_id) {
  if (followers_.size() >= kKeptFollowers) DropOld();
  FollowerPointer& follower = followers_[FollowerKey(account, open_id)];
  if (!follower) {
    follower = std::make_shared<Follower>();
    follower->account = &account;
    follower->open_id = open_id;
    follower->spoke = loop_.clock().Now();
    follower->message = {kAfterMessage.messages, follower->spoke + kAfterMessage.lasts};  // who knows
  }
  return follower;
}

void FollowUp::DropOld() {
  const base::TimePoint now = loop_.clock().Now();
  std::erase_if(followers_, [&](const auto& entry) {
    return !entry.second->sending && now - entry.second->spoke > kAfterMessage.lasts;
  });
  if (followers_.size() < kKeptFollowers) return;
  // All of them spoke lately: their counts are WeChat's to keep then.
  std::erase_if(followers_, [](const auto& entry) { return !entry.second->sending; });
}

void FollowUp::FollowerSpoke(const Account& account, const std::string& open_id, const SendingWindow& window) {
  if (!account.CanPush() || window.messages == 0) return;
  // What we do not know of anybody else's earlier messages, WeChat knows.
  const bool none_before = window.only && !followers_.contains(FollowerKey(account, open_id));
  const FollowerPointer follower = Known(account, open_id);
  if (none_before) UseUp(*follower);
  follower->spoke = loop_.clock().Now();
  follower->spoke_ms = base::UnixMilliseconds(loop_.clock().WallNow());
  Window& opened = window == kAfterMessage ? follower->message : follower->action;
  opened = {window.messages, follower->spoke + window.lasts};
  follower->failures = std::min(follower->failures, 1);
}

bool FollowUp::May(const Follower& follower) const {
  return !stopping_ && follower.account->CanPush() && Left(follower) > 0;
}

int FollowUp::Left(const Follower& follower) const {
  const base::TimePoint now = loop_.clock().Now();
  return (follower.message.ends > now ? follower.message.left : 0) +
         (follower.action.ends > now ? follower.action.left : 0);
}

/// The window that ends sooner is used up first.
void FollowUp::UseOne(Follower& follower) const {
  Window& action = follower.action;
  const bool by_action = action.ends > loop_.clock().Now() && action.left > 0;
  int& left = by_action ? action.left : follower.message.left;
  left = std::max(left - 1, 0);
}

void FollowUp::Deliver(const Account& account, const std::string& open_id) {
  if (!account.CanPush() || stopping_) return;
  const auto known = followers_.find(FollowerKey(account, open_id));
  const bool behind = known != followers_.end() && !known->second->behind.empty();
  if (!behind && !inbox_.MayHave(account.name, open_id)) return;
  const FollowerPointer follower = Known(account, open_id);
  if (follower->sending) {
    follower->again = true;
    return;
  }
  if (!May(*follower) || waiting_.size() >= options_.max_waiting) {
    DropBehind(*follower, "no_more_messages");
    return;
  }
  follower->sending = true;
  waiting_.push_back(follower);
  if (sending_ < options_.max_followers_at_once) {
    const FollowerPointer next = waiting_.front();
    waiting_.pop_front();
    Begin(next);
  }
}

void FollowUp::Begin(const FollowerPointer& follower) {
  ++sending_;
  SendAll(follower);
}

/// The pages of one follower, in order, until there are none or WeChat takes no more.
base::Task FollowUp::SendAll(FollowerPointer follower) {
  const Account& account = *follower->account;
  bool go_on = true;
  while (go_on && May(*follower)) {
    const std::string key = account.name + claim_prefix_ + std::to_string(next_claim_++);
    follower->again = false;
    const InboxShare page = co_await TakeNext(follower, key);
    if (page.failed) {  // which says nothing of WeChat, and what is behind waits for what is unread
      AgainWithTheStore(follower);
      break;
    }
    if (page.empty() && !follower->behind.empty() && !stopping_) {
      const platform::SendOutcome outcome = co_await SendReply(follower, follower->behind.front());
      go_on = AfterBehind(follower, outcome);
      continue;
    }
    if (page.empty()) {
      go_on = follower->again;
      continue;
    }
    if (stopping_) {
      inbox_.Returned(account.name, follower->open_id, key);  // for the next process
      break;
    }
    const platform::SendOutcome outcome = co_await Send(follower, page);
    Ended(outcome.end).Add();
    logger_.Info("pushed", {{"account", account.name},
                            {"follower", tagger_.Tag(account.name, follower->open_id)},
                            {"end", NameOf(outcome.end)},
                            {"errcode", outcome.errcode}});
    switch (outcome.end) {
      case platform::SendEnd::kDelivered:
        UseOne(*follower);
        follower->failures = 0;
        inbox_.Arrived(key);
        break;
      case platform::SendEnd::kUnknown:
        UseOne(*follower);
        inbox_.Abandoned(account.name, follower->open_id, key);
        break;
      case platform::SendEnd::kNotAllowed:
        NotAllowed(account);
        [[fallthrough]];
      case platform::SendEnd::kClosed:
        UseUp(*follower);
        inbox_.Returned(account.name, follower->open_id, key);
        go_on = false;
        break;
      case platform::SendEnd::kRejected:
        if (TryShorter(follower, key, outcome.errcode)) {
          go_on = false;
        } else {
          Rejected(follower, key);
        }
        break;
      case platform::SendEnd::kUnavailable:
        inbox_.Returned(account.name, follower->open_id, key);
        TryAgainLater(follower);
        go_on = false;
        break;
    }
  }
  // Behind so many pages there is no room for them; with the follower's next message they would be out of place.
  if (!May(*follower)) DropBehind(*follower, "no_more_messages");
  End(follower);
}

void FollowUp::NotAllowed(const Account& account) {
  if (account.ability != Ability::kPushOnly) account.ability = Ability::kPassive;
  logger_.Warning("push_not_allowed", {{"account", account.name},
                                       {"what",
                                        "该账号没有客服消息接口的权限（48001），改为被动回复；认证之后请重启或运行 "
                                        "yingda check --online"}});
}

/// 45002, too long: its limit counts otherwise than ours for this text, so the same comes in smaller pages.
bool FollowUp::TryShorter(const FollowerPointer& follower, const std::string& key, int errcode) {
  const size_t now = follower->page_bytes == 0 ? options_.page_bytes : follower->page_bytes;
  if (errcode != kTooLong || now < 2 * kLeastPageBytes) return false;
  follower->page_bytes = now / 2;
  inbox_.Returned(follower->account->name, follower->open_id, key);
  loop_.After(kBeforeShorter, [this, follower] { Deliver(*follower->account, follower->open_id); });
  return true;
}

/// WeChat does not take this text, and would not take it again: it must not stand in the way of what comes behind it.
void FollowUp::Rejected(const FollowerPointer& follower, const std::string& key) {
  const Account& account = *follower->account;
  UseOne(*follower);
  logger_.Warning("push_rejected", {{"account", account.name},
                                    {"follower", tagger_.Tag(account.name, follower->open_id)},
                                    {"what", "微信不接受这条客服消息的内容，粉丝回复“继续”时再用被动回复给"}});
  if (account.ability == Ability::kPushOnly) {
    inbox_.Arrived(key);  // there is no other way to this follower
  } else {
    inbox_.Abandoned(account.name, follower->open_id, key);
  }
}

InboxShare FollowUp::Choose(const Follower& follower, const std::vector<store::InboxItem>& stored) const {
  if (stopping_ || stored.empty()) return {};
  const auto settings = follower.account->settings.Get();
  const auto unread = ShownNow(*follower.account, settings->texts, stored);
  PageStyle style;
  style.limit_bytes = follower.page_bytes == 0 ? options_.page_bytes : follower.page_bytes;
  // The last message that WeChat allows says how to get the rest; the others are followed by it.
  style.tells_continue = Left(follower) <= 1;
  if (!unread.front().page_id.empty()) style.page_url = pages_.Url(unread.front().page_id);
  // Which question it answers needs to be said only when the follower has asked another one since.
  constexpr int64_t kSameMomentMs = 1000;
  const bool labelled = unread.front().asked_ms + kSameMomentMs < follower.spoke_ms;
  return NextInboxPage(unread, settings->texts, style, labelled);
}

base::Completion<InboxShare> FollowUp::TakeNext(const FollowerPointer& follower, const std::string& key) {
  return inbox_.Take(
      follower->account->name, follower->open_id, key, false,
      [this, follower](const std::vector<store::InboxItem>& unread) { return Choose(*follower, unread); });
}

base::Completion<platform::SendOutcome> FollowUp::Send(const FollowerPointer& follower, const InboxShare& page) {
  return base::Completion<platform::SendOutcome>([follower, &page](std::function<void(platform::SendOutcome)> done) {
    platform::FollowerMessages* const messages = follower->account->messages;
    if (messages == nullptr) {
      done({platform::SendEnd::kNotAllowed, 0});
      return;
    }
    messages->Send(follower->open_id, wechat::TextReply{page.text}, page.made_by_model, std::move(done));
  });
}

base::Completion<platform::SendOutcome> FollowUp::SendReply(const FollowerPointer& follower, wechat::Reply reply) {
  return base::Completion<platform::SendOutcome>(
      [follower, reply = std::move(reply)](std::function<void(platform::SendOutcome)> done) {
        platform::FollowerMessages* const messages = follower->account->messages;
        if (messages == nullptr) {
          done({platform::SendEnd::kNotAllowed, 0});
          return;
        }
        messages->Send(follower->open_id, reply, false, std::move(done));
      });
}

void FollowUp::TryAgainLater(const FollowerPointer& follower) {
  if (++follower->failures >= options_.most_tries) return;  // the follower's next message asks again
  const base::Duration pause =
      std::min<base::Duration>(options_.try_again_after * (int64_t{1} << (follower->failures - 1)), kLongestPause);
  loop_.After(pause, [this, follower] { Deliver(*follower->account, follower->open_id); });
}

void FollowUp::AgainWithTheStore(const FollowerPointer& follower) {
  if (stopping_ || std::exchange(follower->asks_again, true)) return;
  loop_.After(kStoreAgain, [this, follower] {
    follower->asks_again = false;
    Deliver(*follower->account, follower->open_id);
  });
}

void FollowUp::End(const FollowerPointer& follower) {
  follower->sending = false;
  --sending_;
  if (follower->again && !stopping_) {
    follower->again = false;
    Deliver(*follower->account, follower->open_id);
  }
  if (stopping_ && sending_ == 0 && idle_) std::exchange(idle_, nullptr)();
  if (waiting_.empty() || stopping_ || sending_ >= options_.max_followers_at_once) return;
  const FollowerPointer next = waiting_.front();
  waiting_.pop_front();
  // Not from here: where nobody may be written to any more, each would end at once, one inside the other.
  ++sending_;
  loop_.Post([this, next] { SendAll(next); });
}

bool FollowUp::Failing(const Account& account, const std::string& open_id) const {
  const auto found = followers_.find(FollowerKey(account, open_id));
  return found != followers_.end() && found->second->failures > 0;
}

void FollowUp::Stop(std::function<void()> idle) {
  stopping_ = true;
  waiting_.clear();
  if (sending_ == 0) {
    idle();
  } else {
    idle_ = std::move(idle);
  }
}

void FollowUp::Forget(const Account& account, const std::string& open_id) {
  const auto found = followers_.find(FollowerKey(account, open_id));
  if (found == followers_.end()) return;
  found->second->behind.clear();
  if (!found->second->sending) followers_.erase(found);
}

base::Counter& FollowUp::Ended(platform::SendEnd end) {
  return metrics_.Counter("yingda_follow_up_pages_total", "Pages sent as customer-service messages, by how that ended",
                          {{"end", NameOf(end)}});
}

}  // namespace yingda::bot
