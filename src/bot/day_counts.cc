// SPDX-License-Identifier: MIT
#include "bot/day_counts.h"

#include <algorithm>

namespace yingda::bot {

DayCounts::Id DayCounts::IdOf(const Key& key) {
  if (const auto known = ids_.find(key); known != ids_.end()) return known->second;
  Id id = static_cast<Id>(keys_.size());
  if (free_ids_.empty()) {
    keys_.emplace_back();
  } else {
    id = free_ids_.back();
    free_ids_.pop_back();
  }
  keys_[id] = std::make_shared<const Key>(key);
  ids_.emplace(key, id);
  return id;
}

std::pair<DayCounts::Id, DayCounts::Cell*> DayCounts::At(int64_t day, std::string_view kind, std::string_view name) {
  Day& its = days_[day];
  Key key(kind, name);
  const auto cell_of = [&its](Id id) -> Cell* {
    const bool there = id < its.cells.size() && (its.cells[id].count > 0 || its.cells[id].unwritten > 0);
    return there ? &its.cells[id] : nullptr;
  };
  if (const auto known = ids_.find(key); known != ids_.end()) {
    if (Cell* const cell = cell_of(known->second)) return {known->second, cell};
  }
  if (its.names >= options_.max_names_a_day + more_names_) key.second.clear();
  const Id id = IdOf(key);
  if (cell_of(id) == nullptr) {
    ++its.names;
    if (its.cells.size() <= id) its.cells.resize(id + 1);
  }
  return {id, &its.cells[id]};
}

void DayCounts::AddUnwritten(int64_t day, Id id, Cell& cell, uint64_t count) {
  if (cell.unwritten == 0) unwritten_.emplace_back(day, id);
  cell.unwritten += count;
}

void DayCounts::Add(int64_t day, std::string_view kind, std::string_view name, uint64_t count) {
  if (count == 0) return;
  const auto [id, cell] = At(day, kind, name);
  cell->count += count;
  AddUnwritten(day, id, *cell, count);
}

void DayCounts::Recover(const store::DayCount& stored) {
  if (stored.count <= 0) return;
  At(stored.day, stored.kind, stored.name).second->count += static_cast<uint64_t>(stored.count);
}

std::vector<store::DayCount> DayCounts::TakeUnwritten(const std::string& account, size_t limit) {
  std::vector<store::DayCount> taken;
  while (!unwritten_.empty() && taken.size() < limit) {
    const auto [day, id] = unwritten_.front();
    unwritten_.pop_front();
    const auto count = static_cast<int64_t>(std::exchange(days_.at(day).cells[id].unwritten, 0));
    taken.push_back({account, day, keys_[id]->first, keys_[id]->second, count});
  }
  return taken;
}

void DayCounts::PutBack(const std::vector<store::DayCount>& unwritten) {
  for (const store::DayCount& count : unwritten) {
    if (!days_.contains(count.day)) continue;
    const auto [id, cell] = At(count.day, count.kind, count.name);
    AddUnwritten(count.day, id, *cell, static_cast<uint64_t>(count.count));
  }
}

std::vector<DayCounts::Sum> DayCounts::Sums(int64_t since_day, int64_t last_day) const {
  std::vector<Sum> sums(keys_.size());
  for (auto day = days_.lower_bound(since_day); day != days_.end() && day->first <= last_day; ++day) {
    const std::vector<Cell>& cells = day->second.cells;
    for (size_t id = 0; id < cells.size(); ++id) {
      sums[id].count += cells[id].count;
      if (day->first == last_day) sums[id].last_day = cells[id].count;
    }
  }
  for (size_t id = 0; id < sums.size(); ++id) {
    if (sums[id].count > 0) sums[id].key = keys_[id];
  }
  std::erase_if(sums, [](const Sum& sum) { return sum.count == 0; });
  return sums;
}

void DayCounts::DropOld(int64_t today) {
  const auto kept = days_.upper_bound(today - options_.days);
  if (kept == days_.begin()) return;
  days_.erase(days_.begin(), kept);
  std::erase_if(unwritten_, [this](const auto& cell) { return !days_.contains(cell.first); });
  std::vector<bool> used(keys_.size());
  for (const auto& [day, its] : days_) {
    for (size_t id = 0; id < its.cells.size(); ++id) {
      if (its.cells[id].count > 0 || its.cells[id].unwritten > 0) used[id] = true;
    }
  }
  for (size_t id = 0; id < used.size(); ++id) {
    if (used[id] || !keys_[id]) continue;
    ids_.erase(*keys_[id]);
    keys_[id].reset();
    free_ids_.push_back(static_cast<Id>(id));
  }
}

}  // namespace yingda::bot
