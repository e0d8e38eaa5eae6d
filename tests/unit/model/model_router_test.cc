// SPDX-License-Identifier: MIT
#include "model/model_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "answer.h"
#include "support/manual_clock.h"

namespace yingda::model {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::RunOn;

/// Calls that a test answers by hand, on the loop's thread.
class FakeModel final : public ChatModel {
 public:
  struct Call final : ChatCall {
    Call(FakeModel& owner, size_t call) : model(owner), number(call) {}
    ~Call() override { model.open.erase(number); }
    FakeModel& model;
    const size_t number;
  };
  std::unique_ptr<ChatCall> Ask(const ChatRequest& request, ChatEvents events) override {
    requests.push_back(request);
    open.emplace(requests.size(), std::move(events));
    return std::make_unique<Call>(*this, requests.size());
  }
  double TokensPerEstimate() const override { return 1.5; }

  std::vector<ChatRequest> requests;
  std::map<size_t, ChatEvents> open;  // by number, from 1
};

ChatOutcome Outcome(ChatFailure failure, std::optional<base::Duration> retry_after = {}) {
  ChatOutcome outcome;
  outcome.failure = failure;
  outcome.retry_after = retry_after;
  return outcome;
}

/// Keeps the lines of the debug log.
class LineLogger final : public base::Logger {
 public:
  LineLogger() : Logger(base::LogLevel::kDebug) {}
  std::vector<std::string> debug;

 private:
  void Write(base::LogLevel level, std::string_view event, std::initializer_list<base::LogField> fields) override {
    if (level != base::LogLevel::kDebug) return;
    std::string& line = debug.emplace_back(event);
    for (const base::LogField& field : fields) {
      const auto* const text = std::get_if<std::string_view>(&field.value);
      const auto* const number = std::get_if<int64_t>(&field.value);
      line += " " + std::string(field.key) + "=" + (text ? std::string(*text) : number ? std::to_string(*number) : "?");
    }
  }
};

struct RouterFixture {
  explicit RouterFixture(std::vector<unsigned> weights, RouteOptions options = {}, UpstreamHealth::Options health = {},
                         size_t with_pictures = SIZE_MAX) {
    std::vector<ModelRouter::Choice> choices;
    for (size_t i = 0; i < weights.size(); ++i) {
      auto model = std::make_unique<FakeModel>();
      models.push_back(model.get());
      upstreams.push_back(std::make_unique<Upstream>(std::string(1, static_cast<char>('a' + i)), std::move(model),
                                                     i == with_pictures, health, *log, metrics));
      choices.push_back({upstreams.back().get(), weights[i]});
    }
    router = std::make_unique<ModelRouter>("main", options, choices, loop, *log, metrics);
  }
  ~RouterFixture() { loop.Stop(); }

  void Ask(Answer& answer, base::Duration within = 600s, uint64_t follower = 1) {
    answer.loop = &loop;
    RunOn(loop, [&] {
      ChatRequest request;
      request.messages = {{"user", "hi"}};
      request.deadline = clock.Now() + within;
      request.follower = follower;
      answer.call = router->Ask(request, answer.Events());
      EXPECT_EQ(answer.done.Count(), 0);
    });
    Settle();
  }
  void Text(size_t model, size_t call, const std::string& text) {
    RunOn(loop, [&] { ChatEvents(models.at(model)->open.at(call)).on_text(text); });
    Settle();
  }
  void End(size_t model, size_t call, const ChatOutcome& outcome = {}) {
    RunOn(loop, [&] { ChatEvents(models.at(model)->open.at(call)).on_done(outcome); });
    Settle();
  }
  void Advance(base::Duration by) {
    clock.Advance(by);
    Settle();
  }
  void Settle() {
    for (int i = 0; i < 3; ++i) RunOn(loop, [] {});
  }
  size_t Calls(size_t model) {
    size_t calls = 0;
    RunOn(loop, [&] { calls = models.at(model)->requests.size(); });
    return calls;
  }
  size_t Open(size_t model) {
    size_t open = 0;
    RunOn(loop, [&] { open = models.at(model)->open.size(); });
    return open;
  }

