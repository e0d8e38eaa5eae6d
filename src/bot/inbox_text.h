// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bot/answer_text.h"
#include "bot/texts.h"
#include "store/store.h"

namespace yingda::bot {

/// What one reply takes out of a follower's inbox (收件箱).
struct InboxShare {
  std::string text = {};                      // as the follower reads it; empty: nothing
  std::vector<store::PageClaim> claims = {};  // what of the store that was
  bool more = false;                          // something stays behind
  bool made_by_model = false;                 // at least one of the texts
  bool failed = false;                        // nothing, because the store could not be asked
  bool empty() const { return claims.empty(); }
};

/// What stands in front of another reply: the oldest texts first, each labelled with the question it answers, as many
/// as fit whole; the first of them may be cut. Nothing when `room_bytes` is too small for anything sensible. Pure.
InboxShare FrontOfReply(const std::vector<store::InboxItem>& unread, const Texts& texts, size_t room_bytes);

/// The next page of the oldest text and nothing else. `labelled`: say which question it answers, where its first page
/// does not say so anyway. Pure.
InboxShare NextInboxPage(const std::vector<store::InboxItem>& unread, const Texts& texts, const PageStyle& style,
                         bool labelled);

/// The line in front of an answer that comes later than the next question; `part` > 0: of what comes behind a part.
std::string LateLabel(std::string_view question, int64_t part, const Texts& texts);

/// An inbox share and the reply that it stands in front of, either perhaps empty.
std::string JoinReply(const InboxShare& front, std::string_view own, const Texts& texts);

/// How much room a reply of `own_bytes` leaves for what stands in front of it: what it does not need, and where it can
/// be cut, no less than about half of the reply.
size_t RoomInFront(size_t own_bytes, bool own_can_be_cut, size_t limit_bytes, const Texts& texts);
/// How much room is left behind it for the reply's own text.
size_t RoomBehind(const InboxShare& front, size_t limit_bytes, const Texts& texts);

}  // namespace yingda::bot
