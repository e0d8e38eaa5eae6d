// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"

namespace yingda::rules {

/// Who got the reply of which rule lately (cooldown: 10m). Outlives the rule sets that ask it; a restart forgets all.
/// Thread-safety: all members; one short lock. Memory: about 150 bytes an entry.
class Cooldowns {
 public:
  struct Options {
    size_t max_entries = 100'000;  // rules times followers that cool down; over it the one that ends first goes
  };

  explicit Cooldowns(Options options) : options_(options) {}

  /// May `rule` (Rule::identity) answer this follower now? If so, it cools down from now on. The same `message` is
  /// always told the same: the tries of one message must not be each other's repeats.
  bool Take(uint64_t rule, std::string_view account, std::string_view open_id, uint64_t message, base::WallTime now,
            base::Duration cooldown);

  size_t Size() const;

 private:
  struct Entry {
    uint64_t message = 0;
    base::WallTime began{}, ends{};
  };
  using Entries = std::unordered_map<uint64_t, Entry>;
  struct State {
    Entries entries;
    std::set<std::pair<base::WallTime, uint64_t>> by_end;  // one line for each entry
  };

  static void Forget(State& state, Entries::iterator entry);
  void MakeRoom(State& state, base::WallTime now) const;

  const Options options_;
  base::Guarded<State> state_;
};

}  // namespace yingda::rules
