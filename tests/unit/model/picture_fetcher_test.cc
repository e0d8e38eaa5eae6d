// SPDX-License-Identifier: MIT
#include "model/picture_fetcher.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <random>

#include "base/base64.h"
#include "support/gate.h"
#include "support/manual_clock.h"

namespace yingda::model {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::RunOn;

const std::string kJpeg = std::string("\xFF\xD8\xFF\xE0\x00\x10JFIF", 10) + "picture";
const char* const kUrl = "http://mmbiz.qpic.cn/mmbiz_jpg/abc/0?wx_fmt=jpeg";

/// Calls that a test answers by hand, on the loop's thread.
class PictureServer final : public net::HttpClient {
 public:
  struct Call {
    net::HttpClientRequest request;
    net::HttpClientEvents events;
  };
  CallId Start(net::HttpClientRequest request, net::HttpClientEvents events) override {
    calls.emplace(++last, Call{std::move(request), std::move(events)});
    return last;
  }
  void Cancel(CallId id) override { cancelled += calls.erase(id); }

  std::map<CallId, Call> calls;
  CallId last = 0;
  size_t cancelled = 0;
};

using Fetched = base::Result<std::shared_ptr<const Picture>>;

class PictureFetcherTest : public ::testing::Test {
 protected:
  explicit PictureFetcherTest(PictureFetcher::Options options = {}) : fetcher_(options, http_, loop_, metrics_) {}
  ~PictureFetcherTest() override {
    RunOn(loop_, [this] { fetches_.clear(); });
    loop_.Stop();
  }

  /// Begins a download; its result comes into results_ at the same place.
  size_t Fetch(const std::string& url = kUrl, base::Duration within = seconds(60)) {
    const size_t index = results_.size();
    results_.emplace_back();
    RunOn(loop_, [&] {
      auto fetch = fetcher_.Fetch(url, clock_.Now() + within, [this, index](Fetched result) {
        ++ended_;
        results_[index] = std::move(result);
      });
      EXPECT_FALSE(results_[index]) << "an event from within Fetch";
      fetches_.push_back(std::move(fetch));
    });
    RunOn(loop_, [] {});  // what was posted has run
    return index;
  }
  void Answer(net::HttpClient::CallId id, int status, const std::string& body, base::Result<void> end = {}) {
    RunOn(loop_, [&] {
      const net::HttpClientEvents events = http_.calls.at(id).events;  // an event may cancel its own call
      if (status != 0) events.on_head({status, {{"content-type", "image/png"}}});
      if (!body.empty()) events.on_body(body.substr(0, 3));
      if (body.size() > 3) events.on_body(body.substr(3));
      if (http_.calls.erase(id) > 0) events.on_done(std::move(end));
    });
  }
  void Advance(base::Duration by) {
    clock_.Advance(by);
    RunOn(loop_, [] {});
    RunOn(loop_, [] {});
  }
  std::optional<ErrorCode> Failure(size_t index) {
    if (!results_[index] || *results_[index]) return std::nullopt;
    return results_[index]->error().code;
  }
  std::string DataUrl(size_t index) {
    return results_[index] && *results_[index] ? (**results_[index])->data_url() : "";
  }

