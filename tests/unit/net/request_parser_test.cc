// SPDX-License-Identifier: MIT
#include "net/request_parser.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <random>
#include <string>

#include "net/http_framing.h"

namespace yingda::net {
namespace {

/// The request line and an empty line, as a connection that cpp-httplib can read; of its answer the status is kept.
class LineStream final : public httplib::Stream {
 public:
  explicit LineStream(std::string_view line) : bytes_(std::string(line) + "\r\n"), left_(bytes_) {}

  int status() const { return status_; }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    const size_t count = std::min(size, left_.size());
    std::memcpy(to, left_.data(), count);
    left_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* from, size_t size) override {
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    if (status_ == 0 && std::string_view(from, size).starts_with(kVersion)) {
      std::from_chars(from + kVersion.size(), from + size, status_);
    }
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int& port) const override { port = 0; }
  void get_local_ip_and_port(std::string&, int& port) const override { port = 0; }
  socket_t socket() const override { return 0; }

 private:
  const std::string bytes_;
  std::string_view left_;
  int status_ = 0;
};

/// What httplib::Server itself makes of a request line: what RequestParser has to match.
class WholeServer final : public httplib::Server {
 public:
  WholeServer() {
    // Handled before routing: it would wait for a body.
    set_pre_routing_handler([](const auto&, auto&) { return HandlerResponse::Handled; });
  }

  ParsedTarget Parse(std::string_view line) {
    ParsedTarget parsed;
    bool taken = false;
    bool connection_closed = false;
    LineStream stream(line);
    process_request(stream, true, connection_closed, [&](httplib::Request& request) {
      taken = true;
      parsed.method = request.method;
      parsed.path = request.path;
      parsed.parameters = request.params;
    });
    if (!taken) parsed.rejection = stream.status() >= 400 ? stream.status() : 400;
    return parsed;
  }
};

class Comparison {
 public:
  /// Compares the two on a line that RequestFramer lets through; returns whether it does.
  bool Check(const std::string& method, const std::string& target, const char* version = "HTTP/1.1") {
    const std::string line = method + " " + target + " " + version + "\r\n";
    const std::string head = line + "Range: bytes=1\r\n\r\n";
    RequestFramer framer;
    if (framer.Advance(head, FramingLimits()) != RequestFramer::State::kComplete) return false;
    const ParsedTarget got = RequestParser::Parse(head);
    const ParsedTarget want = server_.Parse(line);
    EXPECT_EQ(got.rejection, want.rejection) << line;
    EXPECT_EQ(got.method, want.method) << line;
    EXPECT_EQ(got.path, want.path) << line;
    EXPECT_EQ(got.parameters, want.parameters) << line;
    ++(want.rejection == 0 ? accepted_ : rejected_);
    return true;
  }

  int accepted() const { return accepted_; }
  int rejected() const { return rejected_; }

