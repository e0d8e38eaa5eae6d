// SPDX-License-Identifier: MIT
#include "model/keep_warm.h"

#include <gtest/gtest.h>

#include "answer.h"
#include "fake_chat_model.h"
#include "support/manual_clock.h"

namespace yingda::model {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::RunOn;

/// Counts the complaints.
class CountingLogger final : public base::Logger {
 public:
  CountingLogger() : Logger(base::LogLevel::kWarning) {}
  int lines = 0;

 private:
  void Write(base::LogLevel, std::string_view, std::initializer_list<base::LogField>) override { ++lines; }
};

struct WarmFixture {
  explicit WarmFixture(base::Duration every = minutes(4)) {
    auto owned = std::make_unique<FakeChatModel>();
    model = owned.get();
    keep_warm = std::make_unique<KeepWarm>(KeepWarm::Options{"local", every}, std::move(owned), loop, log, metrics);
  }
  ~WarmFixture() {
    RunOn(loop, [this] { keep_warm.reset(); });
    loop.Stop();
  }

  void Start() {
    RunOn(loop, [this] { keep_warm->Start(); });
  }
  void Advance(base::Duration by) {
    clock.Advance(by);
    RunOn(loop, [] {});  // timers of this jump run behind this
    RunOn(loop, [] {});
  }
  void Ask(Answer& answer) {
    answer.loop = &loop;
    RunOn(loop, [&] {
      answer.call = keep_warm->Ask({{{"user", "问题"}}, clock.Now() + minutes(10), "r"}, answer.Events());
    });
  }
  void Say(size_t call) {
    RunOn(loop, [&] { model->Say(call, "好"); });
  }
  void End(size_t call, ChatFailure failure = ChatFailure::kNone) {
    RunOn(loop, [&] { model->End(call, Failed(failure)); });
  }
  size_t Asked() {
    size_t asked = 0;
    RunOn(loop, [&] { asked = model->requests.size(); });
    return asked;
  }
  double Count(const char* outcome) {
    return metrics.Counter("yingda_model_keep_warm_total", "", {{"upstream", "local"}, {"outcome", outcome}}).Value();
  }

