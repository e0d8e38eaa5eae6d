// SPDX-License-Identifier: MIT
// Random calls to the store and to a plain model of it, which must agree at every step, over restarts, too.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

constexpr int kSteps = 12'000;
constexpr int64_t kUndeliveredKeepMs = 400;

/// What store.h says, in vectors.
class Model {
 public:
  struct Item {
    InboxItem item;
    int64_t origin = 0;
    int64_t cut = 0;
    std::string claimed_by;
    bool abandoned = false;
  };

  void Accept(const JobRecord& job) {
    if (Find(job.key) == nullptr) jobs.push_back(job);
  }
  void Finish(const JobResult& result) {
    if (JobRecord* job = Find(result.key)) {
      job->reply = result.reply;
      job->reply_text = result.reply_text;
      job->finished = result.finished;
      job->delivery = result.delivery;
    }
    for (InboxItem item : result.inbox) {
      item.account = result.account;
      item.open_id = result.open_id;
      Add(item);
    }
    for (const auto& turn : result.turns) turns[{result.account, result.open_id}].push_back(turn);
  }
  void Add(InboxItem item) {
    item.id = ++last_id;  // the store counts in the same way
    items.push_back({item, item.id, 0, "", false});
  }
  Item* Oldest(const std::string& account, const std::string& open_id, int64_t now_ms) {
    Item* oldest = nullptr;
    const auto place = [](const Item& each) {
      return std::tuple(each.item.asked_ms, each.item.part - each.cut, each.origin, each.item.id);
    };
    for (auto& each : items) {
      if (each.item.account != account || each.item.open_id != open_id || !each.claimed_by.empty()) continue;
      if (each.item.expires_ms <= now_ms) continue;
      if (oldest == nullptr || place(each) < place(*oldest)) oldest = &each;
    }
    return oldest;
  }
  bool Claim(int64_t id, const std::string& key, const std::string& page, const std::string& rest) {
    for (auto& each : items) {
      if (each.item.id != id || !each.claimed_by.empty()) continue;
      each.item.text = page;
      each.claimed_by = key;
      each.abandoned = false;
      if (rest.empty()) return true;
      Item behind = each;
      behind.item.id = ++last_id;
      behind.item.text = rest;
      ++behind.item.part;
      ++behind.cut;
      behind.claimed_by.clear();
      items.push_back(behind);
      return true;
    }
    return false;
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
  }
  int64_t Sweep(int64_t now_ms, int64_t jobs_before_ms, int64_t turns_before_ms) {
    std::erase_if(jobs, [&](const JobRecord& job) {
      const bool done = job.finished && job.delivery == Delivery::kDelivered;
      return job.first_seen_ms < now_ms - kUndeliveredKeepMs || (done && job.first_seen_ms < jobs_before_ms);
    });
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
  JobRecord* Find(const std::string& key) {
    for (auto& job : jobs) {
      if (job.key == key) return &job;
    }
    return nullptr;
  }

  std::vector<JobRecord> jobs;
  std::vector<Item> items;
  std::map<std::pair<std::string, std::string>, std::vector<Turn>> turns;
  int64_t last_id = 0;
};

std::string Describe(const JobRecord& job) {
  return job.key + "|" + job.account + "|" + job.open_id + "|" + job.to_user + "|" + job.kind + "|" + job.question +
         "|" + std::to_string(job.first_seen_ms) + "|" + std::to_string(job.tries) + "|" +
         std::to_string(job.finished) + "|" + job.reply + "|" + job.reply_text + "|" +
         std::to_string(static_cast<int>(job.delivery));
}
std::string Describe(const Turn& turn) { return turn.role + "|" + turn.content + "|" + std::to_string(turn.at_ms); }
std::string Describe(const InboxItem& item) {
  return std::to_string(item.id) + "|" + item.account + "|" + item.open_id + "|" + item.question + "|" + item.text +
         "|" + std::to_string(item.asked_ms) + "|" + std::to_string(item.part) + "|" + std::to_string(item.expires_ms);
}
template <typename T>
std::vector<std::string> DescribeAll(const std::vector<T>& all) {
  std::vector<std::string> lines;
  for (const auto& each : all) lines.push_back(Describe(each));
  return lines;
}

class ModelTest : public ::testing::Test {
 protected:
  ModelTest() {
    fixture_.options().undelivered_keep = std::chrono::milliseconds(kUndeliveredKeepMs);
    fixture_.options().wal_limit_bytes = 256 << 10;
  }

  int Pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  std::string Account() { return Pick(3) == 0 ? "second" : "main"; }
  std::string OpenId() { return "follower" + std::to_string(Pick(4)); }
  // A follower's messages: the key tells whose it is, as real keys do.
  JobRecord AnyJob() {
    JobRecord job;
    job.account = Account();
    job.open_id = OpenId();
    job.key = job.account + "/" + job.open_id + "/" + std::to_string(Pick(12));
    job.to_user = "gh_1";
    job.kind = Pick(2) == 0 ? "model" : "continue";
    job.question = std::string(static_cast<size_t>(Pick(3) * 3000), 'q') + std::to_string(Pick(1000));
    job.first_seen_ms = now_ms_ - Pick(50);
    job.tries = 1 + Pick(3);
    return job;
  }
  InboxItem AnyItem() {
    InboxItem item;
    item.account = Account();
    item.open_id = OpenId();
    item.question = "q" + std::to_string(Pick(1000));
    item.text = std::string(static_cast<size_t>(1 + Pick(4000)), 't') + std::to_string(Pick(1000));
    item.asked_ms = now_ms_ - Pick(5);
    item.part = Pick(3);
    item.expires_ms = now_ms_ + Pick(300);
    return item;
  }
  Delivery AnyDelivery() { return static_cast<Delivery>(Pick(3)); }

