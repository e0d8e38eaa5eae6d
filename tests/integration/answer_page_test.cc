// SPDX-License-Identifier: MIT
// Answer pages in the whole application: beside the pushes, across a restart, until they expire, and when it stops.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "integration/world.h"
#include "support/wait.h"
#include "unit/net/raw_client.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string kId(32, 'a');
const std::string kPath = "/a/" + kId;

class AnswerPageTest : public ::testing::Test {
 protected:
  static World::Options WithPages() {
    World::Options options;
    options.answer = AnswersAfter(1s, "模型的回答。");
    options.more_config = "public_url: https://bot.example.com\n";
    options.more_answers = "  web_page_keep: 24h\n";
    return options;
  }
  /// The desk's side, on the application's loop.
  void OnPages(const std::function<void(bot::AnswerPages&)>& function) {
    std::promise<void> done;
    bot::AnswerPages& pages = world_.application().pages();
    pages.Watch("", nullptr, [&](std::optional<uint64_t>) {
      function(pages);
      done.set_value();
    });
    done.get_future().wait();
  }
  store::AnswerPage Page(std::string markdown = {}) {
    store::AnswerPage page;
    page.id = kId;
    page.account = "main";
    page.open_id = "o1";
    page.question = "问题";
    page.markdown = std::move(markdown);
    page.asked_ms = base::UnixMilliseconds(world_.clock().WallNow());
    return page;
  }
  RawResponse Ask(const std::string& request) {
    RawClient client(world_.application().PushPort());
    return client.Exchange(request).value_or(RawResponse{});
  }

  World world_{WithPages()};
};

TEST_F(AnswerPageTest, PageSurvivesARestartAndGoesWhenItExpires) {
  OnPages([&](auto& pages) { pages.Finish(Page("第一段。\n\n| 甲 | 乙 |\n|--|--|\n| 1 | 2 |")); });
  const std::string before = Ask(Get(kPath)).body;
  EXPECT_THAT(before, HasSubstr("<td>1</td>"));
  world_.Restart();
  EXPECT_EQ(Ask(Get(kPath)).body, before);
  world_.clock().Advance(24h);
  EXPECT_EQ(Ask(Get(kPath)).status, 404);
}

TEST_F(AnswerPageTest, PageOfAnUnfinishedAnswerWaitsForTheNextProcessToWriteIt) {
  OnPages([&](auto& pages) { pages.Begin(Page(), [] { return std::string("一半"); }); });
  EXPECT_THAT(Ask(Get(kPath)).body, HasSubstr("一半"));
  world_.Restart();
  EXPECT_THAT(Ask(Get(kPath)).body, HasSubstr("data-state=\"writing\""));
  EXPECT_EQ(Ask(Get(kPath + "/live")).status, 503);
  OnPages([&](auto& pages) { pages.Finish(Page("全部")); });
  EXPECT_THAT(Ask(Get(kPath)).body, HasSubstr("data-state=\"done\""));
}

TEST_F(AnswerPageTest, OpenStreamIsEndedWellByTheStop) {
  OnPages([&](auto& pages) { pages.Begin(Page(), [] { return std::string("一半"); }); });
  RawClient reader(world_.application().PushPort());
  ASSERT_TRUE(reader.Send(Get(kPath + "/live")));
  EXPECT_THAT(reader.ReceiveUntil("一半"), HasSubstr("一半"));
  world_.application().Stop();
  EXPECT_THAT(reader.ReceiveUntil("0\r\n\r\n"), HasSubstr("0\r\n\r\n")) << "ended well, not cut off";
}

TEST_F(AnswerPageTest, PushesAreAnsweredBesideThePages) {
  const auto follower = world_.NewFollower();
  OnPages([&](auto& pages) { pages.Finish(Page("全部")); });
  EXPECT_THAT(world_.Say(*follower, "问").Text(), HasSubstr("模型的回答"));
  EXPECT_EQ(Ask(Post(kPath + "/read")).status, 204);
  EXPECT_EQ(Ask(Get(kPath)).status, 200);
  EXPECT_EQ(world_.Metric("yingda_page_views_total{found=\"finished\"}"), 1);
}

TEST(AnswerPageSwitchTest, WithoutAPublicUrlThereAreNoPages) {
  World::Options options;
  options.answer = AnswersAfter(1s, "回答。");
  World world(options);
  RawClient client(world.application().PushPort());
  const auto response = client.Exchange(Get(kPath));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "");
}

}  // namespace
}  // namespace yingda::testing
