// SPDX-License-Identifier: MIT
// Random calls to the store and to a plain model of it, which must agree at every step, over restarts, too.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "unit/store/model.h"
#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

constexpr int kSteps = 4'000;
constexpr int64_t kUndeliveredKeepMs = 400;

class ModelTest : public ::testing::TestWithParam<unsigned> {
 protected:
  ModelTest() {
    fixture_.options().undelivered_keep = std::chrono::milliseconds(kUndeliveredKeepMs);
    fixture_.options().wal_limit_bytes = 256 << 10;
    fixture_.options().conversations = {.bytes = 4'000, .followers = 6, .turns = 20};
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
    job.page_id = Pick(2) == 0 ? "" : "p" + std::to_string(Pick(6));
    job.picture_url = Pick(4) == 0 ? "http://mmbiz.qpic.cn/" + std::to_string(Pick(6)) : "";
    job.usage_day = AnyDay();
    return job;
  }
  // Around today, which is 0 in 1970; and 0 is not counted.
  int64_t AnyDay() { return Pick(5) - 3; }
  InboxItem AnyItem() {
    InboxItem item;
    item.account = Account();
    item.open_id = OpenId();
    item.question = "q" + std::to_string(Pick(1000));
    item.text = std::string(static_cast<size_t>(1 + Pick(4000)), 't') + std::to_string(Pick(1000));
    item.asked_ms = now_ms_ - Pick(5);
    item.part = Pick(3);
    item.expires_ms = now_ms_ + Pick(300);
    // A page is one follower's.
    item.page_id = Pick(2) == 0 ? "" : PageId(item.account, item.open_id);
    item.made_by_model = Pick(2) == 0;
    return item;
  }
  std::string PageId(const std::string& account, const std::string& open_id) {
    return account + "/" + open_id + "/p" + std::to_string(Pick(3));
  }
  AnswerPage AnyPage() {
    AnswerPage page;
    page.account = Account();
    page.open_id = OpenId();
    page.id = PageId(page.account, page.open_id);
    page.question = "q" + std::to_string(Pick(1000));
    page.markdown = std::string(static_cast<size_t>(Pick(9000)), 'm') + std::to_string(Pick(1000));
    page.finished = Pick(2) == 0;
    page.asked_ms = now_ms_ - Pick(9);
    page.expires_ms = now_ms_ + Pick(300);
    return page;
  }
  Delivery AnyDelivery() { return static_cast<Delivery>(Pick(3)); }

  void WriteJobs(int action);
  void WriteInbox(int action);
  std::vector<PageClaim> AnyClaims();
  void WritePages(int action);
  void Clear(int action);
  void Compare();
  void CompareAll(int64_t since_ms);

  testing::TempDir dir_;
  StoreFixture fixture_{dir_.File("yingda.db")};
  Model model_{kUndeliveredKeepMs};
  std::mt19937 random_{GetParam()};
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
    result.page_id = job.page_id;
    for (int i = Pick(3); i > 0; --i) {
      result.inbox.push_back(AnyItem());
      if (Pick(2) == 0) result.inbox.back().page_id.clear();
      if (!result.inbox.back().page_id.empty()) result.inbox.back().page_id = PageId(result.account, result.open_id);
    }
    for (int i = Pick(3); i > 0; --i) {
      result.turns.push_back({"user", std::to_string(Pick(1000)), now_ms_ - Pick(9), Pick(4) == 0 ? "http://p" : ""});
    }
    result.usage_day = AnyDay();
    result.tokens = Pick(3) * Pick(900);
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
    const std::vector<PageClaim> claims = AnyClaims();
    EXPECT_EQ(fixture_.Claim(claims, key).has_value(), model_.Claim(claims, key));
  } else if (action == 2) {
    model_.Confirm(key);
    YINGDA_ASSERT_OK(fixture_.Confirm(key));
  } else if (action == 3) {
    model_.Free([&](const Model::Item& each) { return each.claimed_by == key; });
    YINGDA_ASSERT_OK(fixture_.Release(key));
  } else if (action == 4) {
    model_.Abandon(key);
    YINGDA_ASSERT_OK(fixture_.Abandon(key));
  } else {
    const std::string account = Account();
    const std::string open_id = OpenId();
    model_.Free([&](const Model::Item& each) {
      return each.abandoned && each.item.account == account && each.item.open_id == open_id;
    });
    YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned(open_id, account));
  }
}

