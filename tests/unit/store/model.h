// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace yingda::store {

/// What store.h says, in vectors.
class Model {
 public:
  explicit Model(int64_t undelivered_keep_ms) : undelivered_keep_ms_(undelivered_keep_ms) {}

  struct Item {
    InboxItem item;
    int64_t origin = 0;
    int64_t cut = 0;
    std::string claimed_by;
    bool abandoned = false;
  };

  void Accept(const JobRecord& job) {
    if (Find(job.key) != nullptr) return;
    jobs.push_back(job);
    if (job.usage_day != 0) Use(job.account, job.open_id, job.usage_day, 1, 0);
  }
  void Finish(const JobResult& result) {
    if (JobRecord* job = Find(result.key)) {
      job->reply = result.reply;
      job->reply_text = result.reply_text;
      job->finished = result.finished;
      job->delivery = result.delivery;
      if (!result.page_id.empty()) job->page_id = result.page_id;
    }
    for (InboxItem item : result.inbox) {
      item.account = result.account;
      item.open_id = result.open_id;
      Add(item);
    }
    for (const auto& turn : result.turns) turns[{result.account, result.open_id}].push_back(turn);
    if (result.usage_day != 0 && (result.tokens > 0 || result.messages != 0)) {
      Use(result.account, result.open_id, result.usage_day, result.messages, result.tokens);
    }
  }
  void Use(const std::string& account, const std::string& open_id, int64_t day, int64_t messages, int64_t tokens) {
    for (const std::string& whose : {std::string(), open_id}) {
      Usage& row = usage.try_emplace({account, whose, day}, Usage{account, whose, day, 0, 0}).first->second;
      row.messages += messages;
      row.tokens += tokens;
    }
  }
  /// Accounts first, then by falling messages.
  std::vector<Usage> UsageOn(int64_t day) const {
    std::vector<Usage> rows;
    for (const auto& [key, row] : usage) {
      if (row.day == day) rows.push_back(row);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Usage& a, const Usage& b) {
      return std::tuple(!a.open_id.empty(), -a.messages) < std::tuple(!b.open_id.empty(), -b.messages);
    });
    return rows;
  }
  void Add(InboxItem item) {
    item.id = ++last_id;  // the store counts in the same way
    items.push_back({item, item.id, 0, "", false});
  }
  /// What is free to be claimed, in its order.
  std::vector<const Item*> Unread(const std::string& account, const std::string& open_id, int64_t now_ms) const {
    std::vector<const Item*> free;
    for (const auto& each : items) {
      if (each.item.account != account || each.item.open_id != open_id || !each.claimed_by.empty()) continue;
      if (each.item.expires_ms > now_ms) free.push_back(&each);
    }
    const auto place = [](const Item* each) {
      return std::tuple(each->item.asked_ms, each->item.part - each->cut, each->origin, each->cut, each->item.id);
    };
    std::sort(free.begin(), free.end(), [&](const Item* a, const Item* b) { return place(a) < place(b); });
    return free;
  }
  bool Claim(const std::vector<PageClaim>& claims, const std::string& key) {
    std::set<int64_t> claimable;
    for (const auto& each : items) {
      if (each.claimed_by.empty()) claimable.insert(each.item.id);
    }
    for (const auto& claim : claims) {
      if (claimable.erase(claim.id) == 0) return false;
    }
    for (const auto& claim : claims) {
      auto& each = *std::find_if(items.begin(), items.end(), [&](const Item& at) { return at.item.id == claim.id; });
      each.item.text = claim.page;
      each.claimed_by = key;
      each.abandoned = false;
      if (claim.rest.empty()) continue;
      Item behind = each;
      behind.item.id = ++last_id;
      behind.item.text = claim.rest;
      ++behind.item.part;
      ++behind.cut;
      for (Item& other : items) {
        if (other.origin != each.origin || other.cut <= each.cut) continue;
        ++other.cut;
        ++other.item.part;
      }
      behind.claimed_by.clear();
      items.push_back(behind);
    }
    return true;
  }
  void Abandon(const std::string& key) {
    for (auto& each : items) each.abandoned |= each.claimed_by == key;
  }
  std::vector<std::string> UnreadFollowers(int64_t now_ms) const {
    std::map<std::string, int64_t> longest;
    for (const auto& each : items) {
      if (each.item.expires_ms <= now_ms || !(each.claimed_by.empty() || each.abandoned)) continue;
      const auto at = longest.emplace(each.item.account + "/" + each.item.open_id, each.item.asked_ms).first;
      at->second = std::min(at->second, each.item.asked_ms);
    }
    std::vector<std::pair<int64_t, std::string>> sorted;
    for (const auto& [follower, asked_ms] : longest) sorted.emplace_back(asked_ms, follower);
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::string> followers;
    for (const auto& [asked_ms, follower] : sorted) followers.push_back(follower);
    return followers;
  }
  bool DropPage(const std::string& page_id) {
    return std::erase_if(items, [&](const Item& each) {
             return !page_id.empty() && each.item.page_id == page_id && (each.claimed_by.empty() || each.abandoned);
           }) > 0;
  }
  void Confirm(const std::string& key) {
    std::erase_if(items, [&](const Item& each) { return each.claimed_by == key; });
  }
  template <typename Predicate>
  void Free(Predicate predicate) {
    for (auto& each : items) {
      if (!predicate(each)) continue;
      each.claimed_by.clear();
      each.abandoned = false;
    }
  }
  void Forget(const std::string& account, const std::string& open_id) {
    const auto his = [&](const auto& each) { return each.account == account && each.open_id == open_id; };
    std::erase_if(jobs, his);
    std::erase_if(items, [&](const Item& each) { return his(each.item); });
    turns.erase({account, open_id});
    std::erase_if(pages, [&](const auto& page) { return his(page.second); });
    std::erase_if(usage, [&](const auto& row) { return his(row.second); });
  }
  int64_t Sweep(int64_t now_ms, int64_t jobs_before_ms, int64_t turns_before_ms) {
    std::erase_if(jobs, [&](const JobRecord& job) {
      const bool done = job.finished && job.delivery == Delivery::kDelivered;
      return job.first_seen_ms < now_ms - undelivered_keep_ms_ || (done && job.first_seen_ms < jobs_before_ms);
    });
    std::erase_if(pages, [&](const auto& page) { return page.second.expires_ms <= now_ms; });
    const int64_t today = base::ChinaDay(base::WallTime(std::chrono::milliseconds(now_ms)));
    std::erase_if(usage, [&](const auto& row) { return row.second.day < today - 1; });
    int64_t unread = 0;
    std::erase_if(items, [&](const Item& each) {
      const bool expired = each.item.expires_ms <= now_ms;
      if (expired && each.claimed_by.empty()) ++unread;
      return expired;
    });
    for (auto& [follower, list] : turns) {
      std::erase_if(list, [&](const Turn& turn) { return turn.at_ms < turns_before_ms; });
    }
    return unread;
  }
  void Restart() {
    for (auto& each : items) each.abandoned = !each.claimed_by.empty();
  }
  std::vector<JobRecord> Load(int64_t since_ms) const {
    std::vector<JobRecord> loaded;
    for (const auto& job : jobs) {
      if (job.first_seen_ms >= since_ms || !job.finished || job.delivery != Delivery::kDelivered) loaded.push_back(job);
    }
    std::stable_sort(loaded.begin(), loaded.end(),
                     [](const auto& a, const auto& b) { return a.first_seen_ms < b.first_seen_ms; });
    return loaded;
  }
  std::vector<Turn> Conversation(const std::string& account, const std::string& open_id, int64_t since_ms, int limit) {
    std::vector<Turn> newest;
    const auto& list = turns[{account, open_id}];
    for (auto at = list.rbegin(); at != list.rend() && static_cast<int>(newest.size()) < limit; ++at) {
      if (at->at_ms >= since_ms) newest.insert(newest.begin(), *at);
    }
    return newest;
  }
  /// The newest first.
  std::vector<JobRecord> Recent(const std::string& account, const std::string& open_id, int64_t since_ms) const {
    std::vector<JobRecord> recent;
    for (const auto& job : jobs) {
      if (job.account == account && job.open_id == open_id && job.first_seen_ms >= since_ms) recent.push_back(job);
    }
    std::stable_sort(recent.begin(), recent.end(),
                     [](const auto& a, const auto& b) { return a.first_seen_ms < b.first_seen_ms; });
    std::reverse(recent.begin(), recent.end());
    return recent;
  }
  JobRecord* Find(const std::string& key) {
    for (auto& job : jobs) {
      if (job.key == key) return &job;
    }
    return nullptr;
  }

  std::vector<JobRecord> jobs;
  std::vector<Item> items;
  std::map<std::pair<std::string, std::string>, std::vector<Turn>> turns;
  std::map<std::string, AnswerPage> pages;
  std::map<std::tuple<std::string, std::string, int64_t>, Usage> usage;
  int64_t last_id = 0;

 private:
  const int64_t undelivered_keep_ms_;
};