  void WriteJobs(int action);
  void WriteInbox(int action);
  void Clear(int action);
  void Compare();

  testing::TempDir dir_;
  StoreFixture fixture_{dir_.File("yingda.db")};
  Model model_;
  std::mt19937 random_{4711};
  int64_t now_ms_ = 1'000'000;
};

void ModelTest::WriteJobs(int action) {
  JobRecord job = AnyJob();
  if (action == 0) {
    model_.Accept(job);
    YINGDA_ASSERT_OK(fixture_.Accept(job));
  } else if (action == 1) {
    JobResult result = MakeResult(job, "reply" + std::to_string(Pick(1000)));
    result.finished = Pick(4) != 0;
    result.delivery = AnyDelivery();
    for (int i = Pick(3); i > 0; --i) result.inbox.push_back(AnyItem());
    for (int i = Pick(3); i > 0; --i) result.turns.push_back({"user", std::to_string(Pick(1000)), now_ms_ - Pick(9)});
    model_.Finish(result);
    YINGDA_ASSERT_OK(fixture_.Finish(result));
  } else if (action == 2) {
    const int tries = 1 + Pick(3);
    if (JobRecord* known = model_.Find(job.key)) known->tries = std::max(known->tries, tries);
    YINGDA_ASSERT_OK(fixture_.RecordTry(job.key, tries));
  } else {
    const Delivery delivery = AnyDelivery();
    if (JobRecord* known = model_.Find(job.key)) known->delivery = delivery;
    YINGDA_ASSERT_OK(fixture_.Deliver(job.key, delivery));
  }
}

void ModelTest::WriteInbox(int action) {
  const std::string key = AnyJob().key;
  if (action == 0) {
    const InboxItem item = AnyItem();
    model_.Add(item);
    YINGDA_ASSERT_OK(fixture_.Add(item));
  } else if (action == 1) {
    // Mostly of what is there, sometimes of what is gone, claimed or never was.
    const Model::Item* oldest = model_.Oldest(Account(), OpenId(), now_ms_);
    const int64_t id = oldest != nullptr && Pick(4) != 0 ? oldest->item.id : Pick(static_cast<int>(model_.last_id) + 2);
    const std::string page = "page" + std::to_string(Pick(1000));
    const std::string rest = Pick(2) == 0 ? "" : "rest" + std::to_string(Pick(1000));
    EXPECT_EQ(fixture_.Claim(id, key, page, rest).has_value(), model_.Claim(id, key, page, rest));
  } else if (action == 2) {
    model_.Confirm(key);
    YINGDA_ASSERT_OK(fixture_.Confirm(key));
  } else if (action == 3) {
    model_.Free([&](const Model::Item& each) { return each.claimed_by == key; });
    YINGDA_ASSERT_OK(fixture_.Release(key));
  } else {
    const std::string account = Account();
    const std::string open_id = OpenId();
    model_.Free([&](const Model::Item& each) {
      return each.abandoned && each.item.account == account && each.item.open_id == open_id;
    });
    YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned(open_id, account));
  }
}

void ModelTest::Clear(int action) {
  const std::string open_id = OpenId();
  if (action == 0) {
    model_.turns.erase({"main", open_id});
    YINGDA_ASSERT_OK(fixture_.ClearConversation(open_id));
  } else if (action == 1) {
    const std::string account = Account();
    model_.Forget(account, open_id);
    YINGDA_ASSERT_OK(fixture_.Forget(open_id, account));
  } else if (action == 2) {
    const int64_t jobs_before_ms = now_ms_ - Pick(400);
    const int64_t turns_before_ms = now_ms_ - Pick(400);
    const auto swept = fixture_.Sweep(now_ms_, jobs_before_ms, turns_before_ms);
    ASSERT_TRUE(swept);
    EXPECT_EQ(*swept, model_.Sweep(now_ms_, jobs_before_ms, turns_before_ms));
  } else {
    model_.Restart();
    fixture_.Reopen();
  }
}

void ModelTest::Compare() {
  const std::string account = Account();
  const std::string open_id = OpenId();
  const auto oldest = fixture_.Oldest(open_id, now_ms_, account);
  ASSERT_TRUE(oldest);
  const Model::Item* expected = model_.Oldest(account, open_id, now_ms_);
  EXPECT_EQ(*oldest ? Describe(**oldest) : "none", expected != nullptr ? Describe(expected->item) : "none");

  const int64_t since_ms = now_ms_ - Pick(300);
  const int limit = Pick(12);
  const auto turns = fixture_.Conversation(open_id, since_ms, limit, account);
  ASSERT_TRUE(turns);
  EXPECT_EQ(DescribeAll(*turns), DescribeAll(model_.Conversation(account, open_id, since_ms, limit)));

  if (Pick(10) != 0) return;
  const auto jobs = fixture_.Jobs(since_ms);
  ASSERT_TRUE(jobs);
  EXPECT_EQ(DescribeAll(*jobs), DescribeAll(model_.Load(since_ms)));
}

TEST_F(ModelTest, RandomCallsAgreeWithTheModel) {
  YINGDA_ASSERT_OK(fixture_.Open());
  for (int step = 0; step < kSteps && !HasFailure(); ++step) {
    SCOPED_TRACE(step);
    now_ms_ += Pick(4);
    const int action = Pick(100);
    if (action < 45) {
      WriteJobs(action % 4);
    } else if (action < 95) {
      WriteInbox(action % 5);
    } else if (action < 99) {
      Clear(Pick(3));
    } else if (Pick(4) == 0) {
      Clear(3);
    }
    Compare();
  }
}

}  // namespace
}  // namespace yingda::store
