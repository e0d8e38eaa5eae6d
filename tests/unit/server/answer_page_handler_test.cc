// SPDX-License-Identifier: MIT
#include "server/answer_page_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/wait.h"
#include "unit/bot/page_store.h"
#include "unit/net/raw_client.h"

namespace yingda::server {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::Get;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Post;
using testing::RawClient;

const std::string kId(32, 'a');
const std::string kPath = "/a/" + kId;

class AnswerPageHandlerTest : public ::testing::Test {
 protected:
  void SetUp() override { Start({}); }
  ~AnswerPageHandlerTest() override {
    handler_->Stop();
    server_->StopAccepting();
    EXPECT_TRUE(server_->Stop(20s)) << "nothing was left open";
    loop_.Stop();
  }

  void Start(bot::AnswerPages::Options options) {
    if (server_) {
      server_->StopAccepting();
      server_->Stop(0s);
    }
    OnLoop([&] { pages_ = std::make_unique<bot::AnswerPages>(std::move(options), loop_, store_, metrics_); });
    handler_ = std::make_unique<AnswerPageHandler>(AnswerPageHandler::Options(), *pages_, loop_, metrics_);
    net::HttpServer::Options server;
    server.max_stream_backlog_bytes = 64 * 1024;
    server_ = std::make_unique<net::HttpServer>(server, clock_, *logger_, metrics_);
    handler_->Serve(*server_);
    ASSERT_TRUE(server_->Start());
  }
  void OnLoop(const std::function<void()>& function) { testing::RunOn(loop_, function); }

  static store::AnswerPage Page(std::string markdown = {}) {
    store::AnswerPage page;
    page.id = kId;
    page.account = "main";
    page.open_id = "o1";
    page.question = "问题";
    page.markdown = std::move(markdown);
    page.asked_ms = 1'800'000'000'000;
    return page;
  }
  void Begin() {
    OnLoop([&] { pages_->Begin(Page(), [this] { return answer_; }); });
  }
  void Write(const std::string& more) {
    OnLoop([&] {
      answer_ += more;
      pages_->Changed(kId);
    });
  }
  void Finish() {
    OnLoop([&] { pages_->Finish(Page(answer_)); });
  }
  testing::RawResponse Ask(const std::string& request) {
    RawClient client(server_->Port());
    return client.Exchange(request).value_or(testing::RawResponse{});
  }
  /// A client whose stream is open; what it begins with has been read up to `until`.
  RawClient Live(const std::string& until) {
    RawClient client(server_->Port());
    EXPECT_TRUE(client.Send(Get(kPath + "/live")));
    const auto head = client.Receive(/*to_head=*/true);
    EXPECT_EQ(head ? head->status : 0, 200);
    EXPECT_THAT(client.ReceiveUntil(until), HasSubstr(until));
    OnLoop([] {});  // what follows its first bytes is done, too
    return client;
  }
  std::string Metrics() const { return metrics_.Text(); }

  testing::ManualClock clock_;
  net::EventLoop loop_{clock_};
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  bot::PageStore store_;
  std::unique_ptr<bot::AnswerPages> pages_;
  std::unique_ptr<AnswerPageHandler> handler_;
  std::unique_ptr<net::HttpServer> server_;
  std::string answer_;
};

TEST_F(AnswerPageHandlerTest, FinishedAnswerIsAWholePage) {
  answer_ = "全部。";
  Finish();
  const auto page = Ask(Get(kPath));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, AllOf(HasSubstr("<p>全部。</p>"), HasSubstr("data-state=\"done\"")));
  EXPECT_EQ(page.headers.count("set-cookie"), 0U);
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_views_total{found=\"finished\"} 1"));
}

