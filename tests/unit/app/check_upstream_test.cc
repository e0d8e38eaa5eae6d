// SPDX-License-Identifier: MIT
#include "app/check_upstream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "net/curl_http_client.h"
#include "simulator/model_upstream.h"
#include "support/manual_clock.h"
#include "support/raw_http_server.h"
#include "support/wait.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;
using simulator::UpstreamEnd;
using simulator::UpstreamScript;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kKey = "sk-very-secret-key";

UpstreamScript Good() {
  UpstreamScript script;
  script.chunks = {"你", "好"};
  return script;
}

UpstreamScript Status(int status, const std::string& code) {
  UpstreamScript script;
  script.status = status;
  script.error_code = code;
  return script;
}

/// Over real sockets, with a clock that the test moves.
class CheckUpstreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    simulator::ModelUpstream::Options options;
    options.api_key = kKey;
    options.model = "real-model";
    options.answer = [this](const simulator::UpstreamCall&) { return script_; };
    server_ = std::make_unique<simulator::ModelUpstream>(options, loop_, clock_, *logger_, metrics_);
    ASSERT_TRUE(server_->Start());
    upstream_.base_url = server_->BaseUrl();
    upstream_.api_key = kKey;
    upstream_.model = "real-model";
  }
  void TearDown() override { server_->Stop(); }

  OnlineReport Check(const model::UpstreamOptions& upstream) {
    const std::vector<OnlineReport> reports = CheckUpstreamsOnline({upstream}, client_, loop_);
    EXPECT_EQ(reports.size(), 1U);
    EXPECT_THAT(reports.at(0).lines, Each(AllOf(HasSubstr("模型 main："), Not(HasSubstr(kKey)))));
    return reports.at(0);
  }
  OnlineReport Check() { return Check(upstream_); }
  std::string Bad(const model::UpstreamOptions& upstream) {
    const OnlineReport report = Check(upstream);
    EXPECT_FALSE(report.good);
    EXPECT_THAT(report.lines, ElementsAre(StartsWith("✗")));
    return report.lines.empty() ? "" : report.lines.front();
  }
  std::string Bad() { return Bad(upstream_); }

  testing::ManualClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  net::EventLoop loop_{clock_};
  net::CurlHttpClient client_{net::CurlHttpClient::Options(), loop_};
  UpstreamScript script_ = Good();
  std::unique_ptr<simulator::ModelUpstream> server_;
  model::UpstreamOptions upstream_;
};

TEST_F(CheckUpstreamTest, AnUpstreamThatAnswersIsGoodAndAskedOnce) {
  const OnlineReport report = Check();
  EXPECT_TRUE(report.good);
  EXPECT_THAT(report.lines, ElementsAre(AllOf(StartsWith("模型 main：real-model 正常"), HasSubstr("方言 local"),
                                              HasSubstr("没有思考"), HasSubstr("报告了用量"))));
  EXPECT_EQ(server_->Journal().calls, 1U);
}

TEST_F(CheckUpstreamTest, TimesAreThoseOfTheClock) {
  script_.first_token_after = 5s;
  script_.chunk_every = 2s;
  auto report = std::async(std::launch::async, [this] { return Check(); });
  ASSERT_TRUE(testing::WaitFor([&] { return server_->InFlight() == 1; }));
  while (report.wait_for(0ms) != std::future_status::ready) {
    if (loop_.Idle()) clock_.Advance(1s);
  }
  const std::vector<std::string> lines = report.get().lines;
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[1], HasSubstr("第二、三次推送"));
}

TEST_F(CheckUpstreamTest, SilenceEndsWithTheLimit) {
  script_.chunks.clear();
  script_.end = UpstreamEnd::kSilence;
  upstream_.first_token_timeout = 1s;  // what followers wait for; the check waits longer
  auto bad = std::async(std::launch::async, [this] { return Bad(); });
  ASSERT_TRUE(testing::WaitFor([&] { return server_->InFlight() == 1; }));
  clock_.Advance(59s);
  EXPECT_NE(bad.wait_for(0ms), std::future_status::ready);
  clock_.Advance(1s);
  EXPECT_THAT(bad.get(), AllOf(HasSubstr("没有等到回答"), HasSubstr("keep_warm")));
}

TEST_F(CheckUpstreamTest, AWrongKeyIsSaid) {
  upstream_.api_key = "sk-another-secret";
  const std::string line = Bad();
  EXPECT_THAT(line, AllOf(HasSubstr("不接受 api_key"), HasSubstr("status 401"), Not(HasSubstr("another-secret"))));
}

TEST_F(CheckUpstreamTest, AnEmptyBalanceIsSaid) {
  script_ = Status(429, "insufficient_quota");
  EXPECT_THAT(Bad(), AllOf(HasSubstr("没有余额"), HasSubstr("insufficient_quota")));
}

TEST_F(CheckUpstreamTest, AnUnknownModelIsSaidWithThoseThatAreThere) {
  script_ = Status(404, "model_not_found");
  upstream_.model = "no-such-model";
  EXPECT_THAT(Bad(), AllOf(HasSubstr("没有 no-such-model 这个模型"), HasSubstr("那里有：real-model。")));
  script_ = Status(404, "not_found");
  EXPECT_THAT(Bad(), HasSubstr("那里有：real-model。")) << "404 alone may be model or address: the list decides";
}

TEST_F(CheckUpstreamTest, AWrongPathIsCorrectedByOneThatWorks) {
  upstream_.base_url = server_->BaseUrl() + "/chat";
  EXPECT_THAT(Bad(), AllOf(HasSubstr("base_url 不对"), HasSubstr("请改成 " + server_->BaseUrl() + " ")));
}

