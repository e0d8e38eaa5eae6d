// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::model {

/// Calls `check` with many ways to cut `bytes` into pieces: whole, byte by byte, at each single place, and at random.
inline void ForSplits(std::string_view bytes, const std::function<void(const std::vector<std::string_view>&)>& check) {
  check({bytes});
  std::vector<std::string_view> single;
  for (size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  check(single);
  for (size_t i = 1; i < bytes.size(); ++i) check({bytes.substr(0, i), bytes.substr(i)});
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string_view> pieces;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const size_t size = std::min<size_t>(rest.size(), random() % 12);
      pieces.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    check(pieces);
  }
}

}  // namespace yingda::model
