// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/store.h"

namespace yingda::store {

/// The conversations of those who spoke last, as they are in the tables or are promised to come there, so that a
/// question need not wait for a reader; and who has none at all. Knows nothing rather than something old: whatever is
/// not certain has to be read. Thread-safety: all members. Cost: a hash look-up and a copy of what is found.
class ConversationCache {
 public:
  struct Options {
    size_t bytes = 16 << 20;     // of texts and what it takes to keep them; 0: keeps none
    size_t followers = 200'000;  // who have a conversation, to know who has none; with more it stops knowing
    size_t turns = 1'000;        // of one conversation, the newest
  };
  using Turns = std::vector<Turn>;

  explicit ConversationCache(Options options) : options_(options) {}

  /// All who have a conversation: from then on the others are known to have none. More than the options' number: it is
  /// not known of anybody.
  void KnowFollowers(const std::vector<FollowerName>& followers);

  /// What Store::LoadConversation would give; empty: not known.
  std::optional<Turns> Find(const std::string& account, const std::string& open_id, int64_t since_ms, size_t limit);

  /// A read of the newest `limit` turns of one follower begins, behind all writes so far. What it finds is kept unless
  /// something changed meanwhile.
  void ReadBegins(const std::string& account, const std::string& open_id);
  /// It found these, or nothing for certain (null).
  void ReadEnds(const std::string& account, const std::string& open_id, size_t limit, const Turns* found);

  /// These certainly come to the end of the conversation.
  void Append(const std::string& account, const std::string& open_id, const Turns& turns);
  /// Some may be added or go: it is not known any more.
  void Doubt(const std::string& account, const std::string& open_id);
  /// Turns before that time go, of everybody.
  void Sweep(int64_t before_ms);

 private:
  struct Conversation {
    std::string follower;
    Turns turns;
    bool whole = true;  // there are no older ones
    size_t bytes = 0;
  };
  struct Reading {
    size_t readers = 0;
    bool changed = false;
  };
  using Place = std::list<Conversation>::iterator;

  bool NoteFollower(const std::string& follower);
  void Drop(const std::string& follower);
  void Changed(const std::string& follower);
  void Keep(Conversation conversation);
  void Bound(Conversation& conversation);
  void MakeRoom();

  const Options options_;
  std::mutex mutex_;
  std::list<Conversation> conversations_;  // who spoke last, first
  std::unordered_map<std::string, Place> places_;
  std::unordered_map<std::string, Reading> readings_;
  size_t bytes_ = 0;
  bool knows_followers_ = false;
  std::unordered_set<uint64_t> followers_;  // hashes: two who share one only cost a read
};

}  // namespace yingda::store
