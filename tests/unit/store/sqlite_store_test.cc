// SPDX-License-Identifier: MIT
// What each call does, on an in-memory database and on a file alike.
#include "store/sqlite_store.h"

#include <gmock/gmock.h>

#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SqliteStoreTest : public ::testing::TestWithParam<bool> {
 protected:
  SqliteStoreTest() : fixture_(GetParam() ? dir_.File("yingda.db") : ":memory:") {}
  void SetUp() override { YINGDA_ASSERT_OK(fixture_.Open()); }

  std::vector<std::string> Keys(int64_t since_ms) {
    std::vector<std::string> keys;
    auto jobs = fixture_.Jobs(since_ms);
    if (jobs) {
      for (const auto& job : *jobs) keys.push_back(job.key);
    }
    return keys;
  }

  testing::TempDir dir_;
  StoreFixture fixture_;
};

INSTANTIATE_TEST_SUITE_P(Engines, SqliteStoreTest, ::testing::Bool(),
                         [](const auto& engine) { return engine.param ? "File" : "Memory"; });

TEST_P(SqliteStoreTest, AnAcceptedJobComesBackWithEveryField) {
  JobRecord job = MakeJob("main/1");
  job.tries = 2;
  job.question = std::string("含零\0字节", 13);
  job.picture_url = "http://mmbiz.qpic.cn/x";
  YINGDA_ASSERT_OK(fixture_.Accept(job));

  const auto jobs = fixture_.Jobs();
  ASSERT_TRUE(jobs);
  ASSERT_EQ(jobs->size(), 1U);
  const JobRecord& got = jobs->front();
  EXPECT_EQ(got.key, job.key);
  EXPECT_EQ(got.account, job.account);
  EXPECT_EQ(got.open_id, job.open_id);
  EXPECT_EQ(got.to_user, job.to_user);
  EXPECT_EQ(got.kind, job.kind);
  EXPECT_EQ(got.question, job.question);
  EXPECT_EQ(got.picture_url, job.picture_url);
  EXPECT_EQ(got.first_seen_ms, job.first_seen_ms);
  EXPECT_EQ(got.tries, 2);
  EXPECT_FALSE(got.finished);
  EXPECT_EQ(got.delivery, Delivery::kNone);
  EXPECT_EQ(got.reply, "");
}

TEST_P(SqliteStoreTest, AKeyThatIsThereIsLeftAsItIs) {
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
  YINGDA_ASSERT_OK(fixture_.Finish(MakeResult(MakeJob("main/1"), "because")));
  JobRecord again = MakeJob("main/1");
  again.question = "another";
  YINGDA_ASSERT_OK(fixture_.Accept(again));

  const auto jobs = fixture_.Jobs();
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_EQ(jobs->front().question, MakeJob("").question);
  EXPECT_EQ(jobs->front().reply, "because");
  EXPECT_TRUE(jobs->front().finished);
}

TEST_P(SqliteStoreTest, TriesOnlyGrow) {
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
  YINGDA_ASSERT_OK(fixture_.RecordTry("main/1", 3));
  YINGDA_ASSERT_OK(fixture_.RecordTry("main/1", 2));
  YINGDA_ASSERT_OK(fixture_.RecordTry("main/unknown", 2));
  EXPECT_EQ(fixture_.Jobs()->front().tries, 3);
}

TEST_P(SqliteStoreTest, FinishingWritesReplyInboxAndTurnsOfTheFollower) {
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
  JobResult result = MakeResult(MakeJob("main/1"), "<xml>回复</xml>");
  result.reply_text = "回复";
  result.delivery = Delivery::kClaimed;
  result.inbox = {MakeItem("", "second", 5, 2), MakeItem("", "first", 5, 1)};
  result.turns = {{"user", "问", 10, "http://mmbiz.qpic.cn/x"}, {"assistant", "答", 11}};
  YINGDA_ASSERT_OK(fixture_.Finish(result));

  const auto jobs = fixture_.Jobs();
  EXPECT_EQ(jobs->front().reply, "<xml>回复</xml>");
  EXPECT_EQ(jobs->front().reply_text, "回复");
  EXPECT_EQ(jobs->front().delivery, Delivery::kClaimed);
  EXPECT_TRUE(jobs->front().finished);
  const auto turns = fixture_.Conversation("alice");
  ASSERT_EQ(turns->size(), 2U);
  EXPECT_EQ((*turns)[0].role, "user");
  EXPECT_EQ((*turns)[0].content, "问");
  EXPECT_EQ((*turns)[0].at_ms, 10);
  EXPECT_EQ((*turns)[0].picture_url, "http://mmbiz.qpic.cn/x");
  EXPECT_EQ((*turns)[1].content, "答");
  EXPECT_EQ((*turns)[1].picture_url, "");
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("first", "second"));
}

