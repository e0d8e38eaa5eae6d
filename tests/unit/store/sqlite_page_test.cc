// SPDX-License-Identifier: MIT
// Answer pages (网页) and access tokens (access_token).
#include <gmock/gmock.h>

#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

class SqlitePageTest : public ::testing::TestWithParam<bool> {
 protected:
  SqlitePageTest() : fixture_(GetParam() ? dir_.File("yingda.db") : ":memory:") {}
  void SetUp() override { YINGDA_ASSERT_OK(fixture_.Open()); }

  testing::TempDir dir_;
  StoreFixture fixture_;
};

INSTANTIATE_TEST_SUITE_P(Engines, SqlitePageTest, ::testing::Bool(),
                         [](const auto& engine) { return engine.param ? "File" : "Memory"; });

TEST_P(SqlitePageTest, AnAnswerPageComesBackWithEveryFieldUntilItExpires) {
  AnswerPage page = MakePage("p1");
  page.markdown = std::string(50'000, 'm');
  YINGDA_ASSERT_OK(fixture_.SavePage(page));
  page.markdown += "天";
  page.finished = true;
  page.expires_ms = 2000;
  YINGDA_ASSERT_OK(fixture_.SavePage(page));
  const auto got = fixture_.Page("p1", 1999);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->id, "p1");
  EXPECT_EQ((*got)->account, "main");
  EXPECT_EQ((*got)->open_id, "alice");
  EXPECT_EQ((*got)->question, "question of p1");
  EXPECT_EQ((*got)->markdown, page.markdown);
  EXPECT_TRUE((*got)->finished);
  EXPECT_EQ((*got)->asked_ms, 7);
  EXPECT_EQ((*got)->expires_ms, 2000);
  EXPECT_FALSE(fixture_.Page("p1", 2000)->has_value());
  EXPECT_FALSE(fixture_.Page("p2")->has_value());
}

TEST_P(SqlitePageTest, ASweepDeletesTheAnswerPagesThatExpired) {
  for (int i = 0; i < 100; ++i) YINGDA_ASSERT_OK(fixture_.SavePage(MakePage("p" + std::to_string(i), "alice", i)));
  YINGDA_ASSERT_OK(fixture_.Sweep(70));
  EXPECT_FALSE(fixture_.Page("p70", -1)->has_value());
  EXPECT_TRUE(fixture_.Page("p71", -1)->has_value());
}

TEST_P(SqlitePageTest, ATokenIsReplacedAndBelongsToItsAppAndEndpoint) {
  TokenRecord token{"main", "wx1", "stable", "secret", 3, 10, 20};
  YINGDA_ASSERT_OK(fixture_.SaveToken(token));
  token.endpoint = "legacy";
  token.value = "older way";
  YINGDA_ASSERT_OK(fixture_.SaveToken(token));
  YINGDA_ASSERT_OK(fixture_.SaveToken({"main", "wx1", "stable", "newer", 4, 11, 21}));
  const auto got = fixture_.Token("main", "wx1", "stable");
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->account, "main");
  EXPECT_EQ((*got)->app_id, "wx1");
  EXPECT_EQ((*got)->endpoint, "stable");
  EXPECT_EQ((*got)->value, "newer");
  EXPECT_EQ((*got)->generation, 4);
  EXPECT_EQ((*got)->fetched_ms, 11);
  EXPECT_EQ((*got)->expires_ms, 21);
  EXPECT_EQ((*fixture_.Token("main", "wx1", "legacy"))->value, "older way");
  EXPECT_FALSE(fixture_.Token("main", "wx2", "stable")->has_value());
  EXPECT_FALSE(fixture_.Token("second", "wx1", "stable")->has_value());
}

}  // namespace
}  // namespace yingda::store
