// SPDX-License-Identifier: MIT
// The inbox (收件箱): what waits for a follower, and who has taken it.
#include <gmock/gmock.h>

#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SqliteInboxTest : public ::testing::TestWithParam<bool> {
 protected:
  SqliteInboxTest() : fixture_(GetParam() ? dir_.File("yingda.db") : ":memory:") {}
  void SetUp() override { YINGDA_ASSERT_OK(fixture_.Open()); }

  testing::TempDir dir_;
  StoreFixture fixture_;
};

INSTANTIATE_TEST_SUITE_P(Engines, SqliteInboxTest, ::testing::Bool(),
                         [](const auto& engine) { return engine.param ? "File" : "Memory"; });

TEST_P(SqliteInboxTest, InboxGivesTheOldestQuestionFirstThenByPart) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "b1", 20, 1)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "b0", 20, 0)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "a", 10, 5)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("bob", "other", 1)));
  const auto item = fixture_.Oldest("alice");
  ASSERT_TRUE(item && *item);
  EXPECT_EQ((*item)->question, "question of a");
  EXPECT_EQ((*item)->account, "main");
  EXPECT_EQ((*item)->open_id, "alice");
  EXPECT_EQ((*item)->asked_ms, 10);
  EXPECT_EQ((*item)->part, 5);
  EXPECT_EQ((*item)->expires_ms, 1'000'000);
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("a", "b0", "b1"));
}

TEST_P(SqliteInboxTest, PageThatCameBackAndIsCutAnewKeepsItsPlaceBeforeItsOldRest) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "one two three", 7)));
  const int64_t id = (*fixture_.Oldest("alice"))->id;
  YINGDA_ASSERT_OK(fixture_.Claim(id, "k1", "one two", "three"));
  YINGDA_ASSERT_OK(fixture_.Release("k1"));
  YINGDA_ASSERT_OK(fixture_.Claim(id, "k2", "one", "two"));
  EXPECT_EQ((*fixture_.Unread("alice")).back().part, 2) << "and the pages are counted so";
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("two", "three"));
}

TEST_P(SqliteInboxTest, TheRestOfAPageStandsRightBehindIt) {
  // The same moment and part: only the order of arrival tells the two answers apart.
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "one two three", 7)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "other", 7)));
  const int64_t first = (*fixture_.Oldest("alice"))->id;
  YINGDA_ASSERT_OK(fixture_.Claim(first, "k1", "one", "two three"));
  const auto rest = *fixture_.Oldest("alice");
  EXPECT_EQ(rest->text, "two three");
  EXPECT_EQ(rest->question, "question of one two three");
  EXPECT_EQ(rest->part, 1);
  YINGDA_ASSERT_OK(fixture_.Claim(rest->id, "k2", "two", "three"));
  YINGDA_ASSERT_OK(fixture_.Release("k1"));
  YINGDA_ASSERT_OK(fixture_.Release("k2"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("one", "two", "three", "other"));
}

TEST_P(SqliteInboxTest, ARestKeepsWhatItsItemWasButTheTextAndThePart) {
  InboxItem item = MakeItem("alice", "one two three", 7, 4);
  item.page_id = "page";
  YINGDA_ASSERT_OK(fixture_.Add(item));
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k1", "one", "two three"));
  const auto rest = *fixture_.Oldest("alice");
  EXPECT_EQ(rest->account, "main");
  EXPECT_EQ(rest->open_id, "alice");
  EXPECT_EQ(rest->question, item.question);
  EXPECT_EQ(rest->text, "two three");
  EXPECT_EQ(rest->asked_ms, 7);
  EXPECT_EQ(rest->part, 5);
  EXPECT_EQ(rest->expires_ms, item.expires_ms);
  EXPECT_EQ(rest->page_id, "page");
}

