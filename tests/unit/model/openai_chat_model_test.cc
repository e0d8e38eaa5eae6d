// SPDX-License-Identifier: MIT
#include "model/openai_chat_model.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "answer.h"
#include "pathologies.h"
#include "support/manual_clock.h"

namespace yingda::model {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::RunOn;

/// Calls that a test answers by hand, on the loop's thread.
class FakeHttpClient final : public net::HttpClient {
 public:
  struct Call {
    net::HttpClientRequest request;
    net::HttpClientEvents events;
  };
  CallId Start(net::HttpClientRequest request, net::HttpClientEvents events) override {
    calls.emplace(++last, Call{std::move(request), std::move(events)});
    ++started;
    return last;
  }
  void Cancel(CallId id) override { cancelled += calls.erase(id); }

  std::map<CallId, Call> calls;
  CallId last = 0;
  size_t started = 0, cancelled = 0;
};

/// Keeps every line, with all fields, as text.
class TextLogger final : public base::Logger {
 public:
  TextLogger() : Logger(base::LogLevel::kDebug) {}
  std::string text;

 private:
  void Write(base::LogLevel, std::string_view event, std::initializer_list<base::LogField> fields) override {
    text += event;
    for (const auto& field : fields) {
      text.append(" ").append(field.key).append("=");
      if (const auto* words = std::get_if<std::string_view>(&field.value)) text += *words;
    }
    text += "\n";
  }
};

struct Fixture {
  explicit Fixture(UpstreamOptions options = {}) {
    if (options.base_url.empty()) options.base_url = "https://x.example/v1";
    options.model = options.model.empty() ? "m" : options.model;
    options.api_key = "sk-secret";
    model = std::make_unique<OpenAiChatModel>(options, http, loop, log, metrics);
  }
  ~Fixture() { loop.Stop(); }

  void Ask(Answer& answer, base::Duration within = seconds(100)) {
    answer.loop = &loop;
    RunOn(loop, [&] {
      answer.call = model->Ask({{{"user", "hi"}}, clock.Now() + within, "r1"}, answer.Events());
      EXPECT_EQ(answer.done.Count(), 0);
    });
  }
  void Head(net::HttpClient::CallId id, int status = 200) {
    RunOn(loop, [&] { Copy(id).on_head({status, {}}); });
  }
  void Body(net::HttpClient::CallId id, const std::string& bytes) {
    RunOn(loop, [&] { Copy(id).on_body(bytes); });
  }
  void End(net::HttpClient::CallId id, base::Result<void> result = {}) {
    RunOn(loop, [&] {
      const auto events = Copy(id);
      http.calls.erase(id);
      events.on_done(std::move(result));
    });
  }
  void Advance(base::Duration by) {
    clock.Advance(by);
    RunOn(loop, [] {});  // timers of this jump run behind this
    RunOn(loop, [] {});
  }
  /// An event may cancel its own call, so it runs on a copy.
  net::HttpClientEvents Copy(net::HttpClient::CallId id) { return http.calls.at(id).events; }

  testing::ManualClock clock;
  net::EventLoop loop{clock};
  FakeHttpClient http;
  TextLogger log;
  base::Metrics metrics;
  std::unique_ptr<OpenAiChatModel> model;
};

UpstreamOptions Timeouts() {
  UpstreamOptions options;
  options.first_token_timeout = seconds(6);
  options.idle_timeout = seconds(5);
  options.total_timeout = seconds(60);
  return options;
}

TEST(OpenAiChatModelTest, StreamsTextAndEndsOnce) {
  Fixture f;
  Answer answer;
  f.Ask(answer);
  f.Head(1);
  f.Body(1, Event(Delta("你")));
  EXPECT_EQ(answer.text, "你");
  f.Body(1, Event(Delta("好")) + Event(Finish("stop")) + kDone);
  EXPECT_EQ(answer.done.Count(), 1);  // without waiting for the connection
  f.End(1);
  EXPECT_EQ(answer.done.Count(), 1);
  EXPECT_EQ(answer.text, "你好");
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone);
  EXPECT_EQ(f.http.cancelled, 0U);  // so that the connection is used again
  EXPECT_EQ(f.model->in_flight(), 0U);
}

TEST(OpenAiChatModelTest, AConnectionThatDoesNotEndAfterTheAnswerIsClosed) {
  Fixture f;
  Answer answer;
  f.Ask(answer);
  f.Head(1);
  f.Body(1, Event(Delta("a")) + kDone);
  EXPECT_EQ(f.model->in_flight(), 1U);
  f.Body(1, "more");
  f.Advance(milliseconds(1001));
  EXPECT_EQ(f.http.cancelled, 1U);
  EXPECT_EQ(f.model->in_flight(), 0U);
}