  testing::ManualClock clock;
  net::EventLoop loop{clock};
  std::unique_ptr<base::Logger> log = base::MakeNullLogger();
  base::Metrics metrics;
  std::vector<FakeModel*> models;
  std::vector<std::unique_ptr<Upstream>> upstreams;
  std::unique_ptr<ModelRouter> router;
};

TEST(ModelRouterTest, FirstUpstreamAnswersAndTheOthersAreLeftAlone) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.Text(0, 1, "你");
  f.Text(0, 1, "好");
  f.End(0, 1);
  EXPECT_EQ(answer.text, "你好");
  EXPECT_EQ(answer.done.Count(), 1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone);
  EXPECT_EQ(f.Calls(1), 0u);
  EXPECT_EQ(f.Open(0), 0u);
  EXPECT_EQ(f.router->questions(), 0u);
}

TEST(ModelRouterTest, OverloadIsTriedAgainAfterAPauseThenTheNextIsAsked) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.End(0, 1, Outcome(ChatFailure::kOverloaded));
  EXPECT_EQ(f.Calls(0), 1u);
  f.Advance(499ms);
  EXPECT_EQ(f.Calls(0), 1u);
  f.Advance(1ms);
  ASSERT_EQ(f.Calls(0), 2u);
  f.End(0, 2, Outcome(ChatFailure::kBadAnswer));
  ASSERT_EQ(f.Calls(1), 1u);
  f.Text(1, 1, "备用");
  f.End(1, 1);
  EXPECT_EQ(answer.text, "备用");
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone);
}

TEST(ModelRouterTest, PatienceWithACallEndsWithIt) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.End(0, 1, Outcome(ChatFailure::kRateLimited, 1s));
  f.Advance(1s);
  ASSERT_EQ(f.Calls(0), 2u);
  f.Text(0, 2, "ok");
  f.End(0, 2);
  ASSERT_EQ(answer.done.Count(), 1);
  f.Advance(2s);  // past the hedge that the first call would have had; there is no call any more to be looked at (ASan)
  EXPECT_EQ(f.Calls(0), 2u);
  EXPECT_EQ(f.Calls(1), 0u);
}

TEST(ModelRouterTest, NobodyElseIsAskedOnceAWordIsOut) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.Text(0, 1, "一半");
  ChatOutcome cut = Outcome(ChatFailure::kBadAnswer);
  cut.truncated = true;
  f.End(0, 1, cut);
  EXPECT_EQ(answer.done.Count(), 1);
  EXPECT_TRUE(answer.outcome.truncated);
  EXPECT_EQ(f.Calls(1), 0u);
}

TEST(ModelRouterTest, RefusedContentIsNotOfferedToOthers) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.End(0, 1, Outcome(ChatFailure::kContentPolicy));
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kContentPolicy);
  EXPECT_EQ(f.Calls(1), 0u);
}

TEST(ModelRouterTest, SlowFirstWordBringsASecondUpstreamAndWhoSpeaksFirstIsHeard) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.Advance(2499ms);
  EXPECT_EQ(f.Calls(1), 0u);
  f.Advance(1ms);
  ASSERT_EQ(f.Calls(1), 1u);
  EXPECT_EQ(f.Open(0), 1u) << "the first may still be faster";
  f.Text(1, 1, "快");
  EXPECT_EQ(f.Open(0), 0u) << "the loser's connection is closed";
  f.End(1, 1);
  EXPECT_EQ(answer.text, "快");
  EXPECT_EQ(f.Calls(0) + f.Calls(1), 2u);
}

TEST(ModelRouterTest, WhoIsSilentUntilTheHedgeSpeaksFailsAsFarAsItsHealthGoes) {
  RouteOptions options;
  options.hedge_share = 1;
  RouterFixture f({0, 0}, options);
  const auto hedge = [&](size_t call, size_t winner) {
    Answer answer;
    f.Ask(answer);
    f.Advance(2500ms);
    ASSERT_EQ(f.Calls(1), call);
    f.Text(winner, call, "好");
    f.End(winner, call);
    EXPECT_EQ(answer.text, "好");
  };
  for (size_t call = 1; call <= 10; ++call) hedge(call, 0);
  EXPECT_EQ(f.upstreams[1]->health().StateAt(f.clock.Now()), UpstreamHealth::State::kWell)
      << "asked second and not heard, which says nothing against it";
  f.Advance(600s);
  for (size_t call = 11; call <= 15; ++call) hedge(call, 1);
  EXPECT_EQ(f.upstreams[0]->health().StateAt(f.clock.Now()), UpstreamHealth::State::kOpen);
  Answer spared;
  f.Ask(spared);
  EXPECT_EQ(f.Calls(0), 15U) << "nobody waits for it any more";
  EXPECT_EQ(f.Calls(1), 16U);
}