  testing::ManualClock clock_;
  net::EventLoop loop_{clock_};
  PictureServer http_;
  base::Metrics metrics_;
  PictureFetcher fetcher_;
  std::deque<std::optional<Fetched>> results_;
  std::vector<std::shared_ptr<PictureFetch>> fetches_;
  int ended_ = 0;
};

TEST_F(PictureFetcherTest, PictureOfWeChatBecomesADataUrl) {
  const size_t fetch = Fetch();
  ASSERT_EQ(http_.calls.size(), 1U);
  EXPECT_EQ(http_.calls.at(1).request.url, kUrl);
  EXPECT_EQ(http_.calls.at(1).request.method, "GET");
  EXPECT_EQ(http_.calls.at(1).request.max_response_bytes, 4U * 1024 * 1024);
  EXPECT_EQ(fetcher_.InFlight(), 1U);
  Answer(1, 200, kJpeg);
  // The type is what the bytes say, whatever the header said.
  EXPECT_EQ(DataUrl(fetch), "data:image/jpeg;base64," + base::EncodeBase64(kJpeg));
  EXPECT_EQ(fetcher_.InFlight(), 0U);
  EXPECT_EQ(ended_, 1);
}

TEST_F(PictureFetcherTest, AddressElsewhereIsRefusedWithoutACall) {
  for (const std::string& url : {std::string("http://evil.com/qpic.cn/0"), std::string("http://user@qpic.cn/0"),
                                 std::string(), "http://qpic.cn/" + std::string(2048, 'a')}) {
    EXPECT_EQ(Failure(Fetch(url)), ErrorCode::kInvalidArgument) << url;
  }
  EXPECT_EQ(http_.last, 0U);
  EXPECT_EQ(fetcher_.InFlight(), 0U);
}

TEST_F(PictureFetcherTest, OnlyAWhole200IsAPicture) {
  const size_t moved = Fetch();
  Answer(1, 302, kJpeg);
  EXPECT_EQ(Failure(moved), ErrorCode::kUpstream);
  EXPECT_EQ(http_.cancelled, 1U);  // its body is not waited for
  const size_t missing = Fetch();
  Answer(2, 404, "");
  EXPECT_EQ(Failure(missing), ErrorCode::kUpstream);
  const size_t cut = Fetch();
  Answer(3, 200, kJpeg, base::Error{ErrorCode::kUpstream, "cut off"});
  EXPECT_EQ(Failure(cut), ErrorCode::kUpstream);
  const size_t part = Fetch();
  Answer(4, 206, kJpeg);
  EXPECT_EQ(Failure(part), ErrorCode::kUpstream);
}

TEST_F(PictureFetcherTest, WhatIsNoPictureIsRefused) {
  for (const std::string& body :
       {std::string(), std::string("<html>picture</html>"), std::string("<svg/>"), std::string("\xFF\xD8"),
        std::string("RIFF\x01\x02\x03\x04WAVEfmt "), std::string("BM....")}) {
    const size_t fetch = Fetch();
    Answer(http_.last, 200, body);
    EXPECT_EQ(Failure(fetch), ErrorCode::kCorrupt) << body;
  }
}

TEST_F(PictureFetcherTest, FailuresOfTheTransportKeepTheirKindAndNotTheirWords) {
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kTooLarge, ErrorCode::kDeadlineExceeded}) {
    const size_t fetch = Fetch();
    Answer(http_.last, 0, "", base::Error{code, std::string("cannot get ") + kUrl});
    EXPECT_EQ(Failure(fetch), code);
    EXPECT_EQ(results_[fetch]->error().message.find("qpic"), std::string::npos);
  }
  EXPECT_NE(metrics_.Text().find("yingda_picture_fetches_total{outcome=\"too_large\"} 1"), std::string::npos);
}