TEST(OpenAiChatModelTest, AFinishReasonWithoutDoneEndsSoon) {
  Fixture f(Timeouts());
  Answer answer;
  f.Ask(answer);
  f.Head(1);
  f.Body(1, Event(Delta("a")) + Event(Finish("stop")));
  f.Advance(milliseconds(1001));
  ASSERT_EQ(answer.done.Count(), 1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone);
  EXPECT_FALSE(answer.outcome.truncated);
}

TEST(OpenAiChatModelTest, KeepAlivesAndReasoningAreNotTheFirstToken) {
  Fixture f(Timeouts());
  Answer answer;
  f.Ask(answer);
  f.Head(1);
  for (int i = 0; i < 5; ++i) {
    f.Advance(seconds(1));
    f.Body(1, ": keep-alive\n\n" + Event(Reasoning("hm")) + Event(Delta(" ")));
  }
  EXPECT_EQ(answer.done.Count(), 0);
  f.Advance(seconds(1));
  ASSERT_EQ(answer.done.Count(), 1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kTimeout);
  EXPECT_EQ(answer.outcome.detail, "no first token in 6000 ms, reasoning only");
  EXPECT_EQ(f.http.cancelled, 1U);
}

TEST(OpenAiChatModelTest, SilenceBetweenTokensEndsTheCallAndKeepsTheText) {
  Fixture f(Timeouts());
  Answer answer;
  f.Ask(answer);
  f.Head(1);
  f.Body(1, Event(Delta("a")));
  for (int i = 0; i < 4; ++i) {
    f.Advance(seconds(4));
    f.Body(1, Event(Delta("b")));
  }
  f.Advance(milliseconds(4999));
  EXPECT_EQ(answer.done.Count(), 0);
  f.Advance(milliseconds(1));
  ASSERT_EQ(answer.done.Count(), 1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kTimeout);
  EXPECT_EQ(answer.outcome.detail, "idle for 5000 ms");
  EXPECT_TRUE(answer.outcome.truncated);
  EXPECT_EQ(answer.text, "abbbb");
}

TEST(OpenAiChatModelTest, TheEarlierOfDeadlineAndTotalTimeoutEndsTheCall) {
  for (const int within : {10, 1000}) {
    Fixture f(Timeouts());
    Answer answer;
    f.Ask(answer, seconds(within));
    f.Head(1);
    for (int i = 0; i < std::min(within, 60) - 1; ++i) {
      f.Body(1, Event(Delta("a")));
      f.Advance(seconds(1));
    }
    EXPECT_EQ(answer.done.Count(), 0);
    f.Advance(seconds(1));
    ASSERT_EQ(answer.done.Count(), 1);
    EXPECT_EQ(answer.outcome.failure, ChatFailure::kTimeout);
    EXPECT_TRUE(answer.outcome.truncated);
  }
}

TEST(OpenAiChatModelTest, AnErrorStatusIsToldThoughItsBodyNeverEnds) {
  Fixture f(Timeouts());
  Answer answer;
  f.Ask(answer);
  f.Head(1, 429);
  f.Body(1, R"({"error":{"code":"insufficient_quota","message":"pay"}})");
  f.Advance(seconds(6));
  ASSERT_EQ(answer.done.Count(), 1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kRefused);
  EXPECT_EQ(answer.outcome.detail, "status 429, code insufficient_quota");
}

TEST(OpenAiChatModelTest, TransportFailuresAreToldApart) {
  const std::pair<base::ErrorCode, ChatFailure> cases[] = {
      {base::ErrorCode::kUnavailable, ChatFailure::kUnreachable},
      {base::ErrorCode::kDeadlineExceeded, ChatFailure::kTimeout},
      {base::ErrorCode::kUpstream, ChatFailure::kBadAnswer},
      {base::ErrorCode::kTooLarge, ChatFailure::kBadAnswer},
  };
  for (const auto& [code, want] : cases) {
    Fixture f;
    Answer answer;
    f.Ask(answer);
    f.End(1, base::Error{code, "why"});
    ASSERT_EQ(answer.done.Count(), 1);
    EXPECT_EQ(answer.outcome.failure, want);
    EXPECT_EQ(answer.outcome.detail, "why");
  }
}