TEST(ModelRouterTest, EveryQuestionLeavesOneLineForTheDebugLog) {
  RouterFixture f({0, 0});
  LineLogger lines;
  ModelRouter router("main", RouteOptions(), {{f.upstreams[0].get(), 0}, {f.upstreams[1].get(), 0}}, f.loop, lines,
                     f.metrics);
  Answer answer;
  answer.loop = &f.loop;
  RunOn(f.loop, [&] {
    ChatRequest request;
    request.messages = {{"user", "秘密的问题"}};
    request.deadline = f.clock.Now() + 600s;
    request.request_id = "r7";
    answer.call = router.Ask(request, answer.Events());
  });
  f.End(0, 1, Outcome(ChatFailure::kBadAnswer));
  f.Advance(100ms);
  f.Text(1, 1, "秘密的回答");
  f.End(1, 1);
  EXPECT_EQ(lines.debug, std::vector<std::string>{"model_route account=main request_id=r7 outcome=none calls=2 way= "
                                                  "a@0!bad_answer b@0 ms=100"});
}

TEST(ModelRouterTest, FirstMayWinTheHedge) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.Advance(3s);
  ASSERT_EQ(f.Open(1), 1u);
  f.Text(0, 1, "还是我");
  EXPECT_EQ(f.Open(1), 0u);
  f.End(0, 1);
  EXPECT_EQ(answer.text, "还是我");
}

TEST(ModelRouterTest, WhenOneOfTwoFailsTheOtherGoesOn) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.Advance(3s);
  f.End(1, 1, Outcome(ChatFailure::kUnreachable));
  EXPECT_EQ(answer.done.Count(), 0);
  f.Text(0, 1, "慢");
  f.End(0, 1);
  EXPECT_EQ(answer.text, "慢");
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kNone);
}

TEST(ModelRouterTest, HedgesStayWithinTheirBudget) {
  RouteOptions options;
  options.give_up_after = 0s;
  RouterFixture f({0, 0}, options);
  constexpr size_t kQuestions = 100;
  std::vector<Answer> answers(kQuestions);
  for (Answer& answer : answers) f.Ask(answer);
  f.Advance(3s);
  EXPECT_EQ(f.Calls(0), kQuestions);
  EXPECT_LE(f.Calls(1), 10u);
  EXPECT_GE(f.Calls(1), 5u);
}

TEST(ModelRouterTest, UsualSlownessIsNoReasonToHedge) {
  RouterFixture f({0, 0});
  for (size_t i = 1; i <= 20; ++i) {
    Answer answer;
    f.Ask(answer);
    f.Advance(2400ms);
    f.Text(0, i, "x");
    f.End(0, i);
  }
  // Its answers begin after up to 2.4 s: below that nothing changes. A slower one moves the time.
  for (size_t i = 21; i <= 90; ++i) {
    RouteOptions options;
    Answer answer;
    f.Ask(answer);
    f.Advance(4s);
    if (f.Open(0) == 1) {
      f.Text(0, i, "x");
      f.End(0, i);
    }
  }
  const size_t before = f.Calls(1);
  Answer answer;
  f.Ask(answer);
  f.Advance(3900ms);
  EXPECT_EQ(f.Calls(1), before) << "nine of ten begin within 4 s";
  f.Advance(100ms);
}

TEST(ModelRouterTest, SilentUpstreamIsGivenUpForAReadyOne) {
  RouteOptions options;
  options.hedge_after = 0s;
  RouterFixture f({0, 0}, options);
  Answer answer;
  f.Ask(answer);
  f.Advance(7999ms);
  EXPECT_EQ(f.Calls(1), 0u);
  f.Advance(1ms);
  EXPECT_EQ(f.Calls(1), 1u);
  EXPECT_EQ(f.Open(0), 0u);
  f.Text(1, 1, "来了");
  f.End(1, 1);
  EXPECT_EQ(answer.text, "来了");
}

TEST(ModelRouterTest, LateLookAtASilentUpstreamEndsTheLooking) {
  RouterFixture f({0, 0});
  Answer first;
  f.Ask(first);
  f.End(0, 1, Outcome(ChatFailure::kRefused));
  f.Advance(1min);  // past both moments at once, and the other upstream is parked
  EXPECT_EQ(f.Open(1), 1u);
}

