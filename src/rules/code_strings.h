// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::rules {

/// Distinct strings of folded codes, numbered from 0 as they come.
/// Thread-safety: Find on a const object from any thread. Cost: reads a string once, and mostly two cache lines.
/// Memory: 4 bytes per code and 16 to 32 per string. Limits: 2^32 codes together.
class CodeStrings {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  /// The number of `codes`, whether they are new or not.
  uint32_t Add(std::u32string_view codes);
  /// The number of `codes`, or kNone.
  uint32_t Find(std::u32string_view codes) const;

  size_t size() const { return starts_.size() - 1; }
  /// Until the next Add.
  std::u32string_view operator[](size_t string) const {
    return {codes_.data() + starts_[string], starts_[string + 1] - starts_[string]};
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t string = kNone;
  };

  static uint32_t Hash(std::u32string_view codes);
  size_t SlotOf(std::u32string_view codes, uint32_t hash) const;
  void Grow();

  std::u32string codes_;
  std::vector<uint32_t> starts_ = {0};
  std::vector<Slot> slots_ = std::vector<Slot>(16);  // open addressing; a power of two, never full
  size_t longest_ = 0;
};

}  // namespace yingda::rules