TEST(OpenAiChatModelTest, DroppingTheCallCancelsItWhereverItHappens) {
  Fixture f;
  Answer dropped, from_event;
  f.Ask(dropped);
  f.Ask(from_event);
  RunOn(f.loop, [&] { dropped.call.reset(); });
  EXPECT_EQ(f.http.cancelled, 1U);

  RunOn(f.loop, [&] {
    Answer* self = &from_event;
    from_event.call =
        f.model->Ask({{{"user", "hi"}}, f.clock.Now() + seconds(9), ""},
                     {[self](std::string_view) { self->call.reset(); }, [self](const auto&) { self->done.Open(); }});
  });
  EXPECT_EQ(f.http.cancelled, 2U);  // the replaced one
  f.Head(3);
  f.Body(3, Event(Delta("a")) + Event(Delta("b")) + kDone);
  EXPECT_EQ(f.http.cancelled, 3U);
  EXPECT_EQ(dropped.done.Count() + from_event.done.Count(), 0);
  EXPECT_EQ(f.model->in_flight(), 0U);
}

TEST(OpenAiChatModelTest, TheEndMayDropTheCallAndAskAgain) {
  Fixture f;
  Answer first, second;
  first.loop = second.loop = &f.loop;
  RunOn(f.loop, [&] {
    first.call = f.model->Ask({{}, f.clock.Now() + seconds(9), ""},
                              {nullptr, [&](const ChatOutcome&) {
                                 first.call.reset();
                                 second.call = f.model->Ask({{}, f.clock.Now() + seconds(9), ""}, second.Events());
                               }});
  });
  f.Head(1, 500);
  f.End(1);
  f.Head(2);
  f.Body(2, Event(Delta("a")) + kDone);
  EXPECT_EQ(second.text, "a");
}

TEST(OpenAiChatModelTest, CallsOverTheLimitWaitInOrderAndTheRestIsRefused) {
  UpstreamOptions options = Timeouts();
  options.max_calls_in_flight = 2;
  options.max_queued = 2;
  Fixture f(options);
  std::deque<Answer> answers(5);
  for (Answer& answer : answers) f.Ask(answer);
  ASSERT_TRUE(answers[4].done.Wait());
  EXPECT_EQ(answers[4].outcome.failure, ChatFailure::kOverloaded);
  EXPECT_EQ(f.http.started, 2U);
  EXPECT_EQ(f.model->queued(), 2U);
  f.End(2, base::Error{base::ErrorCode::kUnavailable, ""});
  EXPECT_EQ(f.http.started, 3U);
  f.Head(3);
  f.Body(3, Event(Delta("third")) + kDone);
  f.End(3);
  EXPECT_EQ(answers[2].text, "third");
  EXPECT_EQ(f.http.started, 4U);
  RunOn(f.loop, [&] { answers[0].call.reset(); });
  EXPECT_EQ(f.model->in_flight(), 1U);
}

TEST(OpenAiChatModelTest, WaitingInTheQueueSpendsTheDeadline) {
  UpstreamOptions options = Timeouts();
  options.max_calls_in_flight = 1;
  options.first_token_timeout = seconds(30);
  Fixture f(options);
  Answer running, expired, dropped, late;
  f.Ask(running);
  f.Ask(expired, seconds(3));
  f.Ask(dropped, seconds(20));
  f.Ask(late, seconds(10));
  RunOn(f.loop, [&] { dropped.call.reset(); });
  f.Advance(seconds(3));
  ASSERT_EQ(expired.done.Count(), 1);
  EXPECT_EQ(expired.outcome.failure, ChatFailure::kTimeout);
  f.Advance(seconds(5));
  RunOn(f.loop, [&] { running.call.reset(); });
  EXPECT_EQ(f.http.started, 2U);
  f.Advance(seconds(2));  // ten since it was asked
  ASSERT_EQ(late.done.Count(), 1);
  EXPECT_EQ(late.outcome.failure, ChatFailure::kTimeout);
  EXPECT_EQ(dropped.done.Count(), 0);
}

TEST(OpenAiChatModelTest, LearnsThatAModelLeavesOutTheOpeningTag) {
  Fixture f;
  Answer first, second;
  const std::string body = Event(Delta("thought\\n</think>\\n\\nanswer")) + kDone;
  f.Ask(first);
  f.Head(1);
  f.Body(1, body);
  EXPECT_EQ(first.outcome.failure, ChatFailure::kBadAnswer);
  EXPECT_FALSE(first.outcome.truncated);
  f.Ask(second);
  f.Head(2);
  f.Body(2, body);
  EXPECT_EQ(second.text, "answer");

  UpstreamOptions known;
  known.model = "DeepSeek-R1-Distill-Qwen-7B";
  Fixture g(known);
  Answer third;
  g.Ask(third);
  g.Head(1);
  g.Body(1, body);
  EXPECT_EQ(third.text, "answer");
}

