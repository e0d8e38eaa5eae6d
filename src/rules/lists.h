// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace yingda::rules {

/// Many short lists of numbers in two arrays: a look costs two cache lines at most, a list of one number 8 bytes.
/// Thread-safety: immutable.
class Lists {
 public:
  struct Item {
    uint32_t list, value;
  };

  Lists() = default;
  /// Lists 0 to `count` - 1; each keeps the order of `items`.
  Lists(size_t count, const std::vector<Item>& items) : starts_(count + 1), values_(items.size()) {
    for (const Item& item : items) ++starts_[item.list + 1];
    for (size_t list = 0; list < count; ++list) starts_[list + 1] += starts_[list];
    std::vector<uint32_t> next(starts_.begin(), starts_.end() - 1);
    for (const Item& item : items) values_[next[item.list]++] = item.value;
  }

  size_t size() const { return starts_.empty() ? 0 : starts_.size() - 1; }
  std::span<const uint32_t> operator[](size_t list) const {
    return {values_.data() + starts_[list], values_.data() + starts_[list + 1]};
  }

 private:
  std::vector<uint32_t> starts_, values_;
};

}  // namespace yingda::rules
