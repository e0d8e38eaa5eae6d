// SPDX-License-Identifier: MIT
// What comes in over HTTP, good and bad: each has a clear outcome, and the server lives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "integration/world.h"
#include "support/wait.h"
#include "wechat/push_builder.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

class CallbackTest : public ::testing::TestWithParam<const char*> {
 protected:
  static World::Options InMode(const char* mode) { return {.answer = AnswersAfter(1s, "好的。"), .mode = mode}; }
};

TEST_P(CallbackTest, ModeAnswersVerificationKeywordsEventsAndTheModel) {
  World world(InMode(GetParam()));
  std::atomic<int> verified{0};
  world.wechat().VerifyUrl([&](const base::Result<void>& result) { verified = result ? 1 : 2; });
  ASSERT_TRUE(world.conductor().RunUntil([&] { return verified != 0; }, 10s, World::kStep));
  EXPECT_EQ(verified, 1);
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "ping").Text(), "pong");
  EXPECT_EQ(world.Send(*follower, simulator::SubscribeEvent()).Text(), "欢迎关注！");
  EXPECT_EQ(world.Say(*follower, "随便问问").Text(), "好的。");
}

TEST_P(CallbackTest, TamperedPushesAreRefusedAlike) {
  World world(InMode(GetParam()));
  const auto follower = world.NewFollower();
  for (const auto tamper : {simulator::Tamper::kSignature, simulator::Tamper::kStale, simulator::Tamper::kCiphertext,
                            simulator::Tamper::kAppId}) {
    simulator::Faults faults;
    faults.tamper = tamper;
    const auto outcome = world.Say(*follower, "ping", faults);
    EXPECT_TRUE(outcome.failed());
    for (const auto& record : outcome.tries) EXPECT_EQ(record.status, 403);
  }
  EXPECT_EQ(world.Say(*follower, "ping").Text(), "pong");
}

