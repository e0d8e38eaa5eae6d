// SPDX-License-Identifier: MIT
#include "model/chat_stream.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "pathologies.h"
#include "splits.h"

namespace yingda::model {
namespace {

struct Read {
  std::string text;
  ChatOutcome outcome;
};

Read ReadAll(const std::vector<std::string_view>& pieces, bool whole = true, const ChatStream::Options& options = {}) {
  ChatStream stream(options);
  Read read;
  for (const std::string_view piece : pieces) {
    std::string text;
    stream.Feed(piece, text);
    EXPECT_TRUE(base::IsValidUtf8(text));
    read.text += text;
  }
  stream.Finish(whole, read.text);
  EXPECT_TRUE(stream.done());
  read.outcome = stream.outcome();
  return read;
}

TEST(ChatStreamTest, ReadsEveryPathologyHoweverItIsCut) {
  for (const Pathology& p : Pathologies()) {
    SCOPED_TRACE(p.name);
    ForSplits(p.body, [&](const auto& pieces) {
      const Read read = ReadAll(pieces);
      ASSERT_EQ(read.text, p.text);
      ASSERT_EQ(read.outcome.failure, p.failure) << ToString(read.outcome.failure) << ": " << read.outcome.detail;
      ASSERT_EQ(read.outcome.truncated, p.truncated) << read.outcome.detail;
    });
  }
}

TEST(ChatStreamTest, TellsFinishReasonUsageAndDetail) {
  struct Case {
    std::string body;
    std::string reason, detail;
    int prompt, completion;
  };
  const std::vector<Case> cases = {
      {Event(Delta("a")) + Event(Finish("stop")) +
           Event(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})") + kDone,
       "stop", "", 7, 3},
      {Event(R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"length","usage":{"prompt_tokens":5,)"
             R"("completion_tokens":2}}],"usage":null})"),
       "length", "", 5, 2},
      {Event(Delta("a")) + Event(R"({"error":{"message":"secret words","code":"server_busy"}})"), "",
       "status 200, code server_busy", 0, 0},
      {Event(Reasoning("hm")) + Event(Finish("length")) + kDone, "length", "reasoning only, finish reason length", 0,
       0},
      {Event(Delta("")) + Event(Finish("stop")) + kDone, "stop", "no text, finish reason stop", 0, 0},
      {Event(R"({"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1e300}})") + Event(Delta("a")) + kDone,
       "", "", 0, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.body);
    const ChatOutcome outcome = ReadAll({c.body}).outcome;
    EXPECT_EQ(outcome.finish_reason, c.reason);
    EXPECT_EQ(outcome.detail, c.detail);
    EXPECT_EQ(outcome.prompt_tokens, c.prompt);
    EXPECT_EQ(outcome.completion_tokens, c.completion);
  }
}

TEST(ChatStreamTest, ACutStreamIsTruncatedOrNothing) {
  const std::string body = Event(Delta("half")) + "data: {\"choices\":[{\"ind";
  EXPECT_EQ(ReadAll({body}, false).text, "half");
  EXPECT_TRUE(ReadAll({body}, false).outcome.truncated);
  EXPECT_EQ(ReadAll({body}, false).outcome.failure, ChatFailure::kNone);
  EXPECT_EQ(ReadAll({"data: {\"choi"}, false).outcome.failure, ChatFailure::kBadAnswer);
  EXPECT_EQ(ReadAll({": keep-alive\n\n"}, false).outcome.failure, ChatFailure::kBadAnswer);
  EXPECT_EQ(ReadAll({}, true).outcome.failure, ChatFailure::kBadAnswer);
}

TEST(ChatStreamTest, EveryPrefixOfAStreamGivesAPrefixOfItsText) {
  for (const Pathology& p : Pathologies()) {
    if (p.failure == ChatFailure::kContentPolicy) continue;
    for (size_t size = 0; size < p.body.size(); ++size) {
      std::string text = ReadAll({std::string_view(p.body).substr(0, size)}, false).text;
      while (text.ends_with("\uFFFD")) text.resize(text.size() - 3);  // half an emoji
      ASSERT_TRUE(p.text.starts_with(text)) << p.name << " at " << size << ": " << text;
    }
  }
}