TEST_F(PictureFetcherTest, DownloadEndsAtItsTimeout) {
  const size_t fetch = Fetch();
  RunOn(loop_, [&] { http_.calls.at(1).events.on_head({200, {}}); });
  RunOn(loop_, [&] { http_.calls.at(1).events.on_body(kJpeg); });
  Advance(milliseconds(2999));
  EXPECT_EQ(ended_, 0);
  Advance(milliseconds(1));
  EXPECT_EQ(Failure(fetch), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(http_.cancelled, 1U);
}

TEST_F(PictureFetcherTest, EarlierDeadlineOfTheAnswerCounts) {
  const size_t fetch = Fetch(kUrl, milliseconds(500));
  EXPECT_EQ(http_.calls.at(1).request.connect_timeout, milliseconds(500));
  Advance(milliseconds(500));
  EXPECT_EQ(Failure(fetch), ErrorCode::kDeadlineExceeded);
}

TEST_F(PictureFetcherTest, DroppedDownloadIsCancelledInSilence) {
  Fetch();
  const size_t refused = Fetch("http://evil.com/");
  EXPECT_TRUE(results_[refused]);
  RunOn(loop_, [&] { fetches_.clear(); });
  EXPECT_EQ(http_.cancelled, 1U);
  EXPECT_EQ(fetcher_.InFlight(), 0U);
  Advance(seconds(10));
  EXPECT_EQ(ended_, 1);
}

TEST_F(PictureFetcherTest, ReceiverMayDropTheDownload) {
  RunOn(loop_, [&] {
    fetches_.push_back(fetcher_.Fetch(kUrl, clock_.Now() + seconds(60), [this](const Fetched&) {
      ++ended_;
      fetches_.clear();
    }));
  });
  Answer(1, 200, kJpeg);
  EXPECT_EQ(ended_, 1);
  EXPECT_TRUE(fetches_.empty());
}

class NarrowFetcherTest : public PictureFetcherTest {
 protected:
  static PictureFetcher::Options Narrow() {
    PictureFetcher::Options options;
    options.max_in_flight = 2;
    options.max_held_bytes = 100;
    options.hosts = {"127.0.0.1:4010"};
    return options;
  }
  NarrowFetcherTest() : PictureFetcherTest(Narrow()) {}
  const std::string url_ = "http://127.0.0.1:4010/a";
};

TEST_F(NarrowFetcherTest, MoreDownloadsThanAllowedAreRefusedAtOnce) {
  Fetch(url_);
  Fetch(url_);
  EXPECT_EQ(Failure(Fetch(url_)), ErrorCode::kUnavailable);
  Answer(1, 200, kJpeg);
  EXPECT_FALSE(Failure(Fetch(url_)));
  EXPECT_EQ(fetcher_.InFlight(), 2U);
}

TEST_F(NarrowFetcherTest, HeldPicturesCountUntilTheyAreDropped) {
  const size_t first = Fetch(url_);
  Answer(1, 200, kJpeg);
  EXPECT_EQ(fetcher_.HeldBytes(), DataUrl(first).size());
  const size_t second = Fetch(url_);
  Answer(2, 200, kJpeg);
  EXPECT_NE(DataUrl(second), "");
  const size_t third = Fetch(url_);
  if (!Failure(third)) Answer(3, 200, kJpeg);
  EXPECT_EQ(Failure(third), ErrorCode::kUnavailable);
  RunOn(loop_, [&] { results_[first].reset(); });
  const size_t fourth = Fetch(url_);
  Answer(http_.last, 200, kJpeg);
  EXPECT_NE(DataUrl(fourth), "");
  RunOn(loop_, [&] { results_.clear(); });
  EXPECT_EQ(fetcher_.HeldBytes(), 0U);
}

TEST(PictureTypeTest, FirstBytesSayWhatItIs) {
  EXPECT_EQ(PictureType("\xFF\xD8\xFF\xDB"), "image/jpeg");
  EXPECT_EQ(PictureType("\x89PNG\r\n\x1A\n...."), "image/png");
  EXPECT_EQ(PictureType("GIF87a"), "image/gif");
  EXPECT_EQ(PictureType("GIF89a"), "image/gif");
  EXPECT_EQ(PictureType(std::string("RIFF\x10\0\0\0WEBPVP8 ", 16)), "image/webp");
  for (const char* other : {"", "\xFF\xD8", "PNG", "GIF88a", "RIFF", "RIFF1234WEB", "WEBP", "<?xml", "%PDF"}) {
    EXPECT_EQ(PictureType(other), "") << other;
  }
}

TEST(PictureHostTest, WeChatsHostsAndNothingThatLooksLikeThem) {
  const std::vector<std::string> hosts = PictureFetcher::Options().hosts;
  for (const char* good : {"http://mmbiz.qpic.cn/mmbiz_jpg/x/0", "https://mmbiz.qpic.cn/a?b=c#d", "http://qpic.cn",
                           "https://QPIC.CN/x", "http://a.b.qlogo.cn/x", "http://qpic.cn:80/x", "https://qpic.cn:443/x",
                           "http://qpic.cn?@evil.com", "http://qpic.cn/@evil.com/"}) {
    EXPECT_TRUE(IsOnHosts(good, hosts)) << good;
  }
  for (const char* bad : {"",
                          "qpic.cn/x",
                          "//qpic.cn/x",
                          "ftp://qpic.cn/x",
                          "file:///qpic.cn",
                          "HTTP://qpic.cn/x",
                          "http:/qpic.cn/x",
                          "http:///qpic.cn/x",
                          "http://qpic.cn.evil.com/x",
                          "http://evil.com/qpic.cn",
                          "http://evil.com?qpic.cn",
                          "http://evil.com#qpic.cn",
                          "http://evil.com#.qpic.cn",
                          "http://evilqpic.cn/x",
                          "http://-qpic.cn.com/",
                          "http://user@qpic.cn/x",
                          "http://user:secret@qpic.cn/x",
                          "http://qpic.cn@evil.com/x",
                          "http://qpic.cn:80@evil.com/x",
                          "http://evil.com\\@qpic.cn/x",
                          "http://evil.com\\.qpic.cn/x",
                          "http://evil.com%2F.qpic.cn/x",
                          "http://evil.com%00.qpic.cn/x",
                          "http://qpic.cn:8080/x",
                          "https://qpic.cn:80/x",
                          "http://qpic.cn:443/x",
                          "http://qpic.cn:/x",
                          "http://qpic.cn:80:80/x",
                          "http://qpic.cn./x",
                          "http://.qpic.cn/x",
                          "http://a..qpic.cn/x",
                          "http://qpic.cn /x",
                          "http://qpic.cn/\r\nHost: evil.com",
                          "http://qpic.cn/图",
                          "http://ｑpic.cn/x",
                          "http://[::1]/qpic.cn",
                          "http://127.0.0.1/x",
                          "http://2130706433/x",
                          "http://cn/x",
                          "http://pic.cn/x"}) {
    EXPECT_FALSE(IsOnHosts(bad, hosts)) << bad;
  }
  EXPECT_FALSE(IsOnHosts("http://x.cn/", {}));
  EXPECT_FALSE(IsOnHosts("http://x.cn/", {""}));
  EXPECT_TRUE(IsOnHosts("http://127.0.0.1:81/x", {"127.0.0.1:81"}));
  EXPECT_FALSE(IsOnHosts("http://127.0.0.1:812/x", {"127.0.0.1:81"}));
  EXPECT_FALSE(IsOnHosts("http://a@127.0.0.1:81/x", {"127.0.0.1:81"}));
}

/// What libcurl, which makes the call, takes for the host and port of an address; nothing when it refuses it.
struct CurlTarget {
  std::string host, port, user;
};
std::optional<CurlTarget> AsCurlReadsIt(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  return CurlTarget{part(CURLUPART_HOST), part(CURLUPART_PORT), part(CURLUPART_USER)};
}

TEST(PictureHostTest, WhateverPassesGoesToWeChatByCurlsReading) {
  const std::vector<std::string> hosts = PictureFetcher::Options().hosts;
  const std::vector<std::string> pieces = {
      "http://",   "https://", "http:", "//",    "qpic.cn", ".qpic.cn", "qlogo.cn",    "mmbiz.", "evil.com", "@",
      ":",         ":80",      ":443",  ":8080", "/",       "?",        "#",           "\\",     "%2f",      "%40",
      ".",         "..",       "user",  "[",     "]",       "::1",      "a",           "\t",     " ",        "\r\n",
      "127.0.0.1", "。",       "Q",     "-",     ";",       "&",        "\xE2\x84\xAA"};
  std::mt19937 random(7);
  int passed = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string url = random() % 4 == 0 ? "" : pieces[random() % 2];
    for (size_t count = random() % 7; count > 0; --count) url += pieces[random() % pieces.size()];
    if (!IsOnHosts(url, hosts)) continue;
    ++passed;
    const auto target = AsCurlReadsIt(url);
    if (!target) continue;  // refused by the client then
    std::string host = target->host;
    for (char& c : host) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool ours =
        host == "qpic.cn" || host == "qlogo.cn" || host.ends_with(".qpic.cn") || host.ends_with(".qlogo.cn");
    ASSERT_TRUE(ours && target->user.empty() && (target->port == "80" || target->port == "443")) << url;
  }
  EXPECT_GT(passed, 1000);  // the pieces do make good addresses, too
}

}  // namespace
}  // namespace yingda::model
