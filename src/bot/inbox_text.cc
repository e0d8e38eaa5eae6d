// SPDX-License-Identifier: MIT
#include "bot/inbox_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "bot/text_slots.h"

namespace yingda::bot {
namespace {

constexpr size_t kLabelQuestionBytes = 60;
constexpr std::string_view kBetweenItems = "\n\n";
// A text that has to be cut to fit is only worth it when some sentences of it do.
constexpr size_t kLeastRoomBytes = 240;

std::string Separator(const Texts& texts) { return "\n\n" + texts.inbox_separator + "\n"; }

store::PageClaim ClaimOf(const store::InboxItem& item, size_t taken_bytes) {
  return {item.id, item.text.substr(0, taken_bytes), item.text.substr(taken_bytes)};
}

/// The item as a block with its label; empty claims when not even its first page fits.
InboxShare BlockOf(const store::InboxItem& item, const Texts& texts, size_t room_bytes) {
  InboxShare block;
  const std::string label = LateLabel(item.question, item.part, texts);
  if (room_bytes <= label.size() + kLeastRoomBytes) {
    if (label.size() + item.text.size() > room_bytes) return block;
  }
  PageStyle style;
  style.limit_bytes = room_bytes - label.size();
  style.tells_continue = false;
  const TextPage page = NextPage(item.text, item.part, texts, style);
  block.text = label + page.text;
  block.claims.push_back(ClaimOf(item, page.taken_bytes));
  block.more = page.more;
  block.made_by_model = item.made_by_model;
  return block;
}

}  // namespace

std::string LateLabel(std::string_view question, int64_t part, const Texts& texts) {
  std::string shown(base::TrimBlanks(question));
  if (shown.empty()) return "";  // it answers no question: a rule's own text
  std::replace(shown.begin(), shown.end(), '\n', ' ');
  const std::string_view prefix = base::Utf8Prefix(shown, kLabelQuestionBytes);
  if (prefix.size() < shown.size()) shown = std::string(prefix) + "…";
  std::string label = part == 0 ? texts.late_answer_label : texts.late_rest_label;
  FillSlot(label, "{question}", shown);
  return label + "\n";
}

InboxShare FrontOfReply(const std::vector<store::InboxItem>& unread, const Texts& texts, size_t room_bytes) {
  InboxShare share;
  for (const store::InboxItem& item : unread) {
    const size_t used = share.text.size() + (share.empty() ? 0 : kBetweenItems.size());
    InboxShare block = BlockOf(item, texts, room_bytes - std::min(room_bytes, used));
    // Only the first may be given in part: else what is old would be given in crumbs.
    if (block.empty() || (block.more && !share.empty())) {
      share.more = true;
      break;
    }
    if (!share.empty()) share.text += kBetweenItems;
    share.text += block.text;
    share.claims.push_back(std::move(block.claims.front()));
    share.made_by_model = share.made_by_model || block.made_by_model;
    share.more = block.more;
    if (block.more) break;
  }
  if (share.claims.size() < unread.size()) share.more = true;
  return share;
}

InboxShare NextInboxPage(const std::vector<store::InboxItem>& unread, const Texts& texts, const PageStyle& style,
                         bool labelled) {
  InboxShare share;
  if (unread.empty()) return share;
  const store::InboxItem& item = unread.front();
  const std::string label = labelled ? LateLabel(item.question, item.part, texts) : std::string();
  PageStyle dressed = style;
  dressed.limit_bytes -= std::min(label.size(), style.limit_bytes / 2);
  if (item.part == 0 && item.text.size() <= dressed.limit_bytes) dressed.page_url.clear();  // it is all here
  dressed.made_by_model = style.made_by_model && item.made_by_model;
  const TextPage page = NextPage(item.text, item.part, texts, dressed);
  share.text = label + page.text;
  share.claims.push_back(ClaimOf(item, page.taken_bytes));
  share.more = page.more || unread.size() > 1;
  share.made_by_model = item.made_by_model;
  // The page is the last of its text, but not of the inbox.
  if (!page.more && share.more && style.tells_continue) {
    const std::string hint = "\n\n" + texts.more_unread + texts.continue_hint;
    if (share.text.size() + hint.size() <= style.limit_bytes) share.text += hint;
  }
  return share;
}

std::string JoinReply(const InboxShare& front, std::string_view own, const Texts& texts) {
  if (front.empty()) return std::string(own);
  if (own.empty()) return front.more ? front.text + "\n\n" + texts.more_unread + texts.continue_hint : front.text;
  return front.text + Separator(texts) + std::string(own);
}

size_t RoomInFront(size_t own_bytes, bool own_can_be_cut, size_t limit_bytes, const Texts& texts) {
  const size_t own = own_can_be_cut ? std::min(own_bytes, limit_bytes / 2) : own_bytes;
  const size_t fixed = Separator(texts).size() + texts.more_unread.size() + texts.continue_hint.size() + 2;
  return limit_bytes - std::min(limit_bytes, own + fixed);
}

size_t RoomBehind(const InboxShare& front, size_t limit_bytes, const Texts& texts) {
  if (front.empty()) return limit_bytes;
  return limit_bytes - std::min(front.text.size() + Separator(texts).size(), limit_bytes);
}

}  // namespace yingda::bot
