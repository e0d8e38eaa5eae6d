// SPDX-License-Identifier: MIT
#include "bot/answer_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "page_store.h"
#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/wait.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = AnswerPages::Update::State;

const std::string kId(32, 'a');
const std::string kOther(32, 'b');

/// A reader and what it was told.
struct Reader {
  std::optional<uint64_t> watch;
  std::vector<AnswerPages::Update> updates;
  bool stays = true;
};

class AnswerPagesTest : public ::testing::Test {
 protected:
  AnswerPagesTest() { Make({}); }
  ~AnswerPagesTest() override { loop_.Stop(); }

  void Make(AnswerPages::Options options) {
    options.public_url = "https://bot.example.com";
    OnLoop([&] { pages_ = std::make_unique<AnswerPages>(std::move(options), loop_, store_, metrics_); });
  }
  void OnLoop(const std::function<void()>& function) { testing::RunOn(loop_, function); }
  void Advance(base::Duration by) {
    clock_.Advance(by);
    ASSERT_TRUE(testing::WaitFor([&] { return loop_.Idle(); }));
  }

  static store::AnswerPage Page(const std::string& id, std::string markdown = {}) {
    store::AnswerPage page;
    page.id = id;
    page.account = "main";
    page.open_id = "o1";
    page.question = "问题";
    page.markdown = std::move(markdown);
    page.asked_ms = 1'800'000'000'000;
    return page;
  }
  void Begin(const std::string& id = kId) {
    OnLoop([&] {
      pages_->Begin(Page(id), [this] {
        ++asked_;
        return answer_;
      });
    });
  }
  void Write(const std::string& more, const std::string& id = kId) {
    OnLoop([&] {
      answer_ += more;
      pages_->Changed(id);
    });
  }
  void Finish(const std::string& id = kId) {
    OnLoop([&] { pages_->Finish(Page(id, answer_)); });
  }
  std::shared_ptr<Reader> Watch(const std::string& id = kId) {
    auto reader = std::make_shared<Reader>();
    pages_->Watch(
        id,
        [reader](const AnswerPages::Update& update) {
          reader->updates.push_back(update);
          return reader->stays;
        },
        [reader](std::optional<uint64_t> watch) { reader->watch = watch; });
    OnLoop([] {});
    return reader;
  }
  base::Result<AnswerPages::View> Read(const std::string& id = kId) {
    base::Result<AnswerPages::View> got = base::Error{base::ErrorCode::kInternal, "no completion"};
    pages_->Read(id, [&](base::Result<AnswerPages::View> view) { got = std::move(view); });
    OnLoop([] {});
    return got;
  }
  static void SetWords(Account& account, const std::string& deny) {
    AccountFiles files;
    files.words = filter::WordFilter::FromLists({filter::ParseWordList(deny, "deny/a.txt", false)});
    account.files.Set(std::make_shared<const AccountFiles>(std::move(files)));
  }
  std::string Metrics() const { return metrics_.Text(); }

  testing::ManualClock clock_;
  net::EventLoop loop_{clock_};
  base::Metrics metrics_;
  PageStore store_;
  std::unique_ptr<AnswerPages> pages_;
  std::string answer_;
  int asked_ = 0;
};

TEST_F(AnswerPagesTest, IdsAreLongRandomAndRecognised) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(AnswerPages::NewId());
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_TRUE(AnswerPages::IsId(*ids.begin()));
  for (const char* wrong : {"", "a", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "gggggggggggggggggggggggggggggggg",
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_FALSE(AnswerPages::IsId(wrong)) << wrong;
  }
  EXPECT_EQ(pages_->Url(kId), "https://bot.example.com/a/" + kId);
}

TEST_F(AnswerPagesTest, PageBeingWrittenShowsWhatThereIsSoFar) {
  Begin();
  Write("第一句。");
  const auto view = Read();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->markdown, "第一句。");
  EXPECT_EQ(view->question, "问题");
  EXPECT_FALSE(view->finished);
  EXPECT_EQ(store_.loads, 0) << "what is live needs no disk";
}

TEST_F(AnswerPagesTest, FinishedPageComesFromTheStoreUntilItExpires) {
  Begin();
  Write("全部。");
  Finish();
  const auto view = Read();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->markdown, "全部。");
  EXPECT_TRUE(view->finished);
  EXPECT_EQ(store_.loads, 1);
  EXPECT_EQ(view->expires_ms - view->asked_ms, std::chrono::milliseconds(24h * 7).count());
  Advance(24h * 8);
  const auto later = Read();
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, base::ErrorCode::kNotFound);
}

