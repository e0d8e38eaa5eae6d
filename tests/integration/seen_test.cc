// SPDX-License-Identifier: MIT
// What the model sees besides text: pictures, places, links.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/base64.h"
#include "base/guarded.h"
#include "integration/world.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kPng = std::string("\x89PNG\r\n\x1A\n", 8) + "a picture";
const std::string kPngUrl = "data:image/png;base64," + base::EncodeBase64(kPng);
const char* const kPictureQuestion = "（我发来一张图片，请看图回答。）";

/// Stands for WeChat's picture host.
class PictureHost {
 public:
  PictureHost() : server_(net::HttpServer::Options(), clock_, *logger_, metrics_) {
    server_.Handle("GET", "/", [this](const net::HttpRequest& request, net::Responder responder) {
      const std::string path(request.Path());
      const std::optional<net::HttpResponse> response = state_.With([&](State& state) {
        ++state.asked[path];
        std::optional<net::HttpResponse> found;
        const auto answer = state.answers.find(path);
        if (answer != state.answers.end()) found = answer->second;
        if (path == "/silent") state.parked.push_back(std::move(responder));
        return found;
      });
      if (path != "/silent") responder.Send(response.value_or(net::HttpResponse{404}));
    });
    EXPECT_TRUE(server_.Start());
    Serve("/a.png", {200, "image/png", kPng});
    Serve("/b.gif", {200, "image/gif", "GIF89a b"});
    Serve("/page", {200, "image/png", "<html>no picture</html>"});
    Serve("/moved", {302, "text/plain", "", {{"Location", Url("/a.png")}}});
    Serve("/large", {200, "image/png", kPng + std::string(200'000, 'x')});
  }
  ~PictureHost() { server_.Stop(0s); }

  void Serve(const std::string& path, net::HttpResponse response) {
    state_.With([&](State& state) { state.answers[path] = std::move(response); });
  }
  std::string Authority() const { return "127.0.0.1:" + std::to_string(server_.Port()); }
  std::string Url(const std::string& path) const { return "http://" + Authority() + path; }
  int Asked(const std::string& path) {
    return state_.With([&](State& state) { return state.asked[path]; });
  }

 private:
  struct State {
    std::map<std::string, net::HttpResponse> answers;
    std::map<std::string, int> asked;
    std::vector<net::Responder> parked;
  };

  base::SystemClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  base::Guarded<State> state_;
  net::HttpServer server_;
};

std::string LastAnswer(const simulator::UpstreamCall& call) { return "答" + std::to_string(call.number); }

class SeenTest : public ::testing::Test {
 protected:
  World::Options Seeing(bool pictures = true) {
    World::Options options;
    options.answer = [](const simulator::UpstreamCall& call) {
      return simulator::SpreadAnswer(LastAnswer(call), 1s, 1s);
    };
    options.deny_words = "网络博彩平台\n小坏词|mask\n";
    options.change_config = [this, pictures](config::Config& config) {
      config.pictures.hosts = {host_.Authority()};
      config.pictures.max_bytes = 100'000;
      config.accounts[0].sees.picture = pictures;
      config.upstreams[0].takes_pictures = pictures;
    };
    return options;
  }
  wechat::Incoming Picture(const std::string& path) { return simulator::ImageMessage(host_.Url(path), "media"); }
  /// What the model was told in its `number`th call, the system prompt apart.
  static std::vector<simulator::UpstreamMessage> Told(World& world, size_t number) {
    const simulator::UpstreamJournal journal = world.model().Journal();
    if (journal.last.size() < number) return {};
    std::vector<simulator::UpstreamMessage> messages = journal.last[number - 1].call.messages;
    messages.erase(messages.begin());
    return messages;
  }

  PictureHost host_;
};

TEST_F(SeenTest, PictureIsShownToTheModel) {
  World world(Seeing());
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, Picture("/a.png")).Text(), "答1");
  const auto told = Told(world, 1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].content, kPictureQuestion);
  EXPECT_THAT(told[0].pictures, ElementsAre(kPngUrl));
  EXPECT_EQ(world.Metric("yingda_picture_fetches_total{outcome=\"ok\"}"), 1);
}

