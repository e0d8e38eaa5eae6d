// SPDX-License-Identifier: MIT
// The model bridge over real sockets: our HTTP client against a server that sends exactly what a test says.
#include <gtest/gtest.h>

#include <deque>

#include "answer.h"
#include "model/openai_chat_model.h"
#include "net/curl_http_client.h"
#include "pathologies.h"
#include "support/manual_clock.h"
#include "support/raw_http_server.h"

namespace yingda::model {
namespace {

using std::chrono::seconds;
using testing::Gate;
using testing::RawConnection;
using testing::RawHttpServer;
using testing::RunOn;

struct OverHttp {
  explicit OverHttp(const std::string& base_url, UpstreamOptions options = {}) {
    options.base_url = base_url;
    options.model = "m";
    options.api_key = "sk-secret";
    net::CurlHttpClient::Options http_options;
    http = std::make_unique<net::CurlHttpClient>(http_options, loop);
    log = base::MakeNullLogger();
    model = std::make_unique<OpenAiChatModel>(options, *http, loop, *log, metrics);
  }
  ~OverHttp() {
    RunOn(loop, [this] { model.reset(); });
  }

  void Start(Answer& answer) {
    answer.loop = &loop;
    RunOn(loop, [&] {
      answer.call = model->Ask({{{"user", "你好"}}, clock.Now() + std::chrono::minutes(5), "r"}, answer.Events());
    });
  }
  void Ask(Answer& answer) {
    Start(answer);
    ASSERT_TRUE(answer.done.Wait());
  }

  testing::ManualClock clock;
  net::EventLoop loop{clock};
  base::Metrics metrics;
  std::unique_ptr<base::Logger> log;
  std::unique_ptr<net::CurlHttpClient> http;
  std::unique_ptr<OpenAiChatModel> model;
};

std::string Chunk(const std::string& bytes) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return bytes.empty() ? "" : size + bytes + "\r\n";
}
const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kLastChunk = "0\r\n\r\n";

std::string Plain(const std::string& status, const std::string& body, const std::string& type = "application/json") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

RawHttpServer::Handler Always(const std::string& answer) {
  return [=](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      if (!connection.Write(answer)) return;
    }
  };
}

TEST(OpenAiOverHttpTest, AsksForAStreamAndReadsIt) {
  std::string request;
  Gate seen;
  RawHttpServer server([&](RawConnection& connection) {
    request = connection.ReadRequest();
    seen.Open();
    connection.Write(kStreamHead + Chunk(Event(Delta("你"))) + Chunk(Event(Delta("好")) + kDone) + kLastChunk);
    connection.WaitForClose();
  });
  OverHttp f(server.Url("/v1"));
  Answer answer;
  f.Ask(answer);
  ASSERT_TRUE(seen.Wait());
  EXPECT_EQ(answer.text, "你好");
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone) << answer.outcome.detail;
  EXPECT_TRUE(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << request;
  for (const char* part : {"\r\nAuthorization: Bearer sk-secret\r\n", "\r\nContent-Type: application/json\r\n",
                           "\"stream\":true", "\"content\":\"你好\""}) {
    EXPECT_NE(request.find(part), request.npos) << part;
  }
}

TEST(OpenAiOverHttpTest, SurvivesEveryPathologyWholeAndByteByByte) {
  for (const bool bytewise : {false, true}) {
    for (const Pathology& p : Pathologies()) {
      SCOPED_TRACE(p.name);
      RawHttpServer server([&](RawConnection& connection) {
        connection.ReadRequest();
        connection.Write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
        for (size_t i = 0; bytewise && i < p.body.size(); ++i) {
          if (!connection.Write(p.body.substr(i, 1))) return;
        }
        if (!bytewise) connection.Write(p.body);
      });
      OverHttp f(server.Url());
      Answer answer;
      f.Ask(answer);
      EXPECT_EQ(answer.text, p.text);
      EXPECT_EQ(answer.outcome.failure, p.failure) << ToString(answer.outcome.failure) << answer.outcome.detail;
      EXPECT_EQ(answer.outcome.truncated, p.truncated);
    }
  }
}