TEST_F(AnswerPagesTest, StoreThatFailsIsNoMissingPage) {
  OnLoop([&] { store_.fail_loads = true; });
  const auto view = Read();
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, base::ErrorCode::kUnavailable);
}

TEST_F(AnswerPagesTest, RowOfAPageWhoseProcessDiedSaysUnfinished) {
  Begin();
  Make({});  // another process on the same store
  const auto view = Read();
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->finished);
  EXPECT_EQ(Watch()->watch, std::nullopt) << "nobody writes it here yet";
}

TEST_F(AnswerPagesTest, AnswerThatNobodyFinishesIsGivenUp) {
  Begin();
  Make({});            // another process on the same store
  Advance(47h - 1ms);  // the clock began an hour after the question
  EXPECT_TRUE(Read());
  Advance(1ms);
  const auto view = Read();
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, base::ErrorCode::kNotFound);
}

TEST_F(AnswerPagesTest, ReaderBeginsWithTheWholeStateAndGetsOnlyChangedBlocks) {
  Begin();
  Write("一\n\n二");
  const auto reader = Watch();
  ASSERT_TRUE(reader->watch);
  ASSERT_EQ(reader->updates.size(), 1U);
  EXPECT_EQ(reader->updates[0].from, 0U);
  EXPECT_THAT(reader->updates[0].blocks, ElementsAre(HasSubstr("一"), HasSubstr("二")));
  Advance(300ms);
  Write("二\n\n三");
  ASSERT_EQ(reader->updates.size(), 2U);
  EXPECT_EQ(reader->updates[1].from, 1U);
  EXPECT_THAT(reader->updates[1].blocks, ElementsAre(HasSubstr("二二"), HasSubstr("三")));
  EXPECT_EQ(reader->updates[1].state, State::kWriting);
  Write("！");
  Finish();
  ASSERT_EQ(reader->updates.size(), 3U);
  EXPECT_EQ(reader->updates[2].from, 2U);
  EXPECT_THAT(reader->updates[2].blocks, ElementsAre(HasSubstr("三！")));
  EXPECT_EQ(reader->updates[2].state, State::kFinished);
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers 0"));
}

TEST_F(AnswerPagesTest, ReaderWhoComesLaterIsInStepWithTheOthers) {
  Begin();
  Write("一");
  const auto first = Watch();
  Write("\n\n二");  // not shown yet: the last update is not 300 ms old
  const auto second = Watch();
  EXPECT_THAT(second->updates.at(0).blocks, ElementsAre(HasSubstr("一")));
  Advance(300ms);
  for (const auto& reader : {first, second}) {
    ASSERT_EQ(reader->updates.size(), 2U);
    EXPECT_EQ(reader->updates[1].from, 1U);
    EXPECT_THAT(reader->updates[1].blocks, ElementsAre(HasSubstr("二")));
  }
}

TEST_F(AnswerPagesTest, ChangesAreConvertedOnceForAllReadersAndNotMoreOftenThanTheInterval) {
  Begin();
  for (int i = 0; i < 100; ++i) Write("字");
  EXPECT_EQ(asked_, 0) << "nobody reads: nothing to do";
  const auto first = Watch();
  const auto second = Watch();
  EXPECT_EQ(asked_, 1);
  for (int i = 0; i < 100; ++i) Write("字");
  EXPECT_EQ(asked_, 1);
  Advance(299ms);
  EXPECT_EQ(asked_, 1);
  Advance(1ms);
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(first->updates.size(), 2U);
  EXPECT_EQ(second->updates.size(), 2U);
  Advance(10s);
  EXPECT_EQ(asked_, 2) << "nothing new, nothing to convert";
  Write("字");
  EXPECT_EQ(asked_, 3) << "after a pause the next piece goes out at once";
}

TEST_F(AnswerPagesTest, ChangeThatShowsNothingNewTellsNobody) {
  Begin();
  Write("一");
  const auto reader = Watch();
  Advance(300ms);
  Write("");
  EXPECT_EQ(reader->updates.size(), 1U);
}

