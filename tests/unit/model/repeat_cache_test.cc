// SPDX-License-Identifier: MIT
#include "model/repeat_cache.h"

#include <gtest/gtest.h>

#include <list>
#include <random>

#include "answer.h"
#include "fake_chat_model.h"
#include "support/manual_clock.h"

namespace yingda::model {
namespace {

using std::chrono::seconds;
using testing::RunOn;
using Messages = std::vector<ChatMessage>;

struct RepeatFixture {
  explicit RepeatFixture(RepeatCache::Options options = {seconds(100), 10, 100'000}) {
    cache = std::make_unique<RepeatCache>("shop", options, model, loop, metrics);
  }
  ~RepeatFixture() {
    RunOn(loop, [this] { cache.reset(); });
    loop.Stop();
  }

  void Ask(Answer& answer, Messages messages) {
    answer.loop = &loop;
    RunOn(loop, [&] {
      answer.call = cache->Ask({std::move(messages), clock.Now() + seconds(60), "r"}, answer.Events());
      EXPECT_EQ(answer.text_came.Count() + answer.done.Count(), 0) << "from within Ask";
    });
    RunOn(loop, [] {});  // what was posted has run
  }
  void Ask(Answer& answer, const std::string& question) { Ask(answer, Messages{{"user", question}}); }
  /// Asks; whatever reaches the model is answered with `text`. True: the model was asked.
  bool Reaches(Messages messages, const std::string& text = "a", const ChatOutcome& outcome = {}) {
    Answer answer;
    const size_t before = model.requests.size();
    Ask(answer, std::move(messages));
    const bool reached = model.requests.size() > before;
    if (reached) {
      RunOn(loop, [&] {
        if (!text.empty()) model.Say(model.requests.size(), text);
        model.End(model.requests.size(), outcome);
      });
    }
    EXPECT_EQ(answer.done.Count(), 1);
    last_text = answer.text;
    last_outcome = answer.outcome;
    return reached;
  }
  bool Reaches(const std::string& question, const std::string& text = "a", const ChatOutcome& outcome = {}) {
    return Reaches(Messages{{"user", question}}, text, outcome);
  }
  double Repeats(const char* outcome) {
    return metrics.Counter("yingda_model_repeats_total", "", {{"account", "shop"}, {"outcome", outcome}}).Value();
  }

  testing::ManualClock clock;
  net::EventLoop loop{clock};
  FakeChatModel model;
  base::Metrics metrics;
  std::unique_ptr<RepeatCache> cache;
  std::string last_text;
  ChatOutcome last_outcome;
};

TEST(RepeatCacheTest, TheSameFirstQuestionIsAnsweredFromMemory) {
  RepeatFixture f;
  Answer first, second;
  f.Ask(first, "几点开门");
  RunOn(f.loop, [&] {
    f.model.Say(1, "九点");
    f.model.Say(1, "开门。");
    ChatOutcome outcome;
    outcome.finish_reason = "stop";
    outcome.prompt_tokens = 20;
    outcome.completion_tokens = 5;
    f.model.End(1, outcome);
  });
  EXPECT_EQ(first.text, "九点开门。");
  EXPECT_EQ(first.outcome.completion_tokens, 5);
  f.Ask(second, "几点开门");
  EXPECT_EQ(second.text, "九点开门。");
  EXPECT_EQ(second.text_came.Count(), 1);
  ASSERT_EQ(second.done.Count(), 1);
  EXPECT_EQ(second.outcome.failure, ChatFailure::kNone);
  EXPECT_EQ(second.outcome.finish_reason, "stop");
  EXPECT_FALSE(first.outcome.unsent);
  EXPECT_TRUE(second.outcome.unsent);
  EXPECT_EQ(second.outcome.prompt_tokens + second.outcome.completion_tokens, 0) << "nobody is billed for it";
  EXPECT_EQ(f.model.requests.size(), 1U);
  EXPECT_EQ(f.Repeats("miss"), 1);
  EXPECT_EQ(f.Repeats("hit"), 1);
}

TEST(RepeatCacheTest, OnlyTheVerySameMessagesAreTheSame) {
  RepeatFixture f;
  EXPECT_TRUE(f.Reaches(Messages{{"system", "s"}, {"user", "q"}}));
  EXPECT_FALSE(f.Reaches(Messages{{"system", "s"}, {"user", "q"}}));
  EXPECT_TRUE(f.Reaches(Messages{{"system", "t"}, {"user", "q"}}));
  EXPECT_TRUE(f.Reaches(Messages{{"user", "q"}}));
  EXPECT_TRUE(f.Reaches(Messages{{"user", "q "}}));
  EXPECT_TRUE(f.Reaches(Messages{{"system", "s1 user 1 q"}, {"user", "q"}}));
  EXPECT_TRUE(f.Reaches(Messages{{"user", "system 1 suser 1 q"}}));
  EXPECT_EQ(f.Repeats("hit"), 1);
}

TEST(RepeatCacheTest, QuestionsWithHistoryOrPicturesAlwaysReachTheModel) {
  RepeatFixture f;
  const Messages history = {{"user", "q"}, {"assistant", "a"}, {"user", "q"}};
  const Messages picture = {{"user", "q", {"https://mmbiz.qpic.cn/a"}}};
  const Messages picture_in_prompt = {{"system", "s", {"https://mmbiz.qpic.cn/a"}}, {"user", "q"}};
  const Messages not_a_prompt = {{"assistant", "a"}, {"user", "q"}};
  const Messages no_question = {{"system", "s"}};
  for (const Messages& messages : {history, picture, picture_in_prompt, not_a_prompt, no_question, Messages()}) {
    EXPECT_TRUE(f.Reaches(messages));
    EXPECT_TRUE(f.Reaches(messages));
  }
  EXPECT_EQ(f.Repeats("hit") + f.Repeats("miss"), 0) << "they are no repeats, nor could they be";
  EXPECT_EQ(f.cache->entries(), 0U);
}

TEST(RepeatCacheTest, WithoutATimeToLiveEverythingPasses) {
  RepeatFixture f(RepeatCache::Options{});
  EXPECT_TRUE(f.Reaches("q"));
  EXPECT_TRUE(f.Reaches("q"));
  EXPECT_EQ(f.Repeats("miss"), 0);
}

TEST(RepeatCacheTest, AnswersThatDidNotEndWellAreNotRemembered) {
  RepeatFixture f;
  ChatOutcome truncated;
  truncated.truncated = true;
  ChatOutcome cut_error = Failed(ChatFailure::kTimeout);
  cut_error.truncated = true;
  EXPECT_TRUE(f.Reaches("q", "half", truncated));
  EXPECT_TRUE(f.Reaches("q", "half", cut_error));
  EXPECT_TRUE(f.Reaches("q", "", Failed(ChatFailure::kEmpty)));
  EXPECT_TRUE(f.Reaches("q", "refused in the middle", Failed(ChatFailure::kContentPolicy)));
  EXPECT_TRUE(f.Reaches("q", "", {}));
  EXPECT_TRUE(f.Reaches("q", "good"));
  EXPECT_FALSE(f.Reaches("q"));
  EXPECT_EQ(f.last_text, "good");
}

TEST(RepeatCacheTest, AnAnswerLivesFromItsEndAndUseDoesNotProlongIt) {
  RepeatFixture f;
  EXPECT_TRUE(f.Reaches("q"));
  f.clock.Advance(seconds(60));
  EXPECT_FALSE(f.Reaches("q"));
  f.clock.Advance(seconds(39));
  EXPECT_FALSE(f.Reaches("q"));
  f.clock.Advance(seconds(1));
  EXPECT_TRUE(f.Reaches("other"));
  EXPECT_EQ(f.cache->entries(), 1U) << "what has expired is not kept in memory for want of room only";
  EXPECT_TRUE(f.Reaches("q"));
}

TEST(RepeatCacheTest, TheSameQuestionsAtTheSameTimeEachReachTheModel) {
  RepeatFixture f;
  Answer first, second;
  f.Ask(first, "q");
  f.Ask(second, "q");
  EXPECT_EQ(f.model.requests.size(), 2U);
  RunOn(f.loop, [&] {
    f.model.Say(1, "one");
    f.model.Say(2, "two");
    f.model.End(1);
    f.model.End(2);
  });
  EXPECT_EQ(first.text, "one");
  EXPECT_EQ(second.text, "two");
  EXPECT_FALSE(f.Reaches("q"));
  EXPECT_EQ(f.last_text, "two");
  EXPECT_EQ(f.cache->entries(), 1U);
}

TEST(RepeatCacheTest, DroppingCancelsAMissAndSilencesAHit) {
  RepeatFixture f;
  Answer miss, hit, after_text;
  f.Ask(miss, "q");
  RunOn(f.loop, [&] { miss.call.reset(); });
  EXPECT_EQ(f.model.dropped, 1U);
  EXPECT_TRUE(f.Reaches("q"));
  RunOn(f.loop, [&] {
    hit.call = f.cache->Ask({{{"user", "q"}}, f.clock.Now() + seconds(60), "r"}, hit.Events());
    hit.call.reset();
    ChatEvents events = after_text.Events();
    events.on_text = [&](std::string_view) { after_text.call.reset(); };
    after_text.call = f.cache->Ask({{{"user", "q"}}, f.clock.Now() + seconds(60), "r"}, std::move(events));
  });
  RunOn(f.loop, [] {});
  EXPECT_EQ(hit.text_came.Count() + hit.done.Count(), 0);
  EXPECT_EQ(after_text.call, nullptr);
  EXPECT_EQ(after_text.done.Count(), 0);
}

TEST(RepeatCacheTest, ACallMayBeDroppedInItsOwnEventsAndOutliveTheCache) {
  RepeatFixture f;
  Answer in_text, in_done, late, late_hit;
  f.Reaches("known");
  RunOn(f.loop, [&] {
    ChatEvents events = in_text.Events();
    events.on_text = [&](std::string_view) { in_text.call.reset(); };
    in_text.call = f.cache->Ask({{{"user", "1"}}, f.clock.Now() + seconds(60), "r"}, std::move(events));
    events = in_done.Events();
    events.on_done = [&](const ChatOutcome&) { in_done.call.reset(); };
    in_done.call = f.cache->Ask({{{"user", "2"}}, f.clock.Now() + seconds(60), "r"}, std::move(events));
    f.model.Say(2, "x");
    f.model.Say(3, "x");
    f.model.End(3);
  });
  EXPECT_EQ(f.model.dropped, 1U);
  f.Ask(late, "3");
  RunOn(f.loop, [&] {
    late_hit.call = f.cache->Ask({{{"user", "known"}}, f.clock.Now() + seconds(60), "r"}, late_hit.Events());
    late_hit.loop = &f.loop;
    f.cache.reset();
    f.model.Say(4, "x");
    f.model.End(4);
  });
  EXPECT_EQ(late.done.Count(), 1);
}

TEST(RepeatCacheTest, AnAnswerLargerThanTheMemoryPassesWhole) {
  RepeatFixture f({seconds(100), 10, 2000});
  const std::string large(3000, 'x');
  EXPECT_TRUE(f.Reaches("q", large));
  EXPECT_EQ(f.last_text, large);
  EXPECT_EQ(f.cache->entries(), 0U);
  EXPECT_TRUE(f.Reaches("q", "small"));
  EXPECT_FALSE(f.Reaches("q"));
}

TEST(RepeatCacheTest, TellsHowTheModelCounts) {
  RepeatFixture f;
  EXPECT_EQ(f.cache->TokensPerEstimate(), 1.5);
}

/// Random questions, some the same, over a clock that jumps, against a list that is searched.
TEST(RepeatCacheTest, AgreesWithANaiveListOnRandomQuestions) {
  struct Known {
    std::string question, answer;
    base::TimePoint expires;
  };
  constexpr size_t kMostEntries = 5, kMostBytes = 3000;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    RepeatFixture f({seconds(50), kMostEntries, kMostBytes});
    std::mt19937 random(seed);
    std::list<Known> known;  // by use, oldest first
    size_t frame = 0;        // bytes that an entry costs besides its texts
    const auto bytes = [&] {
      size_t sum = 0;
      for (const Known& entry : known) sum += frame + entry.question.size() + entry.answer.size();
      return sum;
    };
    size_t hits = 0, evicted = 0;
    for (int step = 0; step < 300; ++step) {
      if (random() % 4 == 0) f.clock.Advance(seconds(random() % 15));
      const base::TimePoint now = f.clock.Now();
      known.remove_if([&](const Known& entry) { return entry.expires <= now; });
      const std::string question(1 + random() % 8, 'q');
      const std::string text(1 + random() % 600, static_cast<char>('a' + random() % 26));
      const auto at = std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.question == question; });
      ASSERT_EQ(f.Reaches(question, text), at == known.end()) << "seed " << seed << ", step " << step;
      if (at != known.end()) {
        ++hits;
        ASSERT_EQ(f.last_text, at->answer);
        known.splice(known.end(), known, at);
        continue;
      }
      if (step == 0) frame = f.cache->bytes() - question.size() - text.size();
      known.push_back({question, text, now + seconds(50)});
      for (; known.size() > kMostEntries || bytes() > kMostBytes; known.pop_front()) ++evicted;
      ASSERT_EQ(f.cache->entries(), known.size()) << "seed " << seed << ", step " << step;
      ASSERT_EQ(f.cache->bytes(), bytes());
    }
    EXPECT_GT(evicted, 10U);
    EXPECT_GT(hits, 30U);
  }
}

}  // namespace
}  // namespace yingda::model