TEST(ModelRouterTest, SilentUpstreamIsKeptWhenThereIsNoOther) {
  RouterFixture f({0});
  Answer answer;
  f.Ask(answer);
  f.Advance(60s);
  EXPECT_EQ(f.Open(0), 1u);
  f.Text(0, 1, "终于");
  f.End(0, 1);
  EXPECT_EQ(answer.text, "终于");
  EXPECT_EQ(f.Calls(0), 1u);
}

TEST(ModelRouterTest, TwoSilentUpstreamsDoNotHideAThird) {
  RouterFixture f({0, 0, 0});
  Answer answer;
  f.Ask(answer);
  f.Advance(2500ms);
  ASSERT_EQ(f.Open(1), 1u);
  f.Advance(5500ms);  // the first has been silent for eight seconds
  EXPECT_EQ(f.Open(0), 0u);
  EXPECT_EQ(f.Open(1), 1u);
  ASSERT_EQ(f.Open(2), 1u);
  f.Text(2, 1, "第三个");
  f.End(2, 1);
  EXPECT_EQ(answer.text, "第三个");
  EXPECT_EQ(f.Open(1), 0u);
}

TEST(ModelRouterTest, OurOwnLimitsSayNoAtOnceAndCostNothing) {
  RouterFixture f({0});
  Answer answer;
  f.Ask(answer);
  ChatOutcome full = Outcome(ChatFailure::kOverloaded);
  full.unsent = true;
  f.End(0, 1, full);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kOverloaded);
  EXPECT_TRUE(answer.outcome.unsent);
  EXPECT_EQ(f.Calls(0), 1u);
}

TEST(ModelRouterTest, TokensOfFailedAttemptsAreCountedToo) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  ChatOutcome empty = Outcome(ChatFailure::kEmpty);
  empty.prompt_tokens = 100;
  empty.completion_tokens = 50;
  f.End(0, 1, empty);
  ChatOutcome good;
  good.prompt_tokens = 100;
  good.completion_tokens = 7;
  f.Text(1, 1, "好");
  f.End(1, 1, good);
  EXPECT_EQ(answer.outcome.prompt_tokens, 200);
  EXPECT_EQ(answer.outcome.completion_tokens, 57);
  EXPECT_FALSE(answer.outcome.unsent);
}

TEST(ModelRouterTest, QuestionThatComesTooLateTimesOut) {
  RouterFixture f({0});
  Answer answer;
  f.Ask(answer, 1s);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kTimeout);
  EXPECT_EQ(f.Calls(0), 0u);
}

TEST(ModelRouterTest, DeadKeyIsParkedAndNotAskedByTheNextQuestion) {
  RouterFixture f({0, 0});
  Answer first;
  f.Ask(first);
  f.End(0, 1, Outcome(ChatFailure::kRefused));
  f.End(1, 1);
  Answer second;
  f.Ask(second);
  EXPECT_EQ(f.Calls(0), 1u);
  EXPECT_EQ(f.Calls(1), 2u);
  f.End(1, 2);
  f.Advance(5min);
  Answer third;
  f.Ask(third);
  EXPECT_EQ(f.Calls(0), 2u) << "after the parking time it gets another chance";
  f.End(0, 2, Outcome(ChatFailure::kRefused));
  f.Advance(9min);
  Answer fourth;
  f.Ask(fourth);
  EXPECT_EQ(f.Calls(0), 2u) << "it is parked twice as long now";
}

TEST(ModelRouterTest, ParkedAloneFailsAtOnceAndNotFromWithinAsk) {
  RouterFixture f({0});
  Answer first;
  f.Ask(first);
  f.End(0, 1, Outcome(ChatFailure::kRefused));
  EXPECT_EQ(first.outcome.failure, ChatFailure::kRefused);
  Answer second;
  f.Ask(second);
  EXPECT_EQ(second.done.Count(), 1);
  EXPECT_EQ(second.outcome.failure, ChatFailure::kRefused);
  EXPECT_EQ(f.Calls(0), 1u);
}