TEST(OpenAiOverHttpTest, ErrorAnswersBecomeFailures) {
  struct Case {
    std::string answer;
    ChatFailure want;
    std::string detail;
  };
  const std::vector<Case> cases = {
      {Plain("401 Unauthorized", R"({"error":{"message":"key sk-secret","code":"invalid_api_key"}})"),
       ChatFailure::kRefused, "status 401, code invalid_api_key"},
      {Plain("429 Too Many Requests", R"({"error":{"message":"slow","type":"rate_limit_exceeded"}})"),
       ChatFailure::kRateLimited, "status 429, code rate_limit_exceeded"},
      {Plain("500 Oops", "<html>", "text/html"), ChatFailure::kOverloaded, "status 500"},
      {Plain("200 OK", "<html>maintenance</html>", "text/html"), ChatFailure::kBadAnswer,
       "status 200, neither an event stream nor JSON"},
      {Plain("302 Found", ""), ChatFailure::kRefused, "status 302"},
      {Plain("500 Oops", std::string(200'000, 'x'), "text/plain"), ChatFailure::kOverloaded, "status 500"},
  };
  for (const Case& c : cases) {
    RawHttpServer server(Always(c.answer));
    OverHttp f(server.Url());
    Answer answer;
    f.Ask(answer);
    EXPECT_EQ(answer.outcome.failure, c.want) << answer.outcome.detail;
    EXPECT_EQ(answer.outcome.detail, c.detail);
    EXPECT_EQ(answer.text, "");
  }
}

TEST(OpenAiOverHttpTest, TakesJsonInsteadOfAStream) {
  RawHttpServer server(
      Always(Plain("200 OK", R"({"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}]})")));
  OverHttp f(server.Url());
  Answer answer;
  f.Ask(answer);
  EXPECT_EQ(answer.text, "whole");
  EXPECT_EQ(answer.outcome.finish_reason, "stop");
}

TEST(OpenAiOverHttpTest, AStreamCutInTheMiddleIsTruncated) {
  for (const bool reset : {false, true}) {
    Gate text_came;
    RawHttpServer server([&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(kStreamHead + Chunk(Event(Delta("half"))) + "40\r\ndata: {");
      text_came.Wait();
      if (reset) connection.Reset();
    });
    OverHttp f(server.Url());
    Answer answer;
    f.Start(answer);
    ASSERT_TRUE(answer.text_came.Wait());
    text_came.Open();
    ASSERT_TRUE(answer.done.Wait());
    EXPECT_EQ(answer.text, "half");
    EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone) << answer.outcome.detail;
    EXPECT_TRUE(answer.outcome.truncated);
  }
}

TEST(OpenAiOverHttpTest, SilenceBeforeTheFirstTokenTimesOut) {
  Gate requested, closed;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    requested.Open();
    connection.WaitForClose();
    closed.Open();
  });
  UpstreamOptions options;
  options.first_token_timeout = seconds(6);
  OverHttp f(server.Url(), options);
  Answer answer;
  f.Start(answer);
  ASSERT_TRUE(requested.Wait());
  f.clock.Advance(seconds(7));
  ASSERT_TRUE(answer.done.Wait());
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kTimeout);
  EXPECT_TRUE(closed.Wait());
}

TEST(OpenAiOverHttpTest, SilenceAfterTextTimesOutAndKeepsTheText) {
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kStreamHead + Chunk(Event(Delta("half"))));
    connection.WaitForClose();
  });
  UpstreamOptions options;
  options.idle_timeout = seconds(5);
  OverHttp f(server.Url(), options);
  Answer answer;
  f.Start(answer);
  ASSERT_TRUE(answer.text_came.Wait());
  f.clock.Advance(seconds(6));
  ASSERT_TRUE(answer.done.Wait());
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kTimeout);
  EXPECT_TRUE(answer.outcome.truncated);
}

TEST(OpenAiOverHttpTest, DroppingTheCallClosesTheConnection) {
  Gate closed;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kStreamHead + Chunk(Event(Delta("a"))));
    connection.WaitForClose();
    closed.Open();
  });
  OverHttp f(server.Url());
  Answer answer;
  f.Start(answer);
  ASSERT_TRUE(answer.text_came.Wait());
  RunOn(f.loop, [&] { answer.call.reset(); });
  EXPECT_TRUE(closed.Wait());
  EXPECT_EQ(answer.done.Count(), 0);
}

TEST(OpenAiOverHttpTest, AClosedPortIsUnreachable) {
  std::string url;
  {
    url = RawHttpServer([](RawConnection&) {}).Url();
  }
  OverHttp f(url);
  Answer answer;
  f.Ask(answer);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kUnreachable) << answer.outcome.detail;
}

TEST(OpenAiOverHttpTest, OneConnectionServesOneCallAfterAnother) {
  RawHttpServer server(Always(kStreamHead + Chunk(Event(Delta("a")) + kDone) + kLastChunk));
  UpstreamOptions options;
  options.max_calls_in_flight = 1;
  OverHttp f(server.Url(), options);
  for (int i = 0; i < 10; ++i) {
    Answer answer;
    f.Ask(answer);
    EXPECT_EQ(answer.text, "a");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(OpenAiOverHttpTest, TwoHundredCallsAtOnceAndTheRestQueued) {
  constexpr int kAtOnce = 200;
  constexpr int kQueued = 50;
  Gate requested, go;
  RawHttpServer server([&](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      requested.Open();
      if (!go.Wait(1, seconds(60))) return;
      connection.Write(kStreamHead);
      for (int i = 0; i < 10; ++i) connection.Write(Chunk(Event(Delta("字"))));
      connection.Write(Chunk(kDone) + kLastChunk);
    }
  });
  UpstreamOptions options;
  options.max_calls_in_flight = kAtOnce;
  options.max_queued = kQueued;
  OverHttp f(server.Url(), options);
  std::deque<Answer> answers(kAtOnce + kQueued + 10);
  for (Answer& answer : answers) f.Start(answer);
  for (int i = kAtOnce + kQueued; i < kAtOnce + kQueued + 10; ++i) {
    ASSERT_TRUE(answers[static_cast<size_t>(i)].done.Wait());
    EXPECT_EQ(answers[static_cast<size_t>(i)].outcome.failure, ChatFailure::kOverloaded);
  }
  ASSERT_TRUE(requested.Wait(kAtOnce, seconds(60)));
  EXPECT_EQ(requested.Count(), kAtOnce);
  go.Open();
  for (int i = 0; i < kAtOnce + kQueued; ++i) {
    Answer& answer = answers[static_cast<size_t>(i)];
    ASSERT_TRUE(answer.done.Wait());
    EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone) << answer.outcome.detail;
    EXPECT_EQ(answer.text.size(), 30U);
  }
}

}  // namespace
}  // namespace yingda::model
