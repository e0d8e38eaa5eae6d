// SPDX-License-Identifier: MIT
#include "net/http_framing.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace yingda::net {
namespace {

using State = RequestFramer::State;
constexpr FramingLimits kLimits{.max_head_bytes = 512, .max_body_bytes = 100};

struct Case {
  const char* name;
  std::string bytes;
  int want_status;  // 0: complete, -1: incomplete
};

std::vector<Case> Cases() {
  const std::string line = "POST /wx HTTP/1.1\r\n";
  return {
      {"no body", line + "\r\n", 0},
      {"with a body", line + "Content-Length: 3\r\n\r\nabc", 0},
      {"with what follows", line + "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n", 0},
      {"body not there yet", line + "Content-Length: 4\r\n\r\nabc", -1},
      {"head not there yet", line + "Content-Length: 4\r\n", -1},
      {"length of zero", line + "Content-Length: 0\r\n\r\n", 0},
      {"length in odd case with blanks", line + "cOnTent-lenGth: \t 3 \r\n\r\nabc", 0},
      {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 0},
      {"two lengths", line + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"two equal lengths", line + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
      {"list of lengths", line + "Content-Length: 1, 1\r\n\r\na", 400},
      {"negative length", line + "Content-Length: -1\r\n\r\n", 400},
      {"signed length", line + "Content-Length: +1\r\n\r\na", 400},
      {"hexadecimal length", line + "Content-Length: 0x1\r\n\r\na", 400},
      {"empty length", line + "Content-Length:\r\n\r\n", 400},
      {"overflowing length", line + "Content-Length: 18446744073709551617\r\n\r\na", 400},
      {"too large a body", line + "Content-Length: 101\r\n\r\n", 413},
      {"chunked", line + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
      {"identity coding", line + "Transfer-Encoding: identity\r\n\r\n", 411},
      {"compressed", line + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", 415},
      {"other expectation", line + "Expect: miracles\r\n\r\n", 417},
      {"bare line feeds", "POST / HTTP/1.1\nContent-Length: 1\n\na", 400},
      {"bare line feed in the head", line + "A: b\nC: d\r\n\r\n", 400},
      {"carriage return in a value", line + "A: b\rc\r\n\r\n", 400},
      {"NUL in a value", line + std::string("A: b\0c\r\n\r\n", 10), 400},
      {"blank before the colon", line + "Content-Length : 1\r\n\r\na", 400},
      {"folded header", line + "A: b\r\n c\r\n\r\n", 400},
      {"no colon", line + "header\r\n\r\n", 400},
      {"no name", line + ": value\r\n\r\n", 400},
      {"two hosts", line + "Host: a\r\nHost: b\r\n\r\n", 400},
      {"no target", "GET  HTTP/1.1\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"blank in the target", "GET /a b HTTP/1.1\r\n\r\n", 400},
      {"blank behind the version", "GET / HTTP/1.1 \r\n\r\n", 400},
      {"control character in the target", "GET /\x01 HTTP/1.1\r\n\r\n", 400},
      {"other version", "GET / HTTP/2.0\r\n\r\n", 400},
      {"method that is no token", "G(T / HTTP/1.1\r\n\r\n", 400},
      {"empty line first", "\r\nGET / HTTP/1.1\r\n\r\n", 400},
      {"TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", 12), 400},
      {"long head without an end", line + "A: " + std::string(600, 'a'), 431},
      {"long head with an end", line + "A: " + std::string(600, 'a') + "\r\n\r\n", 431},
      {"many headers",
       line +
           [] {
             std::string headers;
             for (int i = 0; i < 100; ++i) headers += "A: bcd\r\n";
             return headers + "\r\n";
           }(),
       431},
      {"long line that is also malformed", line + " " + std::string(600, 'a') + "\n", 431},
  };
}

int Verdict(const RequestFramer& framer, State state) {
  return state == State::kComplete ? 0 : state == State::kIncomplete ? -1 : framer.Rejection();
}

int FrameWhole(const std::string& bytes) {
  RequestFramer framer;
  return Verdict(framer, framer.Advance(bytes, kLimits));
}

TEST(RequestFramerTest, KnowsWholeRequestsFromPartsAndRefusesTheRest) {
  for (const Case& c : Cases()) EXPECT_EQ(FrameWhole(c.bytes), c.want_status) << c.name;
}

TEST(RequestFramerTest, VerdictDoesNotDependOnWhereTheBytesAreCut) {
  std::mt19937 random(1);
  for (const Case& c : Cases()) {
    for (int round = 0; round < 30; ++round) {
      RequestFramer framer;
      State state = State::kIncomplete;
      size_t end = 0;
      while (end < c.bytes.size() && state == State::kIncomplete) {
        // The first round goes byte by byte.
        end += round == 0 ? 1 : std::uniform_int_distribution<size_t>(1, c.bytes.size() - end)(random);
        // A buffer of exactly this size lets a sanitizer see a read behind it.
        const std::string seen = c.bytes.substr(0, end);
        state = framer.Advance(seen, kLimits);
      }
      EXPECT_EQ(Verdict(framer, state), c.want_status) << c.name << ", round " << round;
    }
  }
}

TEST(RequestFramerTest, VerdictOfRandomMutationsDoesNotDependOnWhereTheBytesAreCut) {
  std::mt19937 random(2);
  const std::vector<Case> cases = Cases();
  const std::string alphabet = std::string(" \t\r\n:0Aa/,", 10) + '\0' + '\x7f' + '\xff';
  const auto below = [&](size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random); };
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = cases[below(cases.size())].bytes;
    for (size_t changes = below(4); changes > 0; --changes)
      bytes[below(bytes.size())] = alphabet[below(alphabet.size())];
    const int whole = FrameWhole(bytes);
    RequestFramer framer;
    State state = State::kIncomplete;
    for (size_t end = 1; end <= bytes.size() && state == State::kIncomplete; ++end) {
      state = framer.Advance(std::string_view(bytes).substr(0, end), kLimits);
    }
    ASSERT_EQ(Verdict(framer, state), whole) << bytes;
  }
}

TEST(RequestFramerTest, MeasuresHeadAndBody) {
  RequestFramer framer;
  const std::string head = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
  ASSERT_EQ(framer.Advance(head + "abcdef", kLimits), State::kComplete);
  EXPECT_EQ(framer.HeadBytes(), head.size());
  EXPECT_EQ(framer.BodyBytes(), 3U);
}

TEST(RequestFramerTest, KeepsTheConnectionAsTheVersionAndTheHeaderSay) {
  const struct {
    std::string head;
    bool want;
  } cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nConnection: foo, CLOSE\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
  };
  for (const auto& c : cases) {
    RequestFramer framer;
    ASSERT_EQ(framer.Advance(c.head, kLimits), State::kComplete);
    EXPECT_EQ(framer.KeepAlive(), c.want) << c.head;
  }
}

TEST(FindHeaderTest, FindsTheFirstValueInAnyCase) {
  const std::string head = "GET / HTTP/1.1\r\nX-Real-IP: 10.1.2.3 \r\nx-real-ip: 4\r\nX-Real-IPs: 5\r\nEmpty:\r\n\r\n";
  EXPECT_EQ(FindHeader(head, "x-REAL-ip"), "10.1.2.3");
  EXPECT_EQ(FindHeader(head, "X-Real-IPs"), "5");
  EXPECT_EQ(FindHeader(head, "Empty"), "");
  EXPECT_EQ(FindHeader(head, "GET / HTTP/1.1"), "");
  EXPECT_EQ(FindHeader(head, "X-Real"), "");
}

}  // namespace
}  // namespace yingda::net
