// SPDX-License-Identifier: MIT
#include "simulator/model_upstream.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>

#include "support/conductor.h"
#include "support/manual_clock.h"
#include "unit/simulator/sse_client.h"

namespace yingda::simulator {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::Duration kStep = milliseconds(250);

class ModelUpstreamTest : public ::testing::Test {
 protected:
  void Open(UpstreamScript script) {
    Open([script = std::move(script)](const UpstreamCall&) { return script; });
  }
  void Open(UpstreamAnswer answer) {
    options_.answer = std::move(answer);
    Open();
  }
  void Open() {
    upstream_ = std::make_unique<ModelUpstream>(options_, loop_, clock_, *logger_, metrics_);
    ASSERT_TRUE(upstream_->Start());
  }

  static std::string Question(const std::string& text, bool stream, bool usage = false) {
    json body = {{"model", "m"}, {"stream", stream}, {"messages", json::array()}};
    body["messages"].push_back({{"role", "system"}, {"content", "s"}});
    body["messages"].push_back({{"role", "user"}, {"content", text}});
    if (usage) body["stream_options"] = {{"include_usage", true}};
    return body.dump();
  }
  std::future<SseAnswer> Send(const std::string& body, const std::string& key = {}) {
    return Fetch(upstream_->BaseUrl() + "/chat/completions", body, clock_, key);
  }
  std::future<SseAnswer> Ask(const std::string& text) { return Send(Question(text, true)); }
  /// Plays until the client has its answer.
  SseAnswer Play(std::future<SseAnswer> answer) {
    conductor_.RunUntil([&] { return answer.wait_for(seconds(0)) == std::future_status::ready; }, seconds(200), kStep);
    return answer.get();
  }
  /// Plays until `count` calls have come in.
  void PlayUntilCalls(uint64_t count) {
    conductor_.RunUntil([&] { return upstream_->Journal().calls == count; }, seconds(0), kStep);
  }

  testing::ManualClock clock_;
  net::EventLoop loop_{clock_};
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  ModelUpstream::Options options_;
  std::unique_ptr<ModelUpstream> upstream_;
  testing::Conductor conductor_{clock_, {[this] { return loop_.Idle(); }}};
};

TEST_F(ModelUpstreamTest, StreamsWhatOpenAiStreams) {
  Open(SpreadAnswer("你好，世界", seconds(1), seconds(3), 2));
  const SseAnswer answer = Play(Send(Question("在吗", true, true)));
  EXPECT_EQ(answer.curl_code, 0);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.content_type.starts_with("text/event-stream"));
  EXPECT_EQ(answer.Text(), "你好，世界");
  ASSERT_EQ(answer.events.size(), 7u);  // role, three pieces, finish, usage, done
  const json role = json::parse(answer.events[0].data);
  EXPECT_EQ(role["object"], "chat.completion.chunk");
  EXPECT_EQ(role["choices"][0]["delta"]["role"], "assistant");
  EXPECT_TRUE(role["choices"][0]["finish_reason"].is_null());
  EXPECT_EQ(json::parse(answer.events[4].data)["choices"][0]["finish_reason"], "stop");
  const json usage = json::parse(answer.events[5].data);
  EXPECT_TRUE(usage["choices"].empty());
  EXPECT_EQ(usage["usage"]["completion_tokens"], 5);
  EXPECT_EQ(answer.events[6].data, "[DONE]");
}

TEST_F(ModelUpstreamTest, SendsUsageOnlyWhenAsked) {
  Open(SpreadAnswer("好", seconds(0), seconds(0)));
  EXPECT_EQ(Play(Ask("在吗")).body.find("usage"), std::string::npos);
}