TEST_P(SqliteStoreTest, FinishingAnUnknownKeyStillWritesInboxAndTurns) {
  JobResult result = MakeResult(MakeJob("main/gone"), "x");
  result.inbox = {MakeItem("", "late")};
  result.turns = {{"user", "q", 1}};
  YINGDA_ASSERT_OK(fixture_.Finish(result));
  EXPECT_THAT(*fixture_.Jobs(), IsEmpty());
  EXPECT_EQ(fixture_.Conversation("alice")->size(), 1U);
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("late"));
}

TEST_P(SqliteStoreTest, LoadingGivesRecentUnfinishedAndUndeliveredJobsOldestFirst) {
  for (const auto& [key, seen_ms] : std::vector<std::pair<std::string, int64_t>>{
           {"old-delivered", 1}, {"recent", 500}, {"old-undelivered", 3}, {"old-unfinished", 2}, {"old-claimed", 4}}) {
    YINGDA_ASSERT_OK(fixture_.Accept(MakeJob(key, "alice", seen_ms)));
    if (key != "old-unfinished") YINGDA_ASSERT_OK(fixture_.Finish(MakeResult(MakeJob(key), "r")));
  }
  YINGDA_ASSERT_OK(fixture_.Deliver("old-delivered", Delivery::kDelivered));
  YINGDA_ASSERT_OK(fixture_.Deliver("recent", Delivery::kDelivered));
  YINGDA_ASSERT_OK(fixture_.Deliver("old-claimed", Delivery::kClaimed));
  EXPECT_THAT(Keys(400), ElementsAre("old-unfinished", "old-undelivered", "old-claimed", "recent"));
}

TEST_P(SqliteStoreTest, ALimitOnLoadingKeepsUnfinishedThenUndeliveredThenNewest) {
  fixture_.options().load_jobs_limit = 3;
  fixture_.Reopen();
  for (const auto& [key, seen_ms] : std::vector<std::pair<std::string, int64_t>>{
           {"unfinished", 1}, {"undelivered", 2}, {"delivered-older", 3}, {"delivered-newer", 4}}) {
    YINGDA_ASSERT_OK(fixture_.Accept(MakeJob(key, "alice", seen_ms)));
    JobResult result = MakeResult(MakeJob(key), "r");
    result.finished = key != "unfinished";
    result.delivery = key.rfind("delivered", 0) == 0 ? Delivery::kDelivered : Delivery::kNone;
    YINGDA_ASSERT_OK(fixture_.Finish(result));
  }
  EXPECT_THAT(Keys(0), ElementsAre("unfinished", "undelivered", "delivered-newer"));
}

TEST_P(SqliteStoreTest, AJobKeepsItsAnswerPage) {
  JobRecord job = MakeJob("main/1");
  job.page_id = "first";
  YINGDA_ASSERT_OK(fixture_.Accept(job));
  EXPECT_EQ(fixture_.Jobs()->front().page_id, "first");
  JobResult result = MakeResult(job, "r");
  YINGDA_ASSERT_OK(fixture_.Finish(result));
  EXPECT_EQ(fixture_.Jobs()->front().page_id, "first");
  result.page_id = "second";
  YINGDA_ASSERT_OK(fixture_.Finish(result));
  EXPECT_EQ(fixture_.Jobs()->front().page_id, "second");
}