TEST(ModelRouterTest, FailingUpstreamIsLeftAloneThenProbedByOneQuestion) {
  RouterFixture f({0, 0});
  for (size_t i = 1; i <= 5; ++i) {
    Answer answer;
    f.Ask(answer);
    f.End(0, i, Outcome(ChatFailure::kUnreachable));
    f.End(1, i);
  }
  Answer sixth;
  f.Ask(sixth);
  EXPECT_EQ(f.Calls(0), 5u) << "it is open now";
  f.End(1, 6);
  f.Advance(5s);
  Answer probe, beside;
  f.Ask(probe);
  f.Ask(beside);
  EXPECT_EQ(f.Calls(0), 6u) << "one probe";
  EXPECT_EQ(f.Calls(1), 7u);
  f.Text(0, 6, "好了");
  f.End(0, 6);
  Answer after;
  f.Ask(after);
  EXPECT_EQ(f.Calls(0), 7u) << "well again";
}

TEST(ModelRouterTest, LongRetryAfterHoldsForOtherQuestionsToo) {
  RouterFixture f({0, 0});
  Answer first;
  f.Ask(first);
  f.End(0, 1, Outcome(ChatFailure::kRateLimited, 30s));
  EXPECT_EQ(f.Calls(1), 1u);
  Answer second;
  f.Ask(second);
  EXPECT_EQ(f.Calls(0), 1u);
  EXPECT_EQ(f.Calls(1), 2u);
}

TEST(ModelRouterTest, AllFailuresTogetherStayWithinTheCallsOfOneQuestion) {
  RouterFixture f({0, 0, 0, 0, 0, 0});
  Answer answer;
  f.Ask(answer);
  size_t calls = 0;
  for (size_t model = 0; model < 6; ++model) {
    if (f.Open(model) == 0) continue;
    ++calls;
    f.End(model, 1, Outcome(ChatFailure::kBadAnswer));
  }
  EXPECT_EQ(calls, 4u);
  EXPECT_EQ(answer.done.Count(), 1);
  EXPECT_EQ(answer.outcome.failure, ChatFailure::kBadAnswer);
}

TEST(ModelRouterTest, DroppedQuestionEndsEveryCallAndTellsNothing) {
  RouterFixture f({0, 0});
  Answer answer;
  f.Ask(answer);
  f.Advance(3s);
  ASSERT_EQ(f.Open(0) + f.Open(1), 2u);
  RunOn(f.loop, [&] { answer.call.reset(); });
  EXPECT_EQ(f.Open(0) + f.Open(1), 0u);
  f.Advance(60s);
  EXPECT_EQ(answer.done.Count(), 0);
  EXPECT_EQ(f.router->questions(), 0u);
}

TEST(ModelRouterTest, QuestionMayBeDroppedInItsOwnEvents) {
  RouterFixture f({0, 0});
  Answer answer;
  answer.loop = &f.loop;
  RunOn(f.loop, [&] {
    ChatEvents events = answer.Events();
    events.on_text = [&](std::string_view) { answer.call.reset(); };
    ChatRequest request;
    request.deadline = f.clock.Now() + 60s;
    answer.call = f.router->Ask(request, std::move(events));
  });
  f.Text(0, 1, "x");
  EXPECT_EQ(f.Open(0), 0u);
  EXPECT_EQ(answer.done.Count(), 0);
}

TEST(ModelRouterTest, RouterMayGoWhileQuestionsAreOpen) {
  RouterFixture f({0, 0});
  Answer waiting, asked;
  f.Ask(asked);
  f.Ask(waiting);
  f.End(0, 2, Outcome(ChatFailure::kOverloaded));
  RunOn(f.loop, [&] { f.router.reset(); });
  f.Advance(60s);
  EXPECT_EQ(asked.done.Count() + waiting.done.Count(), 0);
  EXPECT_EQ(f.Open(0), 0u);
}

TEST(ModelRouterTest, PicturesGoOnlyToThoseWhoTakeThem) {
  RouterFixture f({0, 0}, {}, {}, 1);
  Answer answer;
  answer.loop = &f.loop;
  RunOn(f.loop, [&] {
    ChatRequest request;
    request.messages = {{"user", "看图", {"data:image/png;base64,AA=="}}};
    request.deadline = f.clock.Now() + 60s;
    answer.call = f.router->Ask(request, answer.Events());
  });
  EXPECT_EQ(f.Calls(0), 0u);
  EXPECT_EQ(f.Calls(1), 1u);
}

TEST(ModelRouterTest, TokensAreCountedAsTheFirstUpstreamCountsThem) {
  RouterFixture f({0, 0});
  EXPECT_EQ(f.router->TokensPerEstimate(), 1.5);
}

}  // namespace
}  // namespace yingda::model
