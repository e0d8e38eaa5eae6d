// SPDX-License-Identifier: MIT
#include "store/conversation_cache.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace yingda::store {
namespace {

constexpr size_t kBytesOfTurn = sizeof(Turn) + 32;
constexpr size_t kBytesOfConversation = 256;

std::string NameOf(const std::string& account, const std::string& open_id) { return account + '\n' + open_id; }

size_t BytesOf(const Turn& turn) {
  return kBytesOfTurn + turn.role.size() + turn.content.size() + turn.picture_url.size();
}

uint64_t HashOf(const std::string& follower) { return std::hash<std::string>{}(follower); }

}  // namespace

void ConversationCache::KnowFollowers(const std::vector<FollowerName>& followers) {
  std::lock_guard lock(mutex_);
  followers_.clear();
  knows_followers_ = followers.size() <= options_.followers;
  if (!knows_followers_) return;
  for (const FollowerName& each : followers) followers_.insert(HashOf(NameOf(each.account, each.open_id)));
}

std::optional<ConversationCache::Turns> ConversationCache::Find(const std::string& account, const std::string& open_id,
                                                                int64_t since_ms, size_t limit) {
  const std::string follower = NameOf(account, open_id);
  std::lock_guard lock(mutex_);
  const auto place = places_.find(follower);
  if (place == places_.end()) {
    if (knows_followers_ && !followers_.contains(HashOf(follower))) return Turns();
    return std::nullopt;
  }
  conversations_.splice(conversations_.begin(), conversations_, place->second);
  const Conversation& known = *place->second;
  Turns found;
  for (auto turn = known.turns.rbegin(); turn != known.turns.rend() && found.size() < limit; ++turn) {
    if (turn->at_ms >= since_ms) found.push_back(*turn);
  }
  if (found.size() < limit && !known.whole) return std::nullopt;
  std::reverse(found.begin(), found.end());
  return found;
}

void ConversationCache::ReadBegins(const std::string& account, const std::string& open_id) {
  std::lock_guard lock(mutex_);
  ++readings_[NameOf(account, open_id)].readers;
}

void ConversationCache::ReadEnds(const std::string& account, const std::string& open_id, size_t limit,
                                 const Turns* found) {
  Conversation conversation;
  conversation.follower = NameOf(account, open_id);
  std::lock_guard lock(mutex_);
  const auto reading = readings_.find(conversation.follower);
  const bool changed = reading->second.changed;
  if (--reading->second.readers == 0) readings_.erase(reading);
  if (changed || found == nullptr || places_.contains(conversation.follower)) return;
  conversation.turns = *found;
  conversation.whole = found->size() < limit;
  Keep(std::move(conversation));
}

void ConversationCache::Append(const std::string& account, const std::string& open_id, const Turns& turns) {
  if (turns.empty()) return;
  const std::string follower = NameOf(account, open_id);
  std::lock_guard lock(mutex_);
  Changed(follower);
  const bool is_first = NoteFollower(follower);
  const auto place = places_.find(follower);
  if (place == places_.end()) {
    if (is_first) Keep({.follower = follower, .turns = turns});
    return;
  }
  conversations_.splice(conversations_.begin(), conversations_, place->second);
  Conversation& known = *place->second;
  bytes_ -= known.bytes;
  known.turns.insert(known.turns.end(), turns.begin(), turns.end());
  Bound(known);
  bytes_ += known.bytes;
  MakeRoom();
}

void ConversationCache::Doubt(const std::string& account, const std::string& open_id) {
  const std::string follower = NameOf(account, open_id);
  std::lock_guard lock(mutex_);
  Changed(follower);
  Drop(follower);
  NoteFollower(follower);
}

void ConversationCache::Sweep(int64_t before_ms) {
  std::lock_guard lock(mutex_);
  for (auto& [follower, reading] : readings_) reading.changed = true;
  for (Conversation& known : conversations_) {
    bytes_ -= known.bytes;
    std::erase_if(known.turns, [before_ms](const Turn& turn) { return turn.at_ms < before_ms; });
    Bound(known);
    bytes_ += known.bytes;
  }
}

/// From now on this one may have a conversation. True when it was known that there was none.
bool ConversationCache::NoteFollower(const std::string& follower) {
  if (!knows_followers_ || !followers_.insert(HashOf(follower)).second) return false;
  if (followers_.size() > options_.followers) {
    knows_followers_ = false;
    followers_.clear();
  }
  return true;
}

void ConversationCache::Changed(const std::string& follower) {
  const auto reading = readings_.find(follower);
  if (reading != readings_.end()) reading->second.changed = true;
}

void ConversationCache::Drop(const std::string& follower) {
  const auto place = places_.find(follower);
  if (place == places_.end()) return;
  bytes_ -= place->second->bytes;
  conversations_.erase(place->second);
  places_.erase(place);
}

void ConversationCache::Keep(Conversation conversation) {
  Bound(conversation);
  bytes_ += conversation.bytes;
  conversations_.push_front(std::move(conversation));
  places_[conversations_.front().follower] = conversations_.begin();
  MakeRoom();
}

/// Cuts it down to what may be kept of one conversation, and counts its bytes.
void ConversationCache::Bound(Conversation& conversation) {
  Turns& turns = conversation.turns;
  if (turns.size() > options_.turns) {
    turns.erase(turns.begin(), turns.end() - static_cast<std::ptrdiff_t>(options_.turns));
    conversation.whole = false;
  }
  conversation.bytes = kBytesOfConversation + 2 * conversation.follower.size();
  for (const Turn& turn : turns) conversation.bytes += BytesOf(turn);
}

void ConversationCache::MakeRoom() {
  while (bytes_ > options_.bytes && !conversations_.empty()) {
    bytes_ -= conversations_.back().bytes;
    places_.erase(conversations_.back().follower);
    conversations_.pop_back();
  }
}

}  // namespace yingda::store