TEST(ChatStreamTest, TextComesOutAsItGoesIn) {
  ChatStream stream;
  std::string text;
  stream.Feed(Event(Delta("你")), text);
  EXPECT_EQ(text, "你");
  EXPECT_EQ(stream.progress(), 3U);
  stream.Feed(Event(Reasoning("hm")) + ": keep-alive\n\n", text);
  EXPECT_EQ(stream.progress(), 3U);
  EXPECT_TRUE(stream.reasoning_seen());
  EXPECT_FALSE(stream.finish_reason_seen());
  stream.Feed(Event(Finish("stop")), text);
  EXPECT_TRUE(stream.finish_reason_seen());
  EXPECT_FALSE(stream.done());
  stream.Feed(kDone, text);
  EXPECT_TRUE(stream.done());
}

TEST(ChatStreamTest, TellsInItsOutcomeWhetherTheModelThought) {
  const std::string answer = Event(Delta("a")) + kDone;
  EXPECT_FALSE(ReadAll({answer}).outcome.reasoning_seen);
  EXPECT_TRUE(ReadAll({Event(Reasoning("hm")) + answer}).outcome.reasoning_seen);
  EXPECT_TRUE(ReadAll({Event(Delta("<think>hm</think>")) + answer}).outcome.reasoning_seen);
  EXPECT_TRUE(ReadAll({Event(Delta("<think>hm"))}, false).outcome.reasoning_seen);
  EXPECT_TRUE(ReadAll({Event(Reasoning("hm")) + Event(R"({"error":{"code":500}})")}).outcome.reasoning_seen);
}

TEST(ChatStreamTest, NothingComesAfterTheEnd) {
  ChatStream stream;
  std::string text;
  stream.Feed(Event(Delta("a")) + kDone + Event(Delta("b")), text);
  stream.Feed(Event(Delta("c")), text);
  stream.Finish(true, text);
  EXPECT_EQ(text, "a");
}

TEST(ChatStreamTest, CutsTheAnswerAtItsLimitBetweenCharacters) {
  ChatStream::Options options;
  options.max_answer_bytes = 10;
  const std::string body = Event(Delta("一二")) + Event(Delta("三四")) + Event(Delta("五")) + kDone;
  const Read read = ReadAll({body}, true, options);
  EXPECT_EQ(read.text, "一二三");
  EXPECT_TRUE(read.outcome.truncated);
  EXPECT_EQ(read.outcome.failure, ChatFailure::kNone);
}

TEST(ChatStreamTest, RefusesLinesEventsAndBodiesOverTheirLimits) {
  ChatStream::Options options;
  options.sse = {100, 200};
  EXPECT_EQ(ReadAll({"data: " + std::string(200, 'x')}, true, options).outcome.failure, ChatFailure::kBadAnswer);
  EXPECT_EQ(ReadAll({"{\"a\":\"" + std::string(300, 'x')}, true, options).outcome.failure, ChatFailure::kBadAnswer);
  const std::string deep = "data: " + std::string(100'000, '[') + "\n\n";
  EXPECT_EQ(ReadAll({deep}).outcome.failure, ChatFailure::kBadAnswer);
  const std::string nested = "{\"choices\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(ReadAll({nested}).outcome.failure, ChatFailure::kBadAnswer);
}

TEST(ChatStreamTest, HoldsReasoningWithoutItsOpeningTagWhenToldTo) {
  const std::string body = Event(Delta("first I think")) + Event(Delta("\\n</think>\\n\\nanswer")) + kDone;
  ChatStream::Options options;
  options.hold_back_unopened_reasoning = true;
  EXPECT_EQ(ReadAll({body}, true, options).text, "answer");

  ChatStream stream;
  std::string text;
  stream.Feed(body, text);
  EXPECT_TRUE(stream.reasoning_leaked());
  EXPECT_EQ(stream.outcome().failure, ChatFailure::kBadAnswer);
  EXPECT_FALSE(stream.outcome().truncated);  // what came must not be shown
}

}  // namespace
}  // namespace yingda::model
