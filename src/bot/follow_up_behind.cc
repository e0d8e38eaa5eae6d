// SPDX-License-Identifier: MIT
// What is sent behind a follower's inbox: from memory, and dropped when WeChat takes no more.
#include <utility>

#include "bot/follow_up.h"
#include "bot/rule_reply.h"

namespace yingda::bot {

void FollowUp::SendBehind(const Account& account, const std::string& open_id, std::vector<wechat::Reply> replies) {
  if (!account.CanPush() || stopping_) return;
  const FollowerPointer follower = Known(account, open_id);
  for (wechat::Reply& reply : AsMessages(std::move(replies))) {
    if (follower->behind.size() >= options_.max_behind) {
      Ended(platform::SendEnd::kClosed).Add();
      continue;
    }
    auto* const text = std::get_if<wechat::TextReply>(&reply);
    if (text == nullptr || text->content.size() <= options_.page_bytes) {
      follower->behind.push_back(std::move(reply));
      continue;
    }
    PageStyle style;
    style.limit_bytes = options_.page_bytes;
    style.tells_continue = false;
    const auto settings = account.settings.Get();
    std::string_view rest = text->content;
    for (int64_t given = 0; !rest.empty() && follower->behind.size() < options_.max_behind; ++given) {
      const TextPage page = NextPage(rest, given, settings->texts, style);
      follower->behind.push_back(wechat::TextReply{page.text});
      rest.remove_prefix(page.taken_bytes);
    }
  }
  Deliver(account, open_id);
}

/// True: there may be more to send.
bool FollowUp::AfterBehind(const FollowerPointer& follower, const platform::SendOutcome& outcome) {
  const Account& account = *follower->account;
  Ended(outcome.end).Add();
  logger_.Info("pushed", {{"account", account.name},
                          {"follower", tagger_.Tag(account.name, follower->open_id)},
                          {"end", NameOf(outcome.end)},
                          {"errcode", outcome.errcode}});
  switch (outcome.end) {
    case platform::SendEnd::kDelivered:
      follower->failures = 0;
      [[fallthrough]];
    case platform::SendEnd::kUnknown:   // it may have arrived: not twice
    case platform::SendEnd::kRejected:  // nor would WeChat take it the next time
      UseOne(*follower);
      if (!follower->behind.empty()) follower->behind.pop_front();
      return true;
    case platform::SendEnd::kNotAllowed:
      NotAllowed(account);
      [[fallthrough]];
    case platform::SendEnd::kClosed:
      UseUp(*follower);
      DropBehind(*follower, "refused");
      return false;
    case platform::SendEnd::kUnavailable:
      TryAgainLater(follower);
      if (follower->failures >= options_.most_tries) DropBehind(*follower, "unreachable");
      return false;
  }
  return false;
}

void FollowUp::DropBehind(Follower& follower, const char* why) {
  if (follower.behind.empty()) return;
  logger_.Warning("messages_dropped", {{"account", follower.account->name},
                                       {"follower", tagger_.Tag(follower.account->name, follower.open_id)},
                                       {"messages", follower.behind.size()},
                                       {"why", why}});
  follower.behind.clear();
}

}  // namespace yingda::bot