INSTANTIATE_TEST_SUITE_P(Modes, CallbackTest, ::testing::Values("plain", "compatible", "safe"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST(CallbackJsonTest, JsonPushesGetJsonReplies) {
  for (const char* mode : {"plain", "safe"}) {
    World world({.answer = AnswersAfter(1s, "好的。"), .mode = mode, .json = true});
    const auto follower = world.NewFollower();
    EXPECT_EQ(world.Say(*follower, "ping").Text(), "pong");
    EXPECT_EQ(world.Say(*follower, "随便问问").Text(), "好的。");
  }
}

class BadInputTest : public ::testing::Test {
 protected:
  BadInputTest()
      : world_({.answer = AnswersAfter(1s, "好的。")}), client_("127.0.0.1", world_.application().PushPort()) {
    client_.set_read_timeout(20);
  }

  std::string Query() {
    wechat::PushBuilder::Options options;
    options.token = "integrationToken";
    const auto builder = wechat::PushBuilder::Create(options);
    return builder->BuildVerification("echo", {base::UnixSeconds(world_.clock().WallNow()), "12345", ""}).Text();
  }
  httplib::Result Post(const std::string& body) {
    return client_.Post(("/wx/main?" + Query()).c_str(), body, "text/xml");
  }
  /// Posts while the clock runs, since a question that reaches the model needs time to pass.
  std::string PostAndPlay(const std::string& body) {
    std::atomic<bool> done{false};
    std::string reply;
    std::thread poster([&] {
      const auto result = Post(body);
      if (result && result->status == 200) reply = result->body;
      done = true;
    });
    WaitFor([&] { return done || world_.model().InFlight() == 1; });
    // Well below the 6 s after which a held push is closed.
    for (int step = 0; step < 40 && !done; ++step) {
      world_.clock().Advance(100ms);
      WaitFor([&] { return done || (world_.loop().Idle() && world_.application().Idle()); });
    }
    poster.join();
    return reply;
  }
  static std::string TextXml(const std::string& content, const std::string& msg_id) {
    return "<xml><ToUserName>gh_a</ToUserName><FromUserName>oBad</FromUserName><CreateTime>1</CreateTime>"
           "<MsgType>text</MsgType><Content>" +
           content + "</Content><MsgId>" + msg_id + "</MsgId></xml>";
  }

  World world_;
  httplib::Client client_;
};

TEST_F(BadInputTest, MalformedBodiesAreRefusedWithAnEmpty403) {
  std::string nested;
  for (int i = 0; i < 10'000; ++i) nested += "<a>";
  std::string brackets(10'000, '[');
  for (const std::string& body :
       {std::string(), std::string("not xml"), std::string("<xml>"), std::string("{\"a\":"), std::string("<xml></xml>"),
        std::string("[]"), std::string("null"), nested, brackets,
        std::string("<!DOCTYPE x [<!ENTITY a \"b\">]><xml>&a;</xml>"), std::string("\xff\xfe\x00\x3c", 4)}) {
    const auto result = Post(body);
    ASSERT_TRUE(result) << body.substr(0, 40);
    EXPECT_EQ(result->status, 403) << body.substr(0, 40);
    EXPECT_EQ(result->body, "");
  }
  EXPECT_GE(world_.Metric("yingda_refused_pushes_total{account=\"main\",check=\"bad_body\"}"), 1);
}

TEST_F(BadInputTest, OddTextsStillGetAProperReply) {
  EXPECT_THAT(Post(TextXml("", "1"))->body, HasSubstr("没有收到文字"));
  EXPECT_THAT(Post(TextXml("<![CDATA[ping]]>", "99999999999999999999999999"))->body, HasSubstr("pong"));
  EXPECT_THAT(Post(TextXml("【收到不支持的消息类型，暂无法显示】", "3"))->body, HasSubstr("看不懂"));
  EXPECT_THAT(Post(TextXml(std::string(60'000, 'x'), "4"))->body, HasSubstr("太长"));
  EXPECT_THAT(PostAndPlay(TextXml("a\x01\x02 \xff\xfe ]]&gt;", "5")), HasSubstr("好的。"));
  EXPECT_EQ(Post("<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>"
                 "<MsgType>hologram</MsgType><MsgId>6</MsgId></xml>")
                ->body,
            "success");
}

TEST_F(BadInputTest, BodyOverTheLimitIs413AndUnknownPathsAre404) {
  EXPECT_EQ(Post(std::string(300 * 1024, 'x'))->status, 413);
  EXPECT_EQ(client_.Get("/wx/other")->status, 404);
  EXPECT_EQ(client_.Get("/")->status, 404);
}

TEST_F(BadInputTest, MissingParametersAreRefused) {
  for (const char* path : {"/wx/main", "/wx/main?signature=", "/wx/main?signature=a&timestamp=b&nonce=c&echostr=d"}) {
    const auto result = client_.Get(path);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 403) << path;
    EXPECT_EQ(result->body, "");
  }
}

TEST_F(BadInputTest, HalfARequestThenSilenceIsClosedAndDelaysNobody) {
  // A raw connection that sends half a request; everyone else is served meanwhile.
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(world_.application().PushPort()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string half = "POST /wx/main HTTP/1.1\r\nContent-Length: 100\r\n\r\n<xml>";
  ASSERT_EQ(::send(fd, half.data(), half.size(), 0), static_cast<ssize_t>(half.size()));
  EXPECT_THAT(Post(TextXml("ping", "7"))->body, HasSubstr("pong"));
  ASSERT_TRUE(world_.RunFor(11s));  // request_timeout
  char byte = 0;
  EXPECT_LE(::recv(fd, &byte, 1, 0), 0) << "the server must have closed it";
  ::close(fd);
  EXPECT_THAT(Post(TextXml("ping", "8"))->body, HasSubstr("pong"));
}

TEST(OperationsTest, HealthMetricsAndTestAnswerWhilePushesWait) {
  World world({.answer = AnswersAfter(60s, "好的。")});
  std::vector<std::unique_ptr<simulator::Follower>> followers;
  for (int i = 0; i < 50; ++i) {
    followers.push_back(world.NewFollower());
    followers.back()->Say("问题");
  }
  ASSERT_TRUE(world.RunFor(1s));
  EXPECT_EQ(world.application().PushesWaiting(), 50u);
  httplib::Client operations("127.0.0.1", world.application().OperationsPort());
  EXPECT_EQ(operations.Get("/healthz")->status, 200);
  EXPECT_EQ(operations.Get("/readyz")->status, 200);
  EXPECT_THAT(operations.Get("/metrics")->body, HasSubstr("yingda_pushes_waiting 50"));
  const auto rule = operations.Get("/test?account=main&msg=%E8%90%A5%E4%B8%9A%E6%97%B6%E9%97%B4");
  EXPECT_THAT(rule->body, HasSubstr("9:00–21:00"));
  EXPECT_THAT(rule->body, HasSubstr("rules.yml:1"));
  EXPECT_EQ(operations.Get("/test?account=nobody&msg=x")->status, 404);
  EXPECT_EQ(operations.Get("/test?account=main")->status, 400);
  EXPECT_EQ(operations.Get("/wx/main")->status, 404);
}

TEST(OperationsTest, WordsOfAnAnswerThatARestartCutOffAreCountedOnceAndOutliveTheNext) {
  World world({.answer = AnswersAfter(30s, "开头有轻词。后面还有很多话。"), .deny_words = "轻词|mask\n"});
  const auto follower = world.NewFollower();
  follower->Say("问题");
  ASSERT_TRUE(world.RunFor(25s)) << "half of the answer is there";
  world.Restart();
  ASSERT_TRUE(world.RunFor(40s));
  world.Restart();
  httplib::Client operations("127.0.0.1", world.application().OperationsPort());
  const auto stats = operations.Get("/stats");
  ASSERT_TRUE(stats);
  EXPECT_THAT(stats->body, AllOf(HasSubstr("\"direction\": \"outbound\""), HasSubstr("\"model\": 1")));
  EXPECT_THAT(stats->body, ::testing::ContainsRegex("\"level\": \"mask\",[[:space:]]*\"messages\": 1,"));
}

TEST(OperationsTest, TestAsksTheModelWhenAskedTo) {
  World world({.answer = AnswersAfter(0s, "模型的回答。")});
  httplib::Client operations("127.0.0.1", world.application().OperationsPort());
  EXPECT_THAT(operations.Get("/test?account=main&msg=hello")->body, HasSubstr("ask_model"));
  EXPECT_EQ(world.model().Journal().calls, 0u);
  EXPECT_THAT(operations.Get("/test?account=main&msg=hello&model=1")->body, HasSubstr("模型的回答。"));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(AccountsTest, TwoAccountsInOneProcessDoNotMix) {
  World world({.answer = AnswersAfter(1s, "好的。"),
               .more_accounts =
                   "  - { name: second, token: secondToken, upstreams: [main], texts: { help: 第二个账号的帮助 } }\n"});
  simulator::WeChatSimulator::Options options;
  options.url = "http://127.0.0.1:" + std::to_string(world.application().PushPort()) + "/wx/second";
  options.account.token = "secondToken";
  options.seed = 8;
  auto second = simulator::WeChatSimulator::Create(options, world.loop(), world.client());
  ASSERT_TRUE(second);
  world.AlsoWatch(**second);
  simulator::Follower follower(**second, "oSame", world.clock());
  simulator::Follower same(world.wechat(), "oSame", world.clock());
  EXPECT_EQ(world.Say(follower, "帮助").Text(), "第二个账号的帮助");
  EXPECT_NE(world.Say(same, "帮助").Text(), "第二个账号的帮助");
  EXPECT_EQ(world.Say(same, "我叫小明").Text(), "好的。");
  EXPECT_EQ(world.Say(follower, "我叫什么").Text(), "好的。");
  EXPECT_EQ(world.model().Journal().last.back().call.messages.size(), 1u) << "another account's conversation was used";
}

}  // namespace
}  // namespace yingda::testing