TEST_P(SqliteInboxTest, ListingGivesAtMostSoManyOldestFirst) {
  fixture_.options().load_unread_limit = 3;
  fixture_.Reopen();
  for (const int64_t asked_ms : {5, 3, 4, 1, 2}) {
    YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", std::to_string(asked_ms), asked_ms)));
  }
  const auto texts = [&](int limit) {
    std::string all;
    const auto items = fixture_.Unread("alice", 0, limit);
    for (const auto& item : *items) all += item.text;
    return all;
  };
  EXPECT_EQ(texts(2), "12");
  EXPECT_EQ(texts(100), "123");
  EXPECT_EQ(texts(0), "");
  EXPECT_EQ(texts(-1), "");
}

TEST_P(SqliteInboxTest, SeveralPagesAreClaimedTogetherOrNotAtAll) {
  for (const std::string text : {"a", "b one", "c"}) {
    YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", text, text[0])));
  }
  const auto items = *fixture_.Unread("alice");
  YINGDA_ASSERT_OK(fixture_.Claim(items[2].id, "other", "c", ""));
  const std::vector<PageClaim> all = {{items[0].id, "a", ""}, {items[1].id, "b", "one"}, {items[2].id, "c", ""}};
  EXPECT_EQ(fixture_.Claim(all, "k1").error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(fixture_.Claim({all[0], all[0]}, "k1").error().code, base::ErrorCode::kNotFound);
  ASSERT_EQ(fixture_.Unread("alice")->size(), 2U);
  EXPECT_EQ((*fixture_.Unread("alice"))[1].text, "b one");

  YINGDA_ASSERT_OK(fixture_.Claim({all[0], all[1]}, "k1"));
  EXPECT_EQ((*fixture_.Oldest("alice"))->text, "one");
  YINGDA_ASSERT_OK(fixture_.Confirm("k1"));
  YINGDA_ASSERT_OK(fixture_.Release("other"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("one", "c"));
}

TEST_P(SqliteInboxTest, ReleasingFreesAllThatAKeyClaimed) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "a", 1)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "b", 2)));
  const auto items = *fixture_.Unread("alice");
  YINGDA_ASSERT_OK(fixture_.Claim({{items[0].id, "a", ""}, {items[1].id, "b", ""}}, "k1"));
  YINGDA_ASSERT_OK(fixture_.Release("k1"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("a", "b"));
}

TEST_P(SqliteInboxTest, UnreadFollowersAreNamedOnceWhoWaitsLongestFirst) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("bob", "x", 3)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "x", 9)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "x", 2)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("expired", "x", 1, 0, 100)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("claimed", "x", 1)));
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("claimed"))->id, "k", "x", ""));
  InboxItem other = MakeItem("alice", "x", 4);
  other.account = "second";
  YINGDA_ASSERT_OK(fixture_.Add(other));
  const auto names = [&](int limit) {
    std::vector<std::string> all;
    const auto followers = fixture_.UnreadFollowers(100, limit);
    for (const auto& name : *followers) all.push_back(name.account + "/" + name.open_id);
    return all;
  };
  EXPECT_THAT(names(100), ElementsAre("main/alice", "main/bob", "second/alice"));
  EXPECT_THAT(names(1), ElementsAre("main/alice"));
  EXPECT_THAT(names(-1), IsEmpty());
}