TEST(OpenAiChatModelTest, SaysTheQuestionAgainWithoutWhatTheUpstreamDoesNotKnow) {
  UpstreamOptions options;
  options.max_tokens = 100;
  Fixture f(options);
  const auto body_of = [&](net::HttpClient::CallId id) {
    std::string body;
    RunOn(f.loop, [&] { body = f.http.calls.at(id).request.body; });
    return body;
  };
  const auto refuse = [&](net::HttpClient::CallId id, const std::string& member) {
    f.Head(id, 400);
    f.Body(id, R"({"error":{"message":"Unsupported parameter","code":"unsupported_parameter","param":")" + member +
                   R"("}})");
    f.End(id);
  };
  Answer answer;
  f.Ask(answer);
  EXPECT_NE(body_of(1).find("stream_options"), std::string::npos);
  refuse(1, "stream_options");
  EXPECT_EQ(answer.done.Count(), 0);
  EXPECT_EQ(body_of(2).find("stream_options"), std::string::npos);
  refuse(2, "max_tokens");
  EXPECT_NE(body_of(3).find("\"max_completion_tokens\":100"), std::string::npos);
  EXPECT_EQ(body_of(3).find("\"max_tokens\""), std::string::npos);
  f.Head(3);
  f.Body(3, Event(Delta("ok")) + kDone);
  EXPECT_EQ(answer.text, "ok");
  EXPECT_EQ(answer.done.Count(), 1);

  Answer next;
  f.Ask(next);
  EXPECT_EQ(body_of(4).find("stream_options"), std::string::npos) << "it is remembered";
  refuse(4, "max_completion_tokens");
  EXPECT_EQ(next.outcome.failure, ChatFailure::kBadRequest) << "the other name was refused already";
  EXPECT_EQ(f.http.started, 4U);
}

TEST(OpenAiChatModelTest, CallsThatWereUnderWayWhenItLearntAreSaidAgainToo) {
  Fixture f;
  std::deque<Answer> answers(2);
  for (Answer& answer : answers) f.Ask(answer);
  for (const net::HttpClient::CallId id : {1, 2}) {
    f.Head(id, 400);
    f.Body(id, R"({"error":{"message":"no","param":"stream_options"}})");
    f.End(id);
  }
  EXPECT_EQ(f.http.started, 4U);
  RunOn(f.loop, [&] { answers[0].call.reset(); });
  EXPECT_EQ(f.model->in_flight(), 1U) << "a dropped question lets go of its second call";
}

TEST(OpenAiChatModelTest, WhatDidNotHelpIsNotRemembered) {
  Fixture f;
  Answer first, second;
  f.Ask(first);
  for (const net::HttpClient::CallId id : {1, 2}) {
    f.Head(id, 400);
    f.Body(id, R"({"error":{"message":"stream_options is not supported together with your question"}})");
    f.End(id);
  }
  EXPECT_EQ(first.outcome.failure, ChatFailure::kBadRequest);
  f.Ask(second);
  std::string body;
  RunOn(f.loop, [&] { body = f.http.calls.at(3).request.body; });
  EXPECT_NE(body.find("stream_options"), std::string::npos);
}

TEST(OpenAiChatModelTest, MemberThatProseOnlyMentionsIsNotTakenForUnknown) {
  UpstreamOptions options;
  options.max_tokens = 100;
  Fixture f(options);
  Answer answer;
  f.Ask(answer);
  f.Head(1, 400);
  f.Body(1, R"({"error":{"message":"Range of max_tokens should be [1, 64]"}})");
  f.End(1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kBadRequest);
  EXPECT_EQ(f.http.started, 1U);
}

TEST(OpenAiChatModelTest, FailingStatusIsToldSoonThoughItsBodyNeverEnds) {
  Fixture f;
  Answer answer;
  f.Ask(answer);
  RunOn(f.loop, [&] { f.Copy(1).on_head({503, {{"retry-after", "7"}}}); });
  f.Advance(seconds(1));
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kOverloaded);
  EXPECT_EQ(answer.outcome.retry_after, base::Duration(seconds(7)));
}

