// SPDX-License-Identifier: MIT
#include "rules/code_strings.h"

#include <algorithm>
#include <utility>

namespace yingda::rules {

uint32_t CodeStrings::Hash(std::u32string_view codes) {
  uint64_t hash = 0;
  for (const char32_t code : codes) {
    hash = (hash + code + 1) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
  }
  return static_cast<uint32_t>(hash);
}

/// The slot that holds the string, or the free one where it belongs.
size_t CodeStrings::SlotOf(std::u32string_view codes, uint32_t hash) const {
  size_t slot = hash & (slots_.size() - 1);
  while (slots_[slot].string != kNone && (slots_[slot].hash != hash || (*this)[slots_[slot].string] != codes)) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

uint32_t CodeStrings::Find(std::u32string_view codes) const {
  // Most messages are longer than any keyword, and need not be read for that.
  if (codes.size() > longest_ || size() == 0) return kNone;
  return slots_[SlotOf(codes, Hash(codes))].string;
}

uint32_t CodeStrings::Add(std::u32string_view codes) {
  const uint32_t hash = Hash(codes);
  size_t slot = SlotOf(codes, hash);
  if (slots_[slot].string != kNone) return slots_[slot].string;
  if (size() * 2 >= slots_.size()) {
    Grow();
    slot = SlotOf(codes, hash);
  }
  const auto string = static_cast<uint32_t>(size());
  slots_[slot] = {hash, string};
  codes_ += codes;
  starts_.push_back(static_cast<uint32_t>(codes_.size()));
  longest_ = std::max(longest_, codes.size());
  return string;
}

void CodeStrings::Grow() {
  std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  for (const Slot& moved : before) {
    if (moved.string == kNone) continue;
    size_t slot = moved.hash & (slots_.size() - 1);
    while (slots_[slot].string != kNone) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = moved;
  }
}

}  // namespace yingda::rules