TEST_F(AnswerPagesTest, TextThatShrinksTakesItsBlocksBack) {
  Begin();
  Write("一\n\n二\n\n三");
  const auto reader = Watch();
  answer_.clear();
  Advance(300ms);
  Write("一");
  ASSERT_EQ(reader->updates.size(), 2U);
  EXPECT_EQ(reader->updates[1].from, 1U);
  EXPECT_THAT(reader->updates[1].blocks, IsEmpty());
}

TEST_F(AnswerPagesTest, ReadersAreBoundedPerPageAndAltogether) {
  AnswerPages::Options options;
  options.max_readers_per_page = 2;
  options.max_readers = 3;
  Make(options);
  Begin(kId);
  Begin(kOther);
  const auto a = Watch(kId);
  const auto b = Watch(kId);
  EXPECT_FALSE(Watch(kId)->watch) << "a third of one page";
  const auto c = Watch(kOther);
  EXPECT_TRUE(c->watch);
  EXPECT_FALSE(Watch(kOther)->watch) << "a fourth of all";
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers 3"));
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers_refused_total 2"));
  pages_->Unwatch(kId, *a->watch);
  pages_->Unwatch(kId, *a->watch);
  OnLoop([] {});
  EXPECT_TRUE(Watch(kOther)->watch) << "a place was given back, once";
  EXPECT_FALSE(Watch(kId)->watch);
}

TEST_F(AnswerPagesTest, ReaderThatWantsNoMoreIsLetGo) {
  Begin();
  Write("一");
  const auto stays = Watch();
  const auto leaves = Watch();
  leaves->stays = false;
  Advance(300ms);
  Write("二");
  Advance(300ms);
  Write("三");
  EXPECT_EQ(stays->updates.size(), 3U);
  EXPECT_EQ(leaves->updates.size(), 2U);
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers 1"));
}

TEST_F(AnswerPagesTest, FinishedOrUnknownPageIsNotWatched) {
  EXPECT_FALSE(Watch()->watch);
  Begin();
  Finish();
  EXPECT_FALSE(Watch()->watch);
}

TEST_F(AnswerPagesTest, AbandonedPageSaysGoodbyeAndIsNotAskedAgain) {
  Begin();
  const auto reader = Watch();
  const int before = asked_;
  OnLoop([&] { pages_->Abandon(kId); });
  ASSERT_EQ(reader->updates.size(), 2U);
  EXPECT_EQ(reader->updates[1].state, State::kGone);
  Write("新");
  Advance(1s);
  EXPECT_EQ(asked_, before);
  EXPECT_EQ(store_.saves, 1) << "a row that the store forgets must not come back";
}

TEST_F(AnswerPagesTest, FinishedPageIsReadHereUntilTheStoreHasIt) {
  Begin();
  Write("全部。");
  OnLoop([&] { store_.hold_saves = true; });
  Finish();
  EXPECT_TRUE(Read()->finished) << "the store still has the unfinished row";
  EXPECT_EQ(store_.loads, 0);
  OnLoop([&] { store_.Release(); });
  EXPECT_TRUE(Read()->finished);
  EXPECT_EQ(store_.loads, 1);
}

TEST_F(AnswerPagesTest, FinishedPageThatTheStoreCannotTakeIsOfferedAgain) {
  Begin();
  Write("全部。");
  OnLoop([&] { store_.fail_saves = true; });
  Finish();
  Advance(5s);
  EXPECT_EQ(Read()->markdown, "全部。");
  EXPECT_FALSE(store_.pages.at(kId).finished);
  OnLoop([&] { store_.fail_saves = false; });
  Advance(5s);
  EXPECT_TRUE(store_.pages.at(kId).finished);
  const int saves = store_.saves;
  Advance(60s);
  EXPECT_EQ(store_.saves, saves);
}

TEST_F(AnswerPagesTest, PagesThatWaitForTheStoreAreBounded) {
  AnswerPages::Options options;
  options.max_unsaved = 1;
  Make(options);
  OnLoop([&] { store_.fail_saves = true; });
  Finish(kId);
  Finish(kOther);
  EXPECT_TRUE(Read(kId));
  EXPECT_FALSE(Read(kOther));
  EXPECT_THAT(Metrics(), HasSubstr("yingda_pages_lost_total 1"));
}

TEST_F(AnswerPagesTest, PageBegunAgainIsWrittenAnew) {
  Begin();
  Write("旧");
  Finish();
  answer_ = "新";
  Begin();
  const auto view = Read();
  EXPECT_EQ(view->markdown, "新");
  EXPECT_FALSE(view->finished);
  EXPECT_TRUE(Watch()->watch);
}