TEST_F(SeenTest, QuestionBehindAPictureIsAboutIt) {
  World world(Seeing());
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, Picture("/a.png")).Text(), "答1");
  EXPECT_EQ(world.Say(*follower, "左边是什么？").Text(), "答2");
  auto told = Told(world, 2);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].content, kPictureQuestion);
  EXPECT_THAT(told[0].pictures, ElementsAre(kPngUrl));
  EXPECT_THAT(told[2].pictures, IsEmpty());

  // A newer picture takes its place; the older one is text only.
  EXPECT_EQ(world.Send(*follower, Picture("/b.gif")).Text(), "答3");
  told = Told(world, 3);
  ASSERT_EQ(told.size(), 5u);
  EXPECT_THAT(told[0].pictures, IsEmpty());
  EXPECT_THAT(told[4].pictures, ElementsAre(HasSubstr("data:image/gif;base64,")));
  EXPECT_EQ(host_.Asked("/a.png"), 2);
  EXPECT_EQ(world.Say(*follower, "这张呢？").Text(), "答4");
  told = Told(world, 4);
  ASSERT_EQ(told.size(), 7u);
  EXPECT_THAT(told[0].pictures, IsEmpty());
  EXPECT_THAT(told[4].pictures, ElementsAre(HasSubstr("data:image/gif;base64,")));
  EXPECT_EQ(host_.Asked("/a.png"), 2);
}

TEST_F(SeenTest, PictureLeavesTheMindAfterThreeQuestionsOrTenMinutes) {
  World world(Seeing());
  const auto follower = world.NewFollower();
  world.Send(*follower, Picture("/a.png"));
  for (int i = 0; i < 4; ++i) world.Say(*follower, "问题" + std::to_string(i));
  EXPECT_EQ(host_.Asked("/a.png"), 4) << "for itself and for three questions behind it";
  EXPECT_THAT(Told(world, 4).at(0).pictures, ElementsAre(kPngUrl));
  EXPECT_THAT(Told(world, 5).at(0).pictures, IsEmpty());

  world.Send(*follower, Picture("/b.gif"));
  ASSERT_TRUE(world.RunFor(9min));
  world.Say(*follower, "还在吗");
  EXPECT_EQ(host_.Asked("/b.gif"), 2);
  ASSERT_TRUE(world.RunFor(2min));
  EXPECT_EQ(world.Say(*follower, "现在呢").Text(), "答8");
  EXPECT_EQ(host_.Asked("/b.gif"), 2);
}

TEST_F(SeenTest, PictureOutlivesARestartByItsAddress) {
  World world(Seeing());
  const auto follower = world.NewFollower();
  world.Send(*follower, Picture("/a.png"));
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "左边是什么？").Text(), "答2");
  EXPECT_THAT(Told(world, 2).at(0).pictures, ElementsAre(kPngUrl));
}

TEST_F(SeenTest, PictureThatIsGoneLeavesItsText) {
  World world(Seeing());
  const auto follower = world.NewFollower();
  world.Send(*follower, Picture("/a.png"));
  host_.Serve("/a.png", {404});
  EXPECT_EQ(world.Say(*follower, "左边是什么？").Text(), "答2");
  const auto told = Told(world, 2);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].content, kPictureQuestion);
  EXPECT_THAT(told[0].pictures, IsEmpty());
}

TEST_F(SeenTest, PictureThatCannotBeHadIsSaidAndTheModelNotAsked) {
  World::Options options = Seeing();
  options.more_account = "    quotas: {follower_per_day: 1}\n";
  World world(options);
  const auto follower = world.NewFollower();
  const std::string failed = bot::Texts().picture_failed;
  for (const char* path : {"/missing", "/moved", "/page", "/large", "/silent"}) {
    EXPECT_EQ(world.Send(*follower, Picture(path)).Text(), failed) << path;
    EXPECT_EQ(host_.Asked(path), 1) << path;
  }
  EXPECT_EQ(host_.Asked("/a.png"), 0) << "redirects are not followed";
  // No host of WeChat's, as far as this configuration goes.
  EXPECT_EQ(
      world.Send(*follower, simulator::ImageMessage("http://localhost:" + host_.Authority().substr(10) + "/a.png", "m"))
          .Text(),
      failed);
  EXPECT_EQ(host_.Asked("/a.png"), 0);
  EXPECT_EQ(world.model().Journal().calls, 0u);

  EXPECT_EQ(world.Say(*follower, "你好").Text(), "答1") << "what failed does not use up the day's one question";
  EXPECT_EQ(Told(world, 1).size(), 1u) << "and is not remembered";
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "再问").Text(), bot::Texts().quota_day);
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 1);
}