TEST_F(ModelUpstreamTest, KeepsItsScriptsTimes) {
  UpstreamScript script;
  script.first_token_after = seconds(2);
  script.chunk_every = milliseconds(1500);
  script.chunks = {"一", "二", "三"};
  Open(script);
  const base::TimePoint start = clock_.Now();
  const SseAnswer answer = Play(Ask("在吗"));
  ASSERT_EQ(answer.events.size(), 6u);
  EXPECT_EQ(answer.events[0].at - start, seconds(2));
  EXPECT_EQ(answer.events[1].at - start, seconds(2));
  EXPECT_EQ(answer.events[2].at - start, milliseconds(3500));
  EXPECT_EQ(answer.events[3].at - start, seconds(5));
  EXPECT_EQ(answer.events[5].at - start, seconds(5));
}

TEST_F(ModelUpstreamTest, AnswersWholeWithoutStreamThroughAnotherClient) {
  Open(SpreadAnswer("你好，世界", seconds(0), seconds(0)));
  httplib::Client client("127.0.0.1", upstream_->Port());
  for (const char* path : {"/v1/chat/completions", "/chat/completions"}) {
    const auto answer = client.Post(path, Question("在吗", false), "application/json");
    ASSERT_TRUE(answer);
    const json body = json::parse(answer->body);
    EXPECT_EQ(body["choices"][0]["message"]["content"], "你好，世界");
    EXPECT_EQ(body["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(body["usage"]["completion_tokens"], 5);
  }
}

TEST_F(ModelUpstreamTest, StreamsToAnotherClientToo) {
  Open(SpreadAnswer("你好，世界", seconds(0), seconds(0)));
  httplib::Client client("127.0.0.1", upstream_->Port());
  const auto answer = client.Post("/v1/chat/completions", Question("在吗", true), "application/json");
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->body.find("data: [DONE]\n\n"), std::string::npos);
}

TEST_F(ModelUpstreamTest, AWholeAnswerTakesAsLongAsAStreamedOne) {
  Open(SpreadAnswer("一二三四", seconds(1), seconds(4), 1));
  const base::TimePoint start = clock_.Now();
  Play(Send(Question("在吗", false)));
  EXPECT_GE(clock_.Now() - start, seconds(4));
  EXPECT_LE(clock_.Now() - start, seconds(4) + kStep);
}

TEST_F(ModelUpstreamTest, NamesItsModel) {
  Open();
  for (const char* path : {"/v1/models", "/models"}) {
    httplib::Client client("127.0.0.1", upstream_->Port());
    const auto answer = client.Get(path);
    ASSERT_TRUE(answer);
    EXPECT_EQ(json::parse(answer->body)["data"][0]["id"], "yingda-demo");
  }
}

TEST_F(ModelUpstreamTest, RefusesWhatIsNoChatRequest) {
  Open();
  for (const char* body : {"no json", "[]", "{}", R"({"model":"m","messages":[]})", R"({"messages":[{}]})",
                           R"({"model":"m","messages":[1]})", "\xff"}) {
    const SseAnswer answer = Play(Send(body));
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(json::parse(answer.body)["error"]["type"], "invalid_request_error") << body;
  }
  EXPECT_EQ(upstream_->Journal().calls, 0u);
  EXPECT_EQ(upstream_->Journal().refused, 7u);
}

TEST_F(ModelUpstreamTest, ReadsContentThatIsAListOfParts) {
  Open(SpreadAnswer("好", seconds(0), seconds(0)));
  Play(Send(
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"在"},{"type":"text","text":"吗"}]}]})"));
  EXPECT_EQ(upstream_->CallsAsking("在吗"), 1u);
}

TEST_F(ModelUpstreamTest, ChecksTheKeyWhenItHasOne) {
  options_.api_key = "k";
  Open(SpreadAnswer("好", seconds(0), seconds(0)));
  EXPECT_EQ(Play(Send(Question("在吗", true), "wrong")).status, 401);
  EXPECT_EQ(Play(Send(Question("在吗", true), "k")).status, 200);
}