TEST_P(SqliteStoreTest, ASweepGoesThroughMoreThanOneStep) {
  constexpr int kRows = 700;
  for (int i = 0; i < kRows; ++i) {
    const std::string key = "main/" + std::to_string(i);
    fixture_.store().AcceptJob(MakeJob(key, "alice", i), nullptr);
    JobResult result = MakeResult(MakeJob(key), "r");
    result.delivery = i % 7 == 0 ? Delivery::kClaimed : Delivery::kDelivered;
    result.inbox = {MakeItem("", "late", i, 0, i)};
    result.turns = {{"user", "q", i}};
    fixture_.store().FinishJob(result, nullptr);
  }
  EXPECT_EQ(*fixture_.Sweep(kRows - 101, kRows - 200, kRows - 300), kRows - 100);
  const auto jobs = fixture_.Jobs();
  EXPECT_EQ(jobs->size(), static_cast<size_t>(200 + 72));  // of the 500 older ones, every seventh is undelivered
  EXPECT_EQ(fixture_.Conversation("alice", 0, 1000)->size(), 300U);
  EXPECT_EQ(fixture_.Drain("alice").size(), 100U);
}

TEST_P(SqliteStoreTest, ASweepDropsEvenUnfinishedJobsAfterTwoDays) {
  constexpr int64_t kTwoDaysMs = 48LL * 3600 * 1000;
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("too-old", "alice", 999)));
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("in-time", "alice", 1000)));
  YINGDA_ASSERT_OK(fixture_.Sweep(kTwoDaysMs + 1000, kTwoDaysMs));
  EXPECT_THAT(Keys(0), ElementsAre("in-time"));
}

TEST_P(SqliteStoreTest, AConversationGivesTheNewestTurnsOldestFirst) {
  JobResult result = MakeResult(MakeJob("main/1"), "r");
  for (int i = 0; i < 6; ++i) result.turns.push_back({i % 2 == 0 ? "user" : "assistant", std::to_string(i), i});
  YINGDA_ASSERT_OK(fixture_.Finish(result));
  const auto contents = [](const base::Result<std::vector<Turn>>& turns) {
    std::string all;
    for (const auto& turn : *turns) all += turn.content;
    return all;
  };
  EXPECT_EQ(contents(fixture_.Conversation("alice", 0, 4)), "2345");
  EXPECT_EQ(contents(fixture_.Conversation("alice", 3, 100)), "345");
  EXPECT_EQ(contents(fixture_.Conversation("alice", 0, 0)), "");
  EXPECT_EQ(contents(fixture_.Conversation("alice", 0, -1)), "");
  EXPECT_EQ(contents(fixture_.Conversation("alice", 0, 4, "second")), "");
  YINGDA_ASSERT_OK(fixture_.ClearConversation("alice"));
  EXPECT_EQ(contents(fixture_.Conversation("alice")), "");
}

TEST_P(SqliteStoreTest, ForgettingRemovesAFollowerEverywhereAndNobodyElse) {
  for (const std::string account : {"main", "second"}) {
    for (const std::string open_id : {"alice", "bob"}) {
      JobRecord job = MakeJob(account + "/" + open_id, open_id);
      job.account = account;
      YINGDA_ASSERT_OK(fixture_.Accept(job));
      JobResult result = MakeResult(job, "r");
      result.inbox = {MakeItem("", "claimed", 1), MakeItem("", "late", 2)};
      result.turns = {{"user", "q", 1}};
      YINGDA_ASSERT_OK(fixture_.Finish(result));
      const auto item = fixture_.Oldest(open_id, 0, account);
      YINGDA_ASSERT_OK(fixture_.Claim((*item)->id, account + open_id, "claimed", ""));
      AnswerPage page = MakePage(account + open_id, open_id);
      page.account = account;
      YINGDA_ASSERT_OK(fixture_.SavePage(page));
    }
  }
  YINGDA_ASSERT_OK(fixture_.SaveToken({"main", "wx1", "stable", "secret", 1, 1, 2}));
  YINGDA_ASSERT_OK(fixture_.Forget("alice"));
  YINGDA_ASSERT_OK(fixture_.Release("mainalice"));

  EXPECT_THAT(Keys(0), ElementsAre("main/bob", "second/alice", "second/bob"));
  EXPECT_THAT(fixture_.Drain("alice"), IsEmpty());
  EXPECT_THAT(*fixture_.Conversation("alice"), IsEmpty());
  EXPECT_FALSE(fixture_.Page("mainalice")->has_value());
  EXPECT_TRUE(fixture_.Page("mainbob")->has_value());
  EXPECT_TRUE(fixture_.Page("secondalice")->has_value());
  EXPECT_TRUE(fixture_.Token("main", "wx1", "stable")->has_value());
  EXPECT_THAT(fixture_.Drain("bob"), ElementsAre("late"));
  EXPECT_THAT(fixture_.Drain("alice", "second"), ElementsAre("late"));
  EXPECT_EQ(fixture_.Conversation("alice", 0, 10, "second")->size(), 1U);
  EXPECT_EQ(fixture_.Conversation("bob")->size(), 1U);
}

