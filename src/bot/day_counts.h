// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.h"

namespace yingda::bot {

/// How often things of a kind happened, by name and by day (base::ChinaDay), and what of it no store has yet.
/// Thread-safety: none of its own. Limits: `options`; what has no room is counted under an empty name, so that sums
/// stay right. Memory: a name once, and 16 bytes for each day and name.
class DayCounts {
 public:
  struct Options {
    int days = 30;                  // today and those before it
    size_t max_names_a_day = 5000;  // of all kinds together
  };
  /// The kind and the name.
  using Key = std::pair<std::string, std::string>;
  struct Sum {
    std::shared_ptr<const Key> key;
    uint64_t count = 0;
    uint64_t last_day = 0;  // of that, on the last day
  };

  explicit DayCounts(Options options) : options_(options) {}

  /// So many names a day beyond `max_names_a_day` have room from now on; more, if the last day has more already.
  void AllowMoreNames(size_t more) { more_names_ = std::max(more, days_.empty() ? 0 : days_.rbegin()->second.names); }

  void Add(int64_t day, std::string_view kind, std::string_view name, uint64_t count);
  /// The same for what comes from the store.
  void Recover(const store::DayCount& stored);
  /// Takes up to `limit` counts to be added to what the store has, the longest unwritten first. / They were not written
  /// after all. Cost: by what is taken.
  std::vector<store::DayCount> TakeUnwritten(const std::string& account, size_t limit);
  void PutBack(const std::vector<store::DayCount>& unwritten);

  /// Of the days from `since_day` to `last_day`, in no order. Cost: additions, and no string is copied: short enough to
  /// be made under a lock.
  std::vector<Sum> Sums(int64_t since_day, int64_t last_day) const;
  /// The earliest day of which something is known; 0: of none.
  int64_t FirstDay() const { return days_.empty() ? 0 : days_.begin()->first; }
  void DropOld(int64_t today);

 private:
  using Id = uint32_t;  // of a name; free for another one when no day has it any more
  struct Cell {
    uint64_t count = 0;
    uint64_t unwritten = 0;
  };
  struct Day {
    std::vector<Cell> cells;  // by id
    size_t names = 0;         // of those cells, with something in them
  };

  Id IdOf(const Key& key);
  /// The cell for the name, or for the empty one when there is no room.
  std::pair<Id, Cell*> At(int64_t day, std::string_view kind, std::string_view name);
  void AddUnwritten(int64_t day, Id id, Cell& cell, uint64_t count);

  const Options options_;
  size_t more_names_ = 0;
  std::map<Key, Id> ids_;
  std::vector<std::shared_ptr<const Key>> keys_;  // by id; null: free
  std::vector<Id> free_ids_;
  std::map<int64_t, Day> days_;
  std::deque<std::pair<int64_t, Id>> unwritten_;  // days and names of the cells with something to write, each once
};

}  // namespace yingda::bot
