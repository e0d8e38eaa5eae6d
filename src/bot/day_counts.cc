// SPDX-License-Identifier: MIT
#include "bot/day_counts.h"

#include <utility>

namespace yingda::bot {

DayCounts::Cell& DayCounts::At(int64_t day, std::string_view kind, std::string_view name) {
  Day& names = days_[day];
  Key key(kind, name);
  if (const auto at = names.find(key); at != names.end()) return at->second;
  if (names.size() >= options_.max_names_a_day) key.second.clear();
  return names[std::move(key)];
}

void DayCounts::Add(int64_t day, std::string_view kind, std::string_view name, uint64_t count) {
  Cell& cell = At(day, kind, name);
  cell.count += count;
  cell.unwritten += count;
}

void DayCounts::Recover(const store::DayCount& stored) {
  At(stored.day, stored.kind, stored.name).count += static_cast<uint64_t>(stored.count);
}

std::vector<store::DayCount> DayCounts::TakeUnwritten(const std::string& account, size_t limit) {
  std::vector<store::DayCount> taken;
  for (auto& [day, names] : days_) {
    for (auto& [key, cell] : names) {
      if (cell.unwritten == 0) continue;
      if (taken.size() >= limit) return taken;
      const auto count = static_cast<int64_t>(std::exchange(cell.unwritten, 0));
      taken.push_back({account, day, key.first, key.second, count});
    }
  }
  return taken;
}

void DayCounts::PutBack(const std::vector<store::DayCount>& unwritten) {
  for (const store::DayCount& count : unwritten) {
    At(count.day, count.kind, count.name).unwritten += static_cast<uint64_t>(count.count);
  }
}

std::map<DayCounts::Key, uint64_t> DayCounts::Sums(int64_t since_day) const {
  std::map<Key, uint64_t> sums;
  for (auto day = days_.lower_bound(since_day); day != days_.end(); ++day) {
    for (const auto& [key, cell] : day->second) sums[key] += cell.count;
  }
  return sums;
}

void DayCounts::DropOld(int64_t today) { days_.erase(days_.begin(), days_.upper_bound(today - options_.days)); }

}  // namespace yingda::bot
