// SPDX-License-Identifier: MIT
#include "model/sse_decoder.h"

#include <gtest/gtest.h>

#include "splits.h"

namespace yingda::model {
namespace {

struct Seen {
  std::string name, data;
  bool complete;
  bool operator==(const Seen&) const = default;
};
void PrintTo(const Seen& seen, std::ostream* out) {
  *out << "{" << seen.name << "|" << seen.data << "|" << seen.complete << "}";
}

std::vector<Seen> Decode(const std::vector<std::string_view>& pieces) {
  SseDecoder decoder;
  std::vector<Seen> seen;
  const auto keep = [&](const SseDecoder::Event& e) {
    seen.push_back({std::string(e.name), std::string(e.data), e.complete});
  };
  for (const std::string_view piece : pieces) EXPECT_TRUE(decoder.Feed(piece, keep));
  EXPECT_TRUE(decoder.Finish(keep));
  return seen;
}

/// The standard's algorithm, written as plainly as it can be, over the whole text at once.
std::vector<Seen> DecodePlainly(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\r' || text[i] == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += text[i];
    }
  }
  std::vector<Seen> seen;
  Seen event{"", "", true};
  int data_lines = 0;
  const auto dispatch = [&](bool complete) {
    event.complete = complete;
    if (data_lines > 0) seen.push_back(event);
    event = {"", "", true};
    data_lines = 0;
  };
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty() && i + 1 < lines.size()) dispatch(true);
    const size_t colon = lines[i].find(':');
    const std::string field = lines[i].substr(0, colon);
    std::string value = colon == std::string::npos ? "" : lines[i].substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (field == "event") event.name = value;
    if (field == "data") event.data += (data_lines++ > 0 ? "\n" : "") + value;
  }
  dispatch(false);
  return seen;
}

struct FramingCase {
  const char* name;
  std::string text;
  std::vector<Seen> want;
};

const std::vector<FramingCase>& Cases() {
  static const std::vector<FramingCase> kCases = {
      {"lf", "data: a\n\ndata: b\n\n", {{"", "a", true}, {"", "b", true}}},
      {"crlf", "data: a\r\n\r\ndata: b\r\n\r\n", {{"", "a", true}, {"", "b", true}}},
      {"cr", "data: a\r\rdata: b\r\r", {{"", "a", true}, {"", "b", true}}},
      {"mixed", "data: a\r\n\ndata: b\n\r\n", {{"", "a", true}, {"", "b", true}}},
      {"comments", ": keep-alive\n\n: OPENROUTER PROCESSING\n\ndata: ok\n\n", {{"", "ok", true}}},
      {"many data lines", "data: {\ndata: }\n\n", {{"", "{\n}", true}}},
      {"no space", "data:x\n\ndata:  y\n\n", {{"", "x", true}, {"", " y", true}}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "data: x\n\n",
       {{"", "x", true}}},
      {"mark only at the start",
       "data: x\n\n\xEF\xBB\xBF"
       "data: y\n\n",
       {{"", "x", true}}},
      {"name", "event: error\ndata: x\n\ndata: y\n\n", {{"error", "x", true}, {"", "y", true}}},
      {"name without data", "event: error\n\ndata: y\n\n", {{"", "y", true}}},
      {"empty data", "data\n\ndata:\ndata:\n\n", {{"", "", true}, {"", "\n", true}}},
      {"other fields", "id: 1\nretry: 5\nwhatever\ndata: x\n\n", {{"", "x", true}}},
      {"no blank line", "data: x\n", {{"", "x", false}}},
      {"no line end", "data: x\n\ndata: y", {{"", "x", true}, {"", "y", false}}},
      {"other line separators are text",
       "data: a\xE2\x80\xA8"
       "b\xC2\x85"
       "c\n\n",
       {{"",
         "a\xE2\x80\xA8"
         "b\xC2\x85"
         "c",
         true}}},
      {"nothing", "", {}},
  };
  return kCases;
}

TEST(SseDecoderTest, ReadsEveryFramingHoweverItIsCut) {
  for (const FramingCase& c : Cases()) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(DecodePlainly(c.text), c.want);
    ForSplits(c.text, [&](const auto& pieces) { ASSERT_EQ(Decode(pieces), c.want); });
  }
}

TEST(SseDecoderTest, AgreesWithThePlainAlgorithmOnRandomStreams) {
  const std::vector<std::string> words = {"data", ":",    " ",       "\n",           "\r", "\r\n", "event",
                                          "x",    "\n\n", "data: y", "\xEF\xBB\xBF", "id", "😀"};
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t i = random() % 20; i > 0; --i) text += words[random() % words.size()];
    const size_t cut = text.empty() ? 0 : random() % text.size();
    const std::string_view view = text;
    ASSERT_EQ(Decode({view.substr(0, cut), view.substr(cut)}), DecodePlainly(text)) << ::testing::PrintToString(text);
  }
}

TEST(SseDecoderTest, RefusesLinesAndEventsOverTheLimit) {
  const auto feed = [](const std::string& text) {
    SseDecoder decoder({10, 20});
    int events = 0;
    const auto count = [&](const SseDecoder::Event&) { ++events; };
    const bool fed = decoder.Feed(text, count).has_value();
    const bool finished = decoder.Finish(count).has_value();
    EXPECT_EQ(fed, finished);
    EXPECT_TRUE(fed || events == 0);
    return fed;
  };
  EXPECT_TRUE(feed("data:12345\n\n"));
  EXPECT_FALSE(feed("data:123456\n\n"));
  EXPECT_FALSE(feed("data:1234567890"));
  EXPECT_TRUE(feed("data:12345\ndata:12345\ndata:12345\n\n"));
  EXPECT_FALSE(feed("data:12345\ndata:12345\ndata:12345\ndata:12345\n\n"));
}

}  // namespace
}  // namespace yingda::model