TEST(OpenAiChatModelTest, TellsWhenToComeAgain) {
  Fixture f;
  Answer answer;
  f.Ask(answer);
  RunOn(f.loop, [&] { f.Copy(1).on_head({429, {{"retry-after", "7"}}}); });
  f.End(1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kRateLimited);
  EXPECT_EQ(answer.outcome.retry_after, base::Duration(seconds(7)));
}

TEST(OpenAiChatModelTest, LearnsHowManyTokensTheModelCounts) {
  Fixture f;
  EXPECT_EQ(f.model->TokensPerEstimate(), 1);
  for (net::HttpClient::CallId id = 1; id <= 30; ++id) {
    Answer answer;
    f.Ask(answer);  // "hi" is estimated as 5 tokens
    f.Head(id);
    f.Body(id,
           Event(Delta("ok")) + Event(R"({"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":3}})") + kDone);
    f.End(id);
  }
  EXPECT_NEAR(f.model->TokensPerEstimate(), 2, 0.01);
}

TEST(OpenAiChatModelTest, QueueThatIsLongerThanTheDeadlineIsAwayIsNotJoined) {
  UpstreamOptions options;
  options.max_calls_in_flight = 1;
  Fixture f(options);
  for (net::HttpClient::CallId id = 1; id <= 60; ++id) {  // calls take ten seconds here
    Answer answer;
    f.Ask(answer);
    f.Advance(seconds(10));
    f.Head(id);
    f.Body(id, Event(Delta("ok")) + kDone);
    f.End(id);
  }
  std::deque<Answer> answers(4);
  f.Ask(answers[0]);
  f.Ask(answers[1], seconds(25));
  f.Ask(answers[2], seconds(15));
  f.Advance(seconds(0));
  EXPECT_EQ(answers[1].done.Count(), 0);
  EXPECT_EQ(answers[2].outcome.failure, ChatFailure::kOverloaded);
  EXPECT_TRUE(answers[2].outcome.unsent);
}

TEST(OpenAiChatModelTest, CountsAndLogsWithoutSecretsOrTexts) {
  Fixture f;
  std::deque<Answer> answers(3);
  for (Answer& answer : answers) f.Ask(answer);
  f.Head(1);
  f.Body(1, Event(Delta("the answer")) + Event(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})") +
                kDone);
  f.Head(2, 401);
  f.Body(2, R"({"error":{"message":"bad key sk-secret","code":"invalid_api_key"}})");
  f.End(2);
  RunOn(f.loop, [&] { answers[2].call.reset(); });
  const std::string text = f.metrics.Text();
  for (const char* line :
       {"yingda_model_requests_total{outcome=\"ok\",upstream=\"main\"} 1",
        "yingda_model_requests_total{outcome=\"refused\",upstream=\"main\"} 1",
        "yingda_model_requests_total{outcome=\"cancelled\",upstream=\"main\"} 1",
        "yingda_model_tokens_total{kind=\"prompt\",upstream=\"main\"} 7",
        "yingda_model_tokens_total{kind=\"completion\",upstream=\"main\"} 3",
        "yingda_model_first_token_seconds_count{upstream=\"main\"} 1",
        "yingda_model_seconds_count{upstream=\"main\"} 3", "yingda_model_in_flight{upstream=\"main\"} 1"}) {
    EXPECT_NE(text.find(line), text.npos) << line << "\n" << text;
  }
  std::string log;
  RunOn(f.loop, [&] { log = f.log.text; });
  EXPECT_NE(log.find("code invalid_api_key"), log.npos) << log;
  EXPECT_NE(log.find("request_id=r1"), log.npos);
  for (const char* secret : {"sk-secret", "bad key", "the answer", "hi"}) EXPECT_EQ(log.find(secret), log.npos) << log;
}

TEST(OpenAiChatModelTest, DestructionEndsEverythingSilentlyAndHandlesMayOutliveIt) {
  UpstreamOptions options;
  options.max_calls_in_flight = 2;
  options.max_queued = 1;
  Fixture f(options);
  std::deque<Answer> answers(4);
  RunOn(f.loop, [&] {
    for (Answer& answer : answers) answer.call = f.model->Ask({{}, f.clock.Now() + seconds(9), ""}, answer.Events());
    f.model.reset();
  });
  EXPECT_EQ(f.http.cancelled, 2U);
  f.Advance(seconds(100));
  RunOn(f.loop, [&] {
    for (Answer& answer : answers) answer.call.reset();
  });
  for (Answer& answer : answers) EXPECT_EQ(answer.done.Count(), 0);
}

}  // namespace
}  // namespace yingda::model