TEST_P(SqliteInboxTest, WhatIsReadOnItsPageGoesFromTheInboxUnlessAReplyHasIt) {
  for (const std::string text : {"claimed", "free", "other page", "no page"}) {
    InboxItem item = MakeItem("alice", text, text[0]);
    item.page_id = text == "other page" ? "p2" : text == "no page" ? "" : "p1";
    YINGDA_ASSERT_OK(fixture_.Add(item));
  }
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k1", "claimed", "rest"));
  const auto whose = fixture_.DropUnreadOfPage("p1");
  ASSERT_TRUE(whose && *whose);
  EXPECT_EQ((*whose)->account, "main");
  EXPECT_EQ((*whose)->open_id, "alice");
  EXPECT_FALSE(fixture_.DropUnreadOfPage("p1")->has_value());
  EXPECT_FALSE(fixture_.DropUnreadOfPage("")->has_value());
  YINGDA_ASSERT_OK(fixture_.Release("k1"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("claimed", "no page", "other page"));
}

TEST_P(SqliteInboxTest, AClaimedPageIsNotGivenAgainUntilItIsReleased) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "page")));
  const int64_t id = (*fixture_.Oldest("alice"))->id;
  YINGDA_ASSERT_OK(fixture_.Claim(id, "k1", "page", ""));
  EXPECT_FALSE(fixture_.Oldest("alice")->has_value());
  YINGDA_ASSERT_OK(fixture_.Release("k1"));
  EXPECT_TRUE(fixture_.Oldest("alice")->has_value());
}

TEST_P(SqliteInboxTest, AConfirmedPageIsGoneAndAnUnknownKeyDoesNothing) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "page")));
  const int64_t id = (*fixture_.Oldest("alice"))->id;
  YINGDA_ASSERT_OK(fixture_.Confirm("unknown"));
  YINGDA_ASSERT_OK(fixture_.Release("unknown"));
  YINGDA_ASSERT_OK(fixture_.Confirm(""));
  YINGDA_ASSERT_OK(fixture_.Claim(id, "k1", "page", ""));
  YINGDA_ASSERT_OK(fixture_.Confirm("k1"));
  YINGDA_ASSERT_OK(fixture_.Release("k1"));
  EXPECT_FALSE(fixture_.Oldest("alice")->has_value());
}

TEST_P(SqliteInboxTest, OfTwoClaimsExactlyOneWins) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "page")));
  const int64_t id = (*fixture_.Oldest("alice"))->id;
  std::vector<std::string> outcomes;
  for (const std::string key : {"k1", "k2"}) {
    fixture_.store().ClaimPages({{id, "page", "rest"}}, key, [&outcomes, key](base::Result<void> result) {
      outcomes.push_back(key + (result ? " won" : std::string(" ") + base::ToString(result.error().code)));
    });
  }
  ASSERT_TRUE(fixture_.RunUntil([&] { return outcomes.size() == 2; }));
  EXPECT_THAT(outcomes, ElementsAre("k1 won", "k2 not_found"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("rest"));
}

TEST_P(SqliteInboxTest, AClaimOfWhatIsGoneOrWithoutAKeyFails) {
  EXPECT_EQ(fixture_.Claim(4711, "k", "p", "").error().code, base::ErrorCode::kNotFound);
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "page")));
  const int64_t id = (*fixture_.Oldest("alice"))->id;
  EXPECT_EQ(fixture_.Claim(id, "", "p", "").error().code, base::ErrorCode::kInvalidArgument);
}

TEST_P(SqliteInboxTest, AnInboxIdIsNeverUsedAgain) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "page")));
  const int64_t id = (*fixture_.Oldest("alice"))->id;
  YINGDA_ASSERT_OK(fixture_.Claim(id, "k1", "page", ""));
  YINGDA_ASSERT_OK(fixture_.Confirm("k1"));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("bob", "secret of bob")));
  EXPECT_EQ(fixture_.Claim(id, "k2", "page", "").error().code, base::ErrorCode::kNotFound);
}

TEST_P(SqliteInboxTest, ExpiredItemsAreNotGivenAndASweepCountsTheUnread) {
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "claimed", 1, 0, 100)));
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k", "claimed", "expires, too"));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "expires", 2, 0, 100)));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "stays", 3, 0, 101)));
  EXPECT_EQ((*fixture_.Oldest("alice", 99))->text, "expires, too");
  EXPECT_EQ((*fixture_.Oldest("alice", 100))->text, "stays");
  EXPECT_EQ(*fixture_.Sweep(100), 2);
  EXPECT_EQ(*fixture_.Sweep(100), 0);
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("stays"));
}

}  // namespace
}  // namespace yingda::store