TEST_F(AnswerPageHandlerTest, HeadHasTheHeadersOfGetAndNoBody) {
  Finish();
  RawClient client(server_->Port());
  ASSERT_TRUE(client.Send("HEAD " + kPath + " HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto head = client.Receive(/*to_head=*/true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->headers.at("content-length"), std::to_string(Ask(Get(kPath)).body.size()));
  EXPECT_TRUE(client.Silent());
}

TEST_F(AnswerPageHandlerTest, UnknownExpiredAndMalformedIdsLookAlike) {
  Finish();
  clock_.Advance(24h * 8);
  const auto expired = Ask(Get(kPath));
  EXPECT_EQ(expired.status, 404);
  EXPECT_THAT(expired.body, HasSubstr("这个回答已经不在了"));
  EXPECT_EQ(Ask(Get("/a/" + std::string(32, 'b'))).body, expired.body);
  const int loads = store_.loads;
  EXPECT_EQ(loads, 2);
  for (const std::string& path : {std::string("/a/"), std::string("/a/x"), "/a/" + std::string(32, 'A'), kPath + "/",
                                  kPath + "x", kPath + "/read", kPath + "/live/", kPath + "/../" + kId,
                                  "/a/" + std::string(31, 'a') + "%27", "/a/" + std::string(5000, 'a')}) {
    const auto refused = Ask(Get(path));
    EXPECT_EQ(refused.status, 404) << path;
    EXPECT_EQ(refused.body, expired.body) << path;
    EXPECT_EQ(refused.headers, expired.headers) << path;
  }
  EXPECT_EQ(store_.loads, loads) << "what is no id never reaches the store";
}

TEST_F(AnswerPageHandlerTest, OtherMethodsAreRefused) {
  EXPECT_EQ(Ask("DELETE " + kPath + " HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
  EXPECT_EQ(Ask(Post(kPath)).status, 404);
  EXPECT_EQ(Ask(Post(kPath + "/live")).status, 404);
}

TEST_F(AnswerPageHandlerTest, StoreThatFailsIsAskedAgainLater) {
  OnLoop([&] { store_.fail_loads = true; });
  const auto page = Ask(Get(kPath));
  EXPECT_EQ(page.status, 503);
  EXPECT_THAT(page.body, HasSubstr("请过一会儿再刷新"));
  EXPECT_EQ(Ask(Get(kPath + "/live")).status, 503);
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_views_total{found=\"failure\"} 1"));
}

TEST_F(AnswerPageHandlerTest, ReaderFollowsTheWritingToItsEnd) {
  Begin();
  Write("一");
  RawClient client = Live("data: {\"blocks\":[\"<p>一</p>\\n\"],\"from\":0}\n\n\r\n");
  clock_.Advance(300ms);
  Write("\n\n二");
  EXPECT_THAT(client.ReceiveUntil("\n\n\r\n"), HasSubstr("data: {\"blocks\":[\"<p>二</p>\\n\"],\"from\":1}\n\n"));
  Finish();
  EXPECT_THAT(client.ReceiveUntil("0\r\n\r\n"), HasSubstr("event: done\ndata: {}\n\n"));
  EXPECT_THAT(client.Exchange(Get(kPath))->body, HasSubstr("data-state=\"done\"")) << "the connection goes on";
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers 0"));
}

TEST_F(AnswerPageHandlerTest, StreamIsForNoCacheAndNoBuffer) {
  Begin();
  RawClient client(server_->Port());
  ASSERT_TRUE(client.Send(Get(kPath + "/live")));
  const auto head = client.Receive(/*to_head=*/true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(head->headers.at("cache-control"), "no-store");
  EXPECT_EQ(head->headers.at("x-accel-buffering"), "no");
}

TEST_F(AnswerPageHandlerTest, ReaderWhoComesAfterTheEndGetsAllAndTheEnd) {
  answer_ = "一\n\n二";
  Finish();
  const auto events = Ask(Get(kPath + "/live"));
  EXPECT_EQ(events.status, 200);
  EXPECT_EQ(events.headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(events.body,
            "data: {\"blocks\":[\"<p>一</p>\\n\",\"<p>二</p>\\n\"],\"from\":0}\n\nevent: done\ndata: {}\n\n");
  EXPECT_EQ(Ask(Get("/a/" + std::string(32, 'b') + "/live")).status, 404);
}

TEST_F(AnswerPageHandlerTest, UnfinishedPageOfAnotherProcessIsReadableAndSaysComeAgain) {
  OnLoop([&] {
    store_.pages[kId] = Page("一半");
    store_.pages[kId].expires_ms = Page().asked_ms + 24 * 3'600'000;
  });
  EXPECT_THAT(Ask(Get(kPath)).body, AllOf(HasSubstr("一半"), HasSubstr("data-state=\"writing\"")));
  EXPECT_EQ(Ask(Get(kPath + "/live")).status, 503) << "the script reloads the page then";
}

TEST_F(AnswerPageHandlerTest, ReadersOverTheBoundAreSentAwayAndCanStillReload) {
  bot::AnswerPages::Options options;
  options.max_readers_per_page = 1;
  Start(options);
  Begin();
  Write("一");
  RawClient first = Live("\n\n\r\n");
  EXPECT_EQ(Ask(Get(kPath + "/live")).status, 503);
  EXPECT_THAT(Ask(Get(kPath)).body, HasSubstr("<p>一</p>"));
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers_refused_total 1"));
}

TEST_F(AnswerPageHandlerTest, ReaderWhoLeavesGivesTheirPlaceBack) {
  Begin();
  RawClient client = Live("\n\n\r\n");
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers 1"));
  client.Close();
  EXPECT_TRUE(testing::WaitFor([&] { return Metrics().find("yingda_page_readers 0") != std::string::npos; }));
}

TEST_F(AnswerPageHandlerTest, SilentStreamHasAHeartbeat) {
  Begin();
  RawClient client = Live("\"from\":0}\n\n\r\n");
  for (int beat = 0; beat < 3; ++beat) {
    clock_.Advance(14s);
    ASSERT_TRUE(testing::WaitFor([&] { return loop_.Idle(); }));
    EXPECT_TRUE(client.Silent());
    clock_.Advance(1s);
    EXPECT_EQ(client.ReceiveUntil(":\n\n\r\n"), "3\r\n:\n\n\r\n");
    ASSERT_TRUE(testing::WaitFor([&] { return loop_.Idle(); })) << "the next beat is set";
  }
}

TEST_F(AnswerPageHandlerTest, ReaderWhoDoesNotReadIsCutOffAndTheOthersGoOn) {
  Begin();
  Write("一");
  RawClient deaf(server_->Port(), 4096);
  ASSERT_TRUE(deaf.Send(Get(kPath + "/live")));
  RawClient good = Live("\n\n\r\n");
  EXPECT_TRUE(testing::WaitFor([&] { return Metrics().find("yingda_page_readers 2") != std::string::npos; }));
  for (int i = 0; i < 200 && Metrics().find("yingda_page_readers 2") != std::string::npos; ++i) {
    clock_.Advance(300ms);
    Write(std::string(64 * 1024, static_cast<char>('a' + i % 26)));
    EXPECT_THAT(good.ReceiveUntil("\"from\":0}\n\n\r\n"), HasSubstr("</p>"));
    answer_.clear();
  }
  EXPECT_THAT(Metrics(), HasSubstr("yingda_page_readers 1"));
  Finish();
  EXPECT_THAT(good.ReceiveUntil("0\r\n\r\n"), HasSubstr("event: done"));
}

TEST_F(AnswerPageHandlerTest, AbandonedPageEndsItsStreams) {
  Begin();
  RawClient client = Live("\n\n\r\n");
  OnLoop([&] { pages_->Abandon(kId); });
  EXPECT_THAT(client.ReceiveUntil("0\r\n\r\n"), HasSubstr("event: gone"));
}

TEST_F(AnswerPageHandlerTest, StopEndsStreamsSoThatTheServerNeedNotWaitForTheirAnswers) {
  Begin();
  RawClient client = Live("\n\n\r\n");
  handler_->Stop();
  EXPECT_THAT(client.ReceiveUntil("0\r\n\r\n"), HasSubstr("0\r\n\r\n"));
  EXPECT_EQ(Ask(Get(kPath + "/live")).status, 503);
}

TEST_F(AnswerPageHandlerTest, HeadOfAStreamOpensNone) {
  Begin();
  RawClient client(server_->Port());
  ASSERT_TRUE(client.Send("HEAD " + kPath + "/live HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(client.Receive(/*to_head=*/true)->status, 404);
  EXPECT_THAT(Metrics(), Not(HasSubstr("yingda_page_readers 1")));
}

TEST_F(AnswerPageHandlerTest, ReadMarkAnswersTheSameWhateverTheId) {
  Finish();
  const auto known = Ask(Post(kPath + "/read"));
  const auto unknown = Ask(Post("/a/" + std::string(32, 'b') + "/read"));
  EXPECT_EQ(known.status, 204);
  EXPECT_EQ(known.head, unknown.head);
  EXPECT_EQ(Ask(Post("/a/x/read")).status, 404);
  OnLoop([&] { EXPECT_THAT(store_.dropped, ::testing::ElementsAre(kId)); });
}

TEST_F(AnswerPageHandlerTest, ReadingThePageAloneMarksNothing) {
  Finish();
  Ask(Get(kPath));
  Ask(Get(kPath + "/live"));
  OnLoop([&] { EXPECT_THAT(store_.dropped, IsEmpty()); });
}

}  // namespace
}  // namespace yingda::server