  testing::ManualClock clock;
  net::EventLoop loop{clock};
  CountingLogger log;
  base::Metrics metrics;
  FakeChatModel* model = nullptr;
  std::unique_ptr<KeepWarm> keep_warm;
};

TEST(KeepWarmTest, AsksAtTheStartAndThenWheneverNobodyDid) {
  WarmFixture f;
  f.Start();
  ASSERT_EQ(f.Asked(), 1U);
  EXPECT_EQ(f.model->requests[0].messages.size(), 1U);
  f.Say(1);
  EXPECT_EQ(f.model->dropped, 1U) << "the first word shows that the model is loaded";
  EXPECT_EQ(f.Count("ok"), 1);
  f.Advance(minutes(4) - seconds(1));
  EXPECT_EQ(f.Asked(), 1U);
  f.Advance(seconds(1));
  EXPECT_EQ(f.Asked(), 2U);
}

TEST(KeepWarmTest, BeforeTheStartAndWithoutATimeItAsksNothing) {
  WarmFixture not_started, off(seconds(0));
  not_started.Advance(minutes(100));
  off.Start();
  off.Advance(minutes(100));
  EXPECT_EQ(not_started.Asked() + off.Asked(), 0U);
}

TEST(KeepWarmTest, LeavesAloneWhoMayNotBeAskedAndComesBackLater) {
  WarmFixture f;
  bool parked = true;
  RunOn(f.loop, [&] { f.keep_warm->AskOnlyWhile([&parked] { return !parked; }); });
  f.Start();
  f.Advance(minutes(4));
  f.Advance(minutes(4));
  EXPECT_EQ(f.Asked(), 0U);
  RunOn(f.loop, [&] { parked = false; });
  f.Advance(minutes(4));
  EXPECT_EQ(f.Asked(), 1U);
}

TEST(KeepWarmTest, NeverHasTwoQuestionsOfItsOwn) {
  WarmFixture f;
  f.Start();
  f.Advance(minutes(100));
  EXPECT_EQ(f.Asked(), 1U) << "the first is still under way";
  EXPECT_EQ(f.model->requests[0].deadline - f.clock.Now(), minutes(5 - 100)) << "though its deadline has an end";
  f.End(1, ChatFailure::kTimeout);
  f.Advance(minutes(4));
  EXPECT_EQ(f.Asked(), 2U);
}

TEST(KeepWarmTest, FollowersCallsKeepTheModelWarmUntilTheyEnd) {
  WarmFixture f;
  f.Start();
  f.Say(1);
  f.Advance(minutes(3));
  Answer answer;
  f.Ask(answer);
  f.Advance(minutes(9));
  EXPECT_EQ(f.Asked(), 2U) << "a call is under way all the time";
  f.Say(2);
  f.End(2);
  EXPECT_EQ(answer.text, "好");
  EXPECT_EQ(answer.done.Count(), 1);
  f.Advance(minutes(4) - seconds(1));
  EXPECT_EQ(f.Asked(), 2U);
  f.Advance(seconds(1));
  EXPECT_EQ(f.Asked(), 3U);
}

TEST(KeepWarmTest, ShortCallsPutItOffWithoutEverMovingTheTimer) {
  WarmFixture f;
  f.Start();
  f.Say(1);
  for (size_t i = 2; i < 12; ++i) {
    f.Advance(minutes(3));
    Answer answer;
    f.Ask(answer);
    f.End(i);
  }
  EXPECT_EQ(f.Asked(), 11U) << "30 minutes, and every question is a follower's";
  f.Advance(minutes(3));
  EXPECT_EQ(f.Asked(), 11U);
  f.Advance(minutes(1));
  EXPECT_EQ(f.Asked(), 12U);
}

TEST(KeepWarmTest, ADroppedCallIsOver) {
  WarmFixture f;
  f.Start();
  f.Say(1);
  Answer answer;
  f.Ask(answer);
  f.Advance(minutes(5));
  RunOn(f.loop, [&] { answer.call.reset(); });
  EXPECT_EQ(f.model->dropped, 2U);
  f.Advance(minutes(4));
  EXPECT_EQ(f.Asked(), 3U);
}

TEST(KeepWarmTest, FailuresAreCountedEachAndSaidOnceAnHour) {
  WarmFixture f;
  f.Start();
  for (size_t i = 1; i <= 30; ++i) {  // 4 minutes each: 116 minutes from the first to the last
    f.End(i, ChatFailure::kUnreachable);
    f.Advance(minutes(4));
  }
  EXPECT_EQ(f.Count("failed"), 30);
  EXPECT_EQ(f.log.lines, 2);
}

TEST(KeepWarmTest, AnAnswerWithoutTextIsFromALoadedModel) {
  WarmFixture f;
  f.Start();
  f.End(1, ChatFailure::kEmpty);
  EXPECT_EQ(f.Count("ok"), 1);
  EXPECT_EQ(f.log.lines, 0);
}

TEST(KeepWarmTest, StopDropsItsQuestionAndLeavesFollowersAlone) {
  WarmFixture f;
  f.Start();
  Answer answer;
  f.Ask(answer);
  RunOn(f.loop, [&] { f.keep_warm->Stop(); });
  EXPECT_EQ(f.model->dropped, 1U);
  f.Say(2);
  f.End(2);
  EXPECT_EQ(answer.done.Count(), 1);
  f.Advance(minutes(100));
  EXPECT_EQ(f.Asked(), 2U);
}

TEST(KeepWarmTest, ACallMayBeDroppedInItsOwnEvents) {
  WarmFixture f;
  f.Start();
  f.Say(1);
  Answer in_text, in_done;
  RunOn(f.loop, [&] {
    ChatEvents events = in_text.Events();
    events.on_text = [&](std::string_view) { in_text.call.reset(); };
    in_text.call = f.keep_warm->Ask({{{"user", "1"}}, f.clock.Now() + minutes(1), "r"}, std::move(events));
    events = in_done.Events();
    events.on_done = [&](const ChatOutcome&) { in_done.call.reset(); };
    in_done.call = f.keep_warm->Ask({{{"user", "2"}}, f.clock.Now() + minutes(1), "r"}, std::move(events));
    f.model->Say(2, "x");
    f.model->End(3);
  });
  EXPECT_EQ(in_text.call, nullptr);
  EXPECT_EQ(in_done.call, nullptr);
  f.Advance(minutes(4));
  EXPECT_EQ(f.Asked(), 4U) << "both are over";
}

}  // namespace
}  // namespace yingda::model
