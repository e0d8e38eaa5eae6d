// SPDX-License-Identifier: MIT
#include "rules/cooldowns.h"

#include <algorithm>
#include <functional>

namespace yingda::rules {
namespace {

uint64_t Joined(uint64_t a, uint64_t b) {
  a ^= b + 0x9E3779B97F4A7C15 + (a << 6) + (a >> 2);
  return a * 0xBF58476D1CE4E5B9;
}

}  // namespace

bool Cooldowns::Take(uint64_t rule, std::string_view account, std::string_view open_id, uint64_t message,
                     base::WallTime now, base::Duration cooldown) {
  const std::hash<std::string_view> hash;
  const uint64_t key = Joined(Joined(rule, hash(account)), hash(open_id));
  return state_.With([&](State& state) {
    const auto found = state.entries.find(key);
    if (found != state.entries.end()) {
      const Entry& entry = found->second;
      if (entry.message == message) return true;
      // A clock that was set back must not keep a rule quiet for longer than it says.
      if (now >= entry.began && now < entry.ends) return false;
    }
    if (found != state.entries.end()) Forget(state, found);
    MakeRoom(state, now);
    state.entries[key] = {message, now, now + cooldown};
    state.by_end.emplace(now + cooldown, key);
    return true;
  });
}

size_t Cooldowns::Size() const {
  return state_.With([](const State& state) { return state.entries.size(); });
}

void Cooldowns::Forget(State& state, Entries::iterator entry) {
  state.by_end.erase({entry->second.ends, entry->first});
  state.entries.erase(entry);
}

void Cooldowns::MakeRoom(State& state, base::WallTime now) const {
  while (!state.by_end.empty()) {
    const auto [ends, key] = *state.by_end.begin();
    if (ends > now && state.entries.size() < std::max<size_t>(1, options_.max_entries)) return;
    Forget(state, state.entries.find(key));
  }
}

}  // namespace yingda::rules