inline std::string Describe(const JobRecord& job) {
  return job.key + "|" + job.account + "|" + job.open_id + "|" + job.to_user + "|" + job.kind + "|" + job.question +
         "|" + std::to_string(job.first_seen_ms) + "|" + std::to_string(job.tries) + "|" +
         std::to_string(job.finished) + "|" + job.reply + "|" + job.reply_text + "|" +
         std::to_string(static_cast<int>(job.delivery)) + "|" + job.page_id + "|" + job.picture_url;
}
inline std::string Describe(const Turn& turn) {
  return turn.role + "|" + turn.content + "|" + std::to_string(turn.at_ms) + "|" + turn.picture_url;
}
inline std::string Describe(const InboxItem& item) {
  return std::to_string(item.id) + "|" + item.account + "|" + item.open_id + "|" + item.question + "|" + item.text +
         "|" + std::to_string(item.asked_ms) + "|" + std::to_string(item.part) + "|" + std::to_string(item.expires_ms) +
         "|" + item.page_id + "|" + std::to_string(item.made_by_model);
}
inline std::string Describe(const Usage& usage) {
  return usage.account + "|" + usage.open_id + "|" + std::to_string(usage.day) + "|" + std::to_string(usage.messages) +
         "|" + std::to_string(usage.tokens);
}
inline std::string Describe(const DayCount& count) {
  return count.account + "|" + std::to_string(count.day) + "|" + count.kind + "|" + count.name + "|" +
         std::to_string(count.count);
}
inline std::string Describe(const AnswerPage& page) {
  return page.id + "|" + page.account + "|" + page.open_id + "|" + page.question + "|" + page.markdown + "|" +
         std::to_string(page.finished) + "|" + std::to_string(page.asked_ms) + "|" + std::to_string(page.expires_ms);
}
template <typename T>
std::vector<std::string> DescribeAll(const std::vector<T>& all) {
  std::vector<std::string> lines;
  for (const auto& each : all) lines.push_back(Describe(each));
  return lines;
}

}  // namespace yingda::store