TEST_F(CheckUpstreamTest, TheUpstreamsOwnTroubleIsSaid) {
  script_ = Status(429, "rate_limit_exceeded");
  EXPECT_THAT(Bad(), HasSubstr("太频繁"));
  script_ = Status(503, "server_error");
  EXPECT_THAT(Bad(), HasSubstr("模型服务忙"));
  script_ = Status(400, "data_inspection_failed");
  EXPECT_THAT(Bad(), HasSubstr("内容审核"));
  script_ = Good();
  script_.end = UpstreamEnd::kCut;
  EXPECT_THAT(Bad(), HasSubstr("连接就断了"));
  script_.end = UpstreamEnd::kNoAnswer;
  EXPECT_THAT(Bad(), HasSubstr("没有得到回答"));
}

TEST_F(CheckUpstreamTest, AWebPageIsNoModel) {
  testing::RawHttpServer page([](testing::RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      connection.Write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\n <!doctype html>");
    }
  });
  upstream_.base_url = "http://127.0.0.1:" + std::to_string(page.port());
  EXPECT_THAT(Bad(), AllOf(HasSubstr("那里是网页"), HasSubstr("文档")));
}

TEST_F(CheckUpstreamTest, ARedirectIsNamedAndNotFollowed) {
  testing::RawHttpServer elsewhere([](testing::RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      connection.Write(
          "HTTP/1.1 301 Moved\r\nLocation: https://llm.example.com/v1/chat/completions\r\nContent-Length: 0\r\n\r\n");
    }
  });
  upstream_.base_url = "http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/v1";
  EXPECT_THAT(Bad(), HasSubstr("请把 base_url 改成 https://llm.example.com/v1 。"));
}

TEST_F(CheckUpstreamTest, AListOfModelsIsTakenForWhatItIsOnly) {
  testing::RawHttpServer odd([](testing::RawConnection& connection) {
    for (std::string request; !(request = connection.ReadRequest()).empty();) {
      const bool list = request.starts_with("GET /v1/models");
      const std::string body =
          list
              ? R"({"data":[{"id":"good"},{"id":"<b>"},{"id":7},7,{"id":""},{"id":"a\nb"},{"id":"sk-very-secret-key"}]})"
              : R"({"error":"x"})";
      connection.Write("HTTP/1.1 " + std::string(list ? "200 OK" : "404 Not Found") +
                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  });
  upstream_.base_url = "http://127.0.0.1:" + std::to_string(odd.port()) + "/v1";
  EXPECT_THAT(Bad(), HasSubstr("那里有：good、***。"));
}

TEST_F(CheckUpstreamTest, NoConnectionAndNoNameAreToldApart) {
  server_->Stop();
  EXPECT_THAT(Bad(), HasSubstr("连不上"));
  net::CurlHttpClient::Options nameless;
  nameless.lookup = [](const std::string& host) {
    return base::Error{base::ErrorCode::kUnavailable, "cannot find the address of " + host + ": Name not known"};
  };
  net::CurlHttpClient client(nameless, loop_);
  upstream_.base_url = "http://no-such-host.invalid/v1";
  EXPECT_THAT(CheckUpstreamsOnline({upstream_}, client, loop_).at(0).lines,
              ElementsAre(HasSubstr("找不到 base_url 里的主机")));
}

TEST_F(CheckUpstreamTest, PlainHttpBehindHttpsIsRecognised) {
  upstream_.base_url = "https" + server_->BaseUrl().substr(4);
  EXPECT_THAT(Bad(), AllOf(HasSubstr("那里不是 https"), HasSubstr("http://")));
}

TEST_F(CheckUpstreamTest, ProvidersThatWantAKeyAreNotAskedWithout) {
  upstream_.api_key.clear();
  upstream_.base_url = "https://api.deepseek.com";
  EXPECT_THAT(Bad(), HasSubstr("没有写 api_key"));
}

TEST_F(CheckUpstreamTest, OnesOwnServerOfAProvidersDialectIsAskedWithoutAKey) {
  upstream_.api_key.clear();
  upstream_.dialect = model::Dialect::kDeepSeek;
  EXPECT_THAT(Bad(), Not(HasSubstr("没有写 api_key")));
  EXPECT_EQ(server_->Journal().calls + server_->Journal().refused, 1U);
}

TEST_F(CheckUpstreamTest, AllAreAskedAtTheSameTimeAndReportedInOrder) {
  script_.first_token_after = 1s;
  model::UpstreamOptions second = upstream_, no_key = upstream_;
  second.name = "second";
  no_key.name = "third";
  no_key.api_key.clear();
  no_key.dialect = model::Dialect::kOpenAi;
  auto reports = std::async(std::launch::async, [&] {
    return CheckUpstreamsOnline({upstream_, no_key, second}, client_, loop_);
  });
  ASSERT_TRUE(testing::WaitFor([&] { return server_->InFlight() == 2; })) << "one waits for the other";
  clock_.Advance(1s);
  const std::vector<OnlineReport> got = reports.get();
  ASSERT_EQ(got.size(), 3U);
  EXPECT_THAT(got[0].lines, ElementsAre(StartsWith("模型 main：")));
  EXPECT_THAT(got[1].lines, ElementsAre(StartsWith("✗ 模型 third：")));
  EXPECT_THAT(got[2].lines, ElementsAre(StartsWith("模型 second：")));
}

TEST_F(CheckUpstreamTest, NoUpstreamsNoReports) { EXPECT_TRUE(CheckUpstreamsOnline({}, client_, loop_).empty()); }

}  // namespace
}  // namespace yingda::app
