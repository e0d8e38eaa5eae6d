// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/store.h"

namespace yingda::bot {

/// How often things of a kind happened, by name and by day (base::ChinaDay), and what of it no store has yet.
/// Thread-safety: none of its own. Limits: `options`; what has no room is counted under an empty name, so that sums
/// stay right.
class DayCounts {
 public:
  struct Options {
    int days = 30;                  // today and those before it
    size_t max_names_a_day = 5000;  // of all kinds together
  };
  /// The kind and the name.
  using Key = std::pair<std::string, std::string>;

  explicit DayCounts(Options options) : options_(options) {}

  void Add(int64_t day, std::string_view kind, std::string_view name, uint64_t count);
  /// The same for what comes from the store.
  void Recover(const store::DayCount& stored);
  /// Takes up to `limit` counts to be added to what the store has. / They were not written after all.
  std::vector<store::DayCount> TakeUnwritten(const std::string& account, size_t limit);
  void PutBack(const std::vector<store::DayCount>& unwritten);

  /// Sums by kind and name from `since_day` on.
  std::map<Key, uint64_t> Sums(int64_t since_day) const;
  /// The earliest day of which something is known; 0: of none.
  int64_t FirstDay() const { return days_.empty() ? 0 : days_.begin()->first; }
  void DropOld(int64_t today);

 private:
  struct Cell {
    uint64_t count = 0;
    uint64_t unwritten = 0;
  };
  using Day = std::map<Key, Cell>;
  Cell& At(int64_t day, std::string_view kind, std::string_view name);

  const Options options_;
  std::map<int64_t, Day> days_;
};

}  // namespace yingda::bot