 private:
  WholeServer server_;
  int accepted_ = 0;
  int rejected_ = 0;
};

TEST(RequestParserTest, DecodesPathAndParametersAndDropsTheFragment) {
  const ParsedTarget parsed =
      RequestParser::Parse("POST /a%20b/%E5%A5%BD?x=1&y=%26#frag HTTP/1.1\r\nRange: bytes=1\r\n\r\n");
  EXPECT_EQ(parsed.rejection, 0);
  EXPECT_EQ(parsed.method, "POST");
  EXPECT_EQ(parsed.path, "/a b/好");
  EXPECT_EQ(parsed.parameters.find("x")->second, "1");
  EXPECT_EQ(parsed.parameters.find("y")->second, "&");
}

TEST(RequestParserTest, KnowsTheMethodsThatTheWholeServerKnows) {
  Comparison comparison;
  for (const char* method :
       {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT",  "OPTIONS", "TRACE", "PATCH", "PRI",     "get",
        "Get", "G",    "GETS", "GE",  "PURGE",  "PROPFIND", "LINK",    "QUERY", "*",     "!#$%&'*+"}) {
    for (const char* version : {"HTTP/1.1", "HTTP/1.0"}) {
      for (const char* target : {"/", "*", "/a?b=c", "?", "#", "example.com:80", "http://h/p?q=1#f"}) {
        EXPECT_TRUE(comparison.Check(method, target, version));
      }
    }
  }
}

TEST(RequestParserTest, ReadsEveryShortTargetAsTheWholeServerDoes) {
  constexpr std::string_view kAlphabet = "/?#&=%a";
  Comparison comparison;
  const auto extend = [&](const auto& self, std::string& target) -> void {
    EXPECT_EQ(comparison.Check("GET", target), !target.empty());
    if (target.size() == 5) return;
    for (const char c : kAlphabet) {
      target.push_back(c);
      self(self, target);
      target.pop_back();
    }
  };
  std::string target;
  extend(extend, target);
  EXPECT_GT(comparison.accepted(), 1000);
  EXPECT_GT(comparison.rejected(), 10);
}

TEST(RequestParserTest, DecodesEveryEscapeAsTheWholeServerDoes) {
  constexpr std::string_view kDigits = "0123456789abcdefABCDEFgGzu%+&=?#/\xff";
  Comparison comparison;
  for (const char first : kDigits) {
    for (const char second : kDigits) {
      const std::string escape = {'%', first, second};
      for (const std::string& text : {escape, escape + "0", "x" + escape + escape + "y"}) {
        EXPECT_TRUE(comparison.Check("GET", "/" + text));
        EXPECT_TRUE(comparison.Check("GET", "/?" + text + "=" + text + "&" + text));
      }
      for (const std::string& text : {std::string("%u"), "%u" + escape, "%u4f6" + escape, "%uD8" + escape.substr(1)}) {
        EXPECT_TRUE(comparison.Check("GET", "/" + text + "?a=" + text));
      }
    }
  }
}

TEST(RequestParserTest, TheLimitToALineIsTheWholeServersToTheByte) {
  Comparison comparison;
  const size_t around = CPPHTTPLIB_REQUEST_URI_MAX_LENGTH - std::string_view("GET / HTTP/1.1\r\n").size();
  for (size_t more = around - 3; more <= around + 3; ++more) {
    for (const char* begin : {"/", "?", "#"}) {
      EXPECT_TRUE(comparison.Check("GET", begin + std::string(more, 'a')));
      EXPECT_TRUE(comparison.Check("BREW", begin + std::string(more, '?')));
    }
  }
  for (const size_t size : {2047U, 2048U, 2049U, 12000U}) {
    EXPECT_TRUE(comparison.Check("GET", "/?a=" + std::string(size, '%')));
    EXPECT_TRUE(comparison.Check("GET", "/?" + std::string(size, '&')));
  }
  EXPECT_EQ(RequestParser::Parse("GET /" + std::string(8192, 'a') + " HTTP/1.1\r\n\r\n").rejection, 414);
}

TEST(RequestParserTest, ReadsMutatedTargetsAsTheWholeServerDoes) {
  const std::array<std::string, 5> seeds = {
      "/wechat?signature=9f1c&timestamp=1700000000&nonce=42&openid=o6_bm&encrypt_type=aes&msg_signature=0a%2Bb%3D",
      "/a%20b/%E5%A5%BD/../c;d?x=1&x=1&x=2&y=%26&=z&w&&v==#frag?more",
      "http://user@host.example:8080/path?query=1",
      "*",
      "/\xe4\xbd\xa0\xff?\xe5=\x80+%u4F60%u00e9%uD83D",
  };
  constexpr std::string_view kPieces = "?&=#%+/:;.a0Ff \"'\\";
  std::mt19937 random(11);
  Comparison comparison;
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string target = seeds.at(random() % seeds.size());
    for (size_t edits = 1 + random() % 8; edits > 0; --edits) {
      const size_t at = random() % (target.size() + 1);
      const size_t count = random() % 6;
      switch (random() % 4) {
        case 0:
          target.erase(at, count);
          break;
        case 1:
          target.insert(at, 1, kPieces.at(random() % kPieces.size()));
          break;
        case 2:
          target.insert(at, 1, static_cast<char>(random() % 256));
          break;
        default:
          target.insert(random() % (target.size() + 1), target.substr(at, count));
          break;
      }
    }
    refused += comparison.Check(random() % 2 == 0 ? "GET" : "POST", target) ? 0 : 1;
  }
  EXPECT_GT(comparison.accepted(), 10'000);
  EXPECT_GT(comparison.rejected(), 100);
  EXPECT_GT(refused, 100) << "by the framer, before either of them";
}

}  // namespace
}  // namespace yingda::net