TEST_F(ModelUpstreamTest, AnswersAnErrorAtItsTime) {
  UpstreamScript script;
  script.status = 503;
  script.first_token_after = seconds(2);
  script.error_code = "overloaded";
  script.headers = {{"Retry-After", "7"}};
  Open(script);
  std::string retry_after;
  const base::TimePoint start = clock_.Now();
  const SseAnswer answer =
      Play(Fetch(upstream_->BaseUrl() + "/chat/completions", Question("在吗", true), clock_, {}, &retry_after));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(retry_after, "7");
  EXPECT_EQ(json::parse(answer.body)["error"]["code"], "overloaded");
  EXPECT_GE(clock_.Now() - start, seconds(2));
}

TEST_F(ModelUpstreamTest, SendsRawBodiesAsTheyAre) {
  UpstreamScript script;
  script.raw_body = "<html>bad gateway</html>";
  Open(script);
  const SseAnswer answer = Play(Ask("在吗"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/html");
  EXPECT_EQ(answer.body, "<html>bad gateway</html>");
}

TEST_F(ModelUpstreamTest, EndsInTheWaysAScriptCanName) {
  struct Case {
    UpstreamEnd end;
    const char* holds;
    const char* lacks;
  };
  const Case cases[] = {{UpstreamEnd::kDone, "[DONE]", "error"},
                        {UpstreamEnd::kCut, "一半", "[DONE]"},
                        {UpstreamEnd::kErrorEvent, "scripted error", "[DONE]"}};
  for (const Case& one : cases) {
    UpstreamScript script;
    script.chunks = {"一半"};
    script.end = one.end;
    Open(script);
    const SseAnswer answer = Play(Ask("在吗"));
    EXPECT_EQ(answer.Text(), "一半");
    EXPECT_NE(answer.body.find(one.holds), std::string::npos);
    EXPECT_EQ(answer.body.find(one.lacks), std::string::npos);
  }
}

TEST_F(ModelUpstreamTest, NoAnswerClosesTheConnection) {
  UpstreamScript script;
  script.end = UpstreamEnd::kNoAnswer;
  Open(script);
  EXPECT_NE(Play(Ask("在吗")).curl_code, 0);
}

TEST_F(ModelUpstreamTest, SilenceLastsUntilItStops) {
  UpstreamScript script = SpreadAnswer("一半", seconds(0), seconds(0));
  script.end = UpstreamEnd::kSilence;
  Open(script);
  auto answer = Ask("在吗");
  PlayUntilCalls(1);
  ASSERT_TRUE(conductor_.RunFor(seconds(120), seconds(1)));
  EXPECT_EQ(upstream_->InFlight(), 1u);
  upstream_->Stop();
  EXPECT_EQ(answer.get().Text(), "一半");
  EXPECT_EQ(upstream_->Journal().abandoned, 1u);
}

TEST_F(ModelUpstreamTest, ReasoningComesBeforeTheText) {
  UpstreamScript script = SpreadAnswer("好", seconds(0), seconds(0));
  script.reasoning = "想一想";
  Open(script);
  const SseAnswer answer = Play(Ask("在吗"));
  EXPECT_EQ(answer.Text(), "好");
  EXPECT_LT(answer.body.find("想一想"), answer.body.find("好"));
}

TEST_F(ModelUpstreamTest, CommentsFillTheTimeToTheFirstToken) {
  UpstreamScript script = SpreadAnswer("好", seconds(5), seconds(5));
  script.comment_every = seconds(2);
  Open(script);
  const base::TimePoint start = clock_.Now();
  const SseAnswer answer = Play(Ask("在吗"));
  EXPECT_EQ(answer.comments, (std::vector<base::TimePoint>{start, start + seconds(2), start + seconds(4)}));
  EXPECT_EQ(answer.events.at(0).at, start + seconds(5));
  EXPECT_EQ(answer.Text(), "好");
}

TEST_F(ModelUpstreamTest, TellsTheAnswerWhichCallItIs) {
  Open([](const UpstreamCall& call) {
    return SpreadAnswer(std::to_string(call.number) + std::string(call.Question()), seconds(0), seconds(0));
  });
  EXPECT_EQ(Play(Ask("甲")).Text(), "1甲");
  EXPECT_EQ(Play(Ask("乙")).Text(), "2乙");
}

TEST_F(ModelUpstreamTest, TheJournalKnowsWhatWasAsked) {
  options_.journal_calls = 2;
  Open(SpreadAnswer("好", seconds(0), seconds(0)));
  for (const char* question : {"甲", "乙", "乙"}) Play(Ask(question));
  const UpstreamJournal journal = upstream_->Journal();
  EXPECT_EQ(journal.calls, 3u);
  EXPECT_EQ(journal.finished, 3u);
  EXPECT_EQ(journal.in_flight, 0u);
  ASSERT_EQ(journal.last.size(), 2u);
  EXPECT_TRUE(journal.last.back().finished);
  EXPECT_EQ(journal.last.back().call.Question(), "乙");
  EXPECT_EQ(journal.last.back().call.messages.size(), 2u);
  EXPECT_EQ(upstream_->CallsAsking("甲"), 0u);  // beyond what is remembered
  EXPECT_EQ(upstream_->CallsAsking("乙"), 2u);
}

TEST_F(ModelUpstreamTest, NoticesAClientThatLeavesBeforeTheFirstToken) {
  Open(SpreadAnswer("好", seconds(60), seconds(60)));
  {
    httplib::Client client("127.0.0.1", upstream_->Port());
    client.set_read_timeout(0, 50'000);
    EXPECT_FALSE(client.Post("/v1/chat/completions", Question("在吗", true), "application/json"));
  }
  ASSERT_TRUE(conductor_.RunUntil([&] { return upstream_->Journal().abandoned == 1; }, seconds(1), kStep));
  EXPECT_EQ(upstream_->InFlight(), 0u);
}

TEST_F(ModelUpstreamTest, OverItsLimitItAnswers429) {
  options_.max_calls_in_flight = 1;
  Open(SpreadAnswer("好", seconds(10), seconds(10)));
  auto first = Ask("甲");
  PlayUntilCalls(1);
  EXPECT_EQ(Play(Ask("乙")).status, 429);
  EXPECT_EQ(Play(std::move(first)).status, 200);
  EXPECT_EQ(upstream_->Journal().most_in_flight, 1u);
}

TEST_F(ModelUpstreamTest, AnswersManyAtOnce) {
  constexpr int kCalls = 50;
  Open(SpreadAnswer("一二三四五六", seconds(2), seconds(6), 1));
  std::vector<std::future<SseAnswer>> answers;
  for (int i = 0; i < kCalls; ++i) answers.push_back(Ask(std::to_string(i)));
  PlayUntilCalls(kCalls);
  ASSERT_TRUE(conductor_.RunFor(seconds(6), kStep));
  for (auto& answer : answers) EXPECT_EQ(answer.get().Text(), "一二三四五六");
  EXPECT_EQ(upstream_->Journal().most_in_flight, static_cast<size_t>(kCalls));
}

TEST_F(ModelUpstreamTest, TheDemoTakesTheSecondsItIsAskedFor) {
  Open();
  const base::TimePoint start = clock_.Now();
  const SseAnswer answer = Play(Ask("慢一点 12 秒"));
  EXPECT_NE(answer.Text().find("演示模型"), std::string::npos);
  const base::Duration took = answer.events.back().at - start;
  EXPECT_GE(took, seconds(12) - kStep);
  EXPECT_LE(took, seconds(12) + kStep);
}

TEST_F(ModelUpstreamTest, CannotStartOnATakenPort) {
  Open();
  options_.port = upstream_->Port();
  ModelUpstream second(options_, loop_, clock_, *logger_, metrics_);
  const auto started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, base::ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace yingda::simulator