TEST_F(AnswerPagesTest, PageThatNeverBeganCanBeFinished) {
  answer_ = "一次写好";
  Finish();
  EXPECT_EQ(Read()->markdown, "一次写好");
  EXPECT_TRUE(store_.pages.at(kId).finished);
}

TEST_F(AnswerPagesTest, ReadingAFinishedPageEmptiesTheInboxAndTellsWhose) {
  std::vector<std::string> told;
  pages_->OnRead(
      [&](const std::string& account, const std::string& open_id) { told.push_back(account + "/" + open_id); });
  OnLoop([&] { store_.drop_finds = store::FollowerName{"main", "o1"}; });
  Begin();
  pages_->MarkRead(kId);
  OnLoop([] {});
  EXPECT_THAT(store_.dropped, IsEmpty()) << "who has read a part has not read all";
  Finish();
  pages_->MarkRead(kId);
  OnLoop([] {});
  EXPECT_THAT(store_.dropped, ElementsAre(kId));
  EXPECT_THAT(told, ElementsAre("main/o1"));
  OnLoop([&] { store_.drop_finds.reset(); });
  pages_->MarkRead(kId);
  OnLoop([] {});
  EXPECT_THAT(told, ElementsAre("main/o1")) << "nothing was left to take out";
}

TEST_F(AnswerPagesTest, ReadingAnUnknownPageTouchesNothing) {
  pages_->MarkRead(kOther);
  OnLoop([] {});
  EXPECT_THAT(store_.dropped, IsEmpty());
}

TEST_F(AnswerPagesTest, QuestionOfALivePageMeetsTheOutboundWords) {
  Account account;
  pages_->ShowThrough([&](const std::string&) { return &account; });
  Begin();
  EXPECT_EQ(Read()->question, "问题");
  SetWords(account, "问题|mask\n");
  EXPECT_EQ(Read()->question.find("问题"), std::string::npos);
  SetWords(account, "问题\n");
  EXPECT_EQ(Read()->question, "");
}

TEST_F(AnswerPagesTest, FinishedPageIsConvertedOnceForAllWhoReadItUntilItsWordsChange) {
  Account account;
  int asked = 0;
  pages_->ShowThrough([&](const std::string&) {
    ++asked;
    return &account;
  });
  Begin();
  Write("第一段。\n\n第二段里有菠萝派。");
  Finish();
  const auto first = Read();
  ASSERT_TRUE(first);
  ASSERT_NE(first->blocks, nullptr);
  EXPECT_EQ(first->blocks->size(), 2u);
  EXPECT_EQ(Read()->blocks, first->blocks);
  SetWords(account, "菠萝派\n");
  const auto blocked = Read();
  EXPECT_EQ(blocked->markdown, Texts().blocked_answer);
  EXPECT_EQ(blocked->blocks->size(), 1u);
  SetWords(account, "");
  EXPECT_EQ(*Read()->blocks, *first->blocks);
  OnLoop([&] { pages_->Finish(Page(kId, "另一个回答。")); });
  EXPECT_EQ(Read()->markdown, "另一个回答。") << "written anew";
  EXPECT_EQ(asked, 5);
}

TEST(PageCacheTest, WhatWasNotReadForLongestGoesWhenThereIsNoRoom) {
  PageCache cache(18'000);
  const auto show = [&](const char* id, size_t bytes) {
    store::AnswerPage page;
    page.id = id;
    page.markdown = std::string(bytes, 'a');
    const size_t before = cache.Made();
    cache.Show(nullptr, page);
    return cache.Made() > before;
  };
  EXPECT_TRUE(show("a", 2000));
  EXPECT_TRUE(show("b", 2000));
  EXPECT_FALSE(show("a", 2000));
  EXPECT_TRUE(show("c", 2000));
  EXPECT_LE(cache.Bytes(), 18'000u);
  EXPECT_FALSE(show("a", 2000));
  EXPECT_TRUE(show("b", 2000)) << "it had to go";
  EXPECT_TRUE(show("huge", 20'000));
  EXPECT_TRUE(show("huge", 20'000)) << "never kept";
  EXPECT_FALSE(show("b", 2000)) << "and nothing went for it";
}

}  // namespace
}  // namespace yingda::bot