/// Of one follower, as a reply has them. Mostly of what is there, sometimes of what is gone, claimed or never was.
std::vector<PageClaim> ModelTest::AnyClaims() {
  std::vector<PageClaim> claims;
  const auto unread = model_.Unread(Account(), OpenId(), now_ms_);
  for (size_t i = 0; i < std::min<size_t>(unread.size(), static_cast<size_t>(1 + Pick(3))); ++i) {
    claims.push_back({unread[i]->item.id, "page" + std::to_string(Pick(1000)), ""});
    if (Pick(2) == 0) claims.back().rest = "rest" + std::to_string(Pick(1000));
  }
  if (Pick(5) == 0) claims.push_back({Pick(static_cast<int>(model_.last_id) + 2), "page", "rest"});
  return claims;
}

void ModelTest::WritePages(int action) {
  const AnswerPage page = AnyPage();
  if (action == 0) {
    model_.pages[page.id] = page;
    YINGDA_ASSERT_OK(fixture_.SavePage(page));
  } else {
    const auto whose = fixture_.DropUnreadOfPage(page.id);
    ASSERT_TRUE(whose);
    ASSERT_EQ(whose->has_value(), model_.DropPage(page.id));
    if (*whose) {
      EXPECT_EQ((*whose)->account + "/" + (*whose)->open_id, page.account + "/" + page.open_id);
    }
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
  const int most = Pick(6);
  const auto unread = fixture_.Unread(open_id, now_ms_, most, account);
  ASSERT_TRUE(unread);
  std::vector<std::string> expected;
  for (const Model::Item* each : model_.Unread(account, open_id, now_ms_)) {
    if (static_cast<int>(expected.size()) < most) expected.push_back(Describe(each->item));
  }
  EXPECT_EQ(DescribeAll(*unread), expected);

  const int64_t since_ms = Pick(2) == 0 ? 0 : now_ms_ - Pick(300);
  const int limit = Pick(12);
  const auto turns = fixture_.Conversation(open_id, since_ms, limit, account);
  ASSERT_TRUE(turns);
  EXPECT_EQ(DescribeAll(*turns), DescribeAll(model_.Conversation(account, open_id, since_ms, limit)));

  if (Pick(10) == 0) CompareAll(since_ms);
}

void ModelTest::CompareAll(int64_t since_ms) {
  const auto jobs = fixture_.Jobs(since_ms);
  ASSERT_TRUE(jobs);
  EXPECT_EQ(DescribeAll(*jobs), DescribeAll(model_.Load(since_ms)));

  const std::string account = Account();
  const std::string open_id = OpenId();
  const auto recent = fixture_.RecentJobs(open_id, since_ms, 100, account);
  ASSERT_TRUE(recent);
  EXPECT_EQ(DescribeAll(*recent), DescribeAll(model_.Recent(account, open_id, since_ms)));

  const auto followers = fixture_.UnreadFollowers(now_ms_, 100);
  ASSERT_TRUE(followers);
  std::vector<std::string> names;
  for (const auto& each : *followers) names.push_back(each.account + "/" + each.open_id);
  EXPECT_EQ(names, model_.UnreadFollowers(now_ms_));

  for (int64_t day = -4; day <= 2; ++day) {
    const auto usage = fixture_.UsageOn(day);
    ASSERT_TRUE(usage);
    EXPECT_EQ(DescribeAll(*usage), DescribeAll(model_.UsageOn(day)));
  }

  const std::string page_id = PageId(account, open_id);
  const auto page = fixture_.Page(page_id, now_ms_);
  ASSERT_TRUE(page);
  const auto known = model_.pages.find(page_id);
  const bool there = known != model_.pages.end() && known->second.expires_ms > now_ms_;
  EXPECT_EQ(*page ? Describe(**page) : "none", there ? Describe(known->second) : "none");
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, ::testing::Values(4711U, 20240607U, 99U));

TEST_P(ModelTest, RandomCallsAgreeWithTheModel) {
  YINGDA_ASSERT_OK(fixture_.Open());
  for (int step = 0; step < kSteps && !HasFailure(); ++step) {
    SCOPED_TRACE(step);
    now_ms_ += Pick(4);
    const int action = Pick(100);
    if (action < 35) {
      WriteJobs(action % 4);
    } else if (action < 83) {
      WriteInbox(action % 6);
    } else if (action < 95) {
      WritePages(action % 2);
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