TEST_F(SeenTest, SilentHostDelaysNothingElseAndTheFollowerReadsWithinTheWindow) {
  World world(Seeing());
  const auto follower = world.NewFollower();
  const auto outcome = world.Send(*follower, Picture("/silent"));
  EXPECT_EQ(outcome.Text(), bot::Texts().picture_failed);
  EXPECT_EQ(outcome.try_number, 1);
  EXPECT_GE(outcome.after, 2900ms);
  EXPECT_LE(outcome.after, 3500ms);
}

TEST_F(SeenTest, FollowerWhoLeavesEndsTheDownload) {
  World world(Seeing());
  const auto follower = world.NewFollower();
  follower->Send(Picture("/silent"), [](const simulator::PushOutcome&) {});
  ASSERT_TRUE(world.conductor().RunUntil([&] { return host_.Asked("/silent") == 1; }, 10s, World::kStep));
  world.Send(*follower, simulator::UnsubscribeEvent());
  ASSERT_TRUE(world.PlayOut({follower.get()}));
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_EQ(world.application().JobsOpen(), 0u);
  EXPECT_EQ(world.model().Journal().calls, 0u);
  EXPECT_EQ(world.Metric("yingda_picture_fetches_total{outcome=\"deadline_exceeded\"}"), 0) << "it was given up before";
}

TEST_F(SeenTest, StopDuringADownloadRunsTheQuestionAgain) {
  World::Options options = Seeing();
  options.more_account = "    quotas: {follower_per_day: 1}\n";
  World world(options);
  const auto follower = world.NewFollower();
  follower->Send(Picture("/silent"), [](const simulator::PushOutcome&) {});
  ASSERT_TRUE(world.conductor().RunUntil([&] { return host_.Asked("/silent") == 1; }, 10s, World::kStep));
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 1);
  world.Restart();
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_EQ(host_.Asked("/silent"), 2) << "its address was in the store";
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 0) << "given back to who asked before";
  world.Restart();
  EXPECT_THAT(world.Say(*follower, "你好").Text(), EndsWith("答1")) << "in the store, too";
}

TEST_F(SeenTest, PicturesAreOffByDefault) {
  World world(Seeing(false));
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, Picture("/a.png")).Text(), bot::Texts().image);
  EXPECT_EQ(host_.Asked("/a.png"), 0);
  EXPECT_EQ(world.model().Journal().calls, 0u);
}

TEST_F(SeenTest, PlaceAndLinkAreQuestionsByDefault) {
  World world(Seeing(false));
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, simulator::LocationMessage("39.98", "116.30", "北京市海淀区")).Text(), "答1");
  EXPECT_EQ(Told(world, 1).at(0).content, "（我发来一个位置：北京市海淀区，纬度 39.98，经度 116.30）");
  EXPECT_EQ(world.Send(*follower, simulator::LinkMessage("一个小坏词", "简介", "https://a.cn/b")).Text(), "答2");
  const auto told = Told(world, 2);
  ASSERT_EQ(told.size(), 3u) << "the place is remembered";
  EXPECT_EQ(told[2].content, "（我分享了一个链接：标题《一个＊＊＊》，简介：简介，网址 https://a.cn/b）");
}

TEST_F(SeenTest, BlockedWordInATitleStopsTheLink) {
  World world(Seeing(false));
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, simulator::LinkMessage("网络博彩平台", "", "https://a.cn")).Text(),
            bot::Texts().blocked_question);
  EXPECT_EQ(world.model().Journal().calls, 0u);
}

TEST_F(SeenTest, NothingIsSeenWhereTheAccountSaysSo) {
  World::Options options = Seeing(false);
  options.more_account = "    model_sees: []\n";
  World world(options);
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, simulator::LocationMessage("1", "2", "北京")).Text(), bot::Texts().location);
  EXPECT_EQ(world.Send(*follower, simulator::LinkMessage("题", "", "https://a.cn")).Text(), bot::Texts().link);
  EXPECT_EQ(world.model().Journal().calls, 0u);
}

}  // namespace
}  // namespace yingda::testing