TEST_P(SqliteStoreTest, CompletionsComeInTheOrderOfTheCalls) {
  std::vector<int> order;
  std::vector<int> expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(i);
    const auto done = [&order, i](base::Result<void>) { order.push_back(i); };
    switch (i % 4) {
      case 0:
        fixture_.store().AddInboxItem(MakeItem("alice", std::to_string(i)), done);
        break;
      case 1:
        fixture_.store().ClaimPages({{99999, "p", ""}}, "k", done);  // fails, and must not overtake for that
        break;
      case 2:
        fixture_.store().Flush(done);
        break;
      default:
        fixture_.store().ReleasePages("k", done);
    }
  }
  ASSERT_TRUE(fixture_.RunUntil([&] { return order.size() == expected.size(); }));
  EXPECT_EQ(order, expected);
}

TEST_P(SqliteStoreTest, AWriteThatFailsTakesNoOtherWithIt) {
  int good = 0;
  int bad = 0;
  for (int i = 0; i < 300; ++i) {
    fixture_.store().AcceptJob(MakeJob("main/" + std::to_string(i)), [&](auto result) { good += result ? 1 : 0; });
    fixture_.store().ClaimPages({{99999, "p", "r"}}, "k", [&](auto result) { bad += result ? 0 : 1; });
  }
  ASSERT_TRUE(fixture_.RunUntil([&] { return good + bad == 600; }));
  EXPECT_EQ(good, 300);
  EXPECT_EQ(fixture_.Jobs()->size(), 300U);
  const std::string metrics = fixture_.MetricsText();
  EXPECT_THAT(metrics, HasSubstr("yingda_store_writes_total{result=\"ok\"} 300"));
  EXPECT_THAT(metrics, HasSubstr("yingda_store_writes_total{result=\"not_found\"} 300"));
  EXPECT_THAT(metrics, HasSubstr("yingda_store_queue 0"));
}

TEST_P(SqliteStoreTest, AReadSeesEveryCompletedWrite) {
  for (int i = 0; i < 200; ++i) {
    const std::string open_id = "follower" + std::to_string(i);
    YINGDA_ASSERT_OK(fixture_.Add(MakeItem(open_id, "text")));
    const auto item = fixture_.Oldest(open_id);
    ASSERT_TRUE(item && *item) << i;
  }
}

TEST_P(SqliteStoreTest, ClosingFinishesWhatIsQueuedAndPostsItsCompletions) {
  int done = 0;
  for (int i = 0; i < 500; ++i) {
    fixture_.store().AcceptJob(MakeJob("main/" + std::to_string(i)), [&](auto result) { done += result ? 1 : 0; });
    fixture_.store().ListUnread("main", "alice", 0, 1, [&](auto result) { done += result ? 1 : 0; });
  }
  fixture_.Close();  // runs what was posted by the end of the store, and nothing after
  EXPECT_EQ(done, 1000);
}

TEST_P(SqliteStoreTest, ASweepUnderWayIsCancelledByClosing) {
  for (int i = 0; i < 2000; ++i) {
    fixture_.store().AddInboxItem(MakeItem("alice", "x", i, 0, 1), nullptr);
  }
  std::optional<base::Result<int64_t>> swept;
  fixture_.store().Sweep(2, 0, 0, [&](auto result) { swept = result; });
  fixture_.Close();
  ASSERT_TRUE(swept.has_value());
  // Either way is right: cancelled, or quick enough.
  if (!*swept) {
    EXPECT_EQ(swept->error().code, base::ErrorCode::kCancelled);
  }
}

}  // namespace
}  // namespace yingda::store
