// SPDX-License-Identifier: MIT
#include "server/answer_page_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "server/answer_page_assets.h"

namespace yingda::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

bot::AnswerPages::View View(std::string question, std::string markdown, bool finished) {
  bot::AnswerPages::View view;
  view.question = std::move(question);
  view.markdown = std::move(markdown);
  view.finished = finished;
  view.asked_ms = 1'800'000'000'000;  // 2027-01-15 08:00 UTC
  view.expires_ms = view.asked_ms + 7 * 24 * 3'600'000LL;
  return view;
}

std::string Header(const net::HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

/// What stands between the only `<tag>` and its end.
std::string Inside(const std::string& html, const std::string& tag) {
  const size_t begin = html.find("<" + tag + ">");
  const size_t end = html.find("</" + tag + ">");
  EXPECT_NE(begin, std::string::npos);
  EXPECT_EQ(html.find("<" + tag, begin + 1), std::string::npos) << "more than one <" << tag;
  return html.substr(begin + tag.size() + 2, end - begin - tag.size() - 2);
}

std::string Sha256(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return base::EncodeBase64({reinterpret_cast<const char*>(digest), sizeof digest});
}

const AnswerPageHtml kHtml;

TEST(AnswerPageHtmlTest, PageWithoutItsAnswerIsBelowThirtyKilobytes) {
  const size_t bytes = kHtml.Page(View("", "", false)).body.size();
  EXPECT_LE(bytes, 30U * 1000);
  EXPECT_GT(bytes, 1000U);
}

TEST(AnswerPageHtmlTest, PageWithNineKilobytesOfAnswerIsBelowThirtyKilobytes) {
  std::string answer;
  for (int i = 0; answer.size() < 9000; ++i) answer += "## 第" + std::to_string(i) + "点\n\n- **要点**：说明文字。\n\n";
  EXPECT_LE(kHtml.Page(View("问", answer, true)).body.size(), 30U * 1000);
}

TEST(AnswerPageHtmlTest, PolicyAllowsTheVeryBytesOfStyleAndScriptAndNothingElse) {
  const net::HttpResponse page = kHtml.Page(View("问", "答", false));
  EXPECT_EQ(Header(page, "Content-Security-Policy"),
            "default-src 'none'; style-src 'sha256-" + Sha256(Inside(page.body, "style")) + "'; script-src 'sha256-" +
                Sha256(Inside(page.body, "script")) +
                "'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  EXPECT_THAT(page.body, Not(HasSubstr(" style=")));
}

TEST(AnswerPageHtmlTest, EveryResponseForbidsStoringSniffingIndexingAndReferring) {
  for (const net::HttpResponse& response : {kHtml.Page(View("问", "答", true)), kHtml.Missing(), kHtml.Unavailable(),
                                            kHtml.Empty(204), kHtml.EventStream("")}) {
    EXPECT_EQ(Header(response, "Cache-Control"), "no-store");
    EXPECT_EQ(Header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(Header(response, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(Header(response, "X-Robots-Tag"), "noindex, nofollow, noarchive");
    EXPECT_THAT(Header(response, "Content-Security-Policy"), HasSubstr("default-src 'none'"));
    EXPECT_EQ(Header(response, "Set-Cookie"), "");
  }
}

TEST(AnswerPageHtmlTest, NothingComesFromElsewhere) {
  for (const bool finished : {true, false}) {
    EXPECT_THAT(kHtml.Page(View("问", "答", finished)).body, Not(HasSubstr("//"))) << "no address, no comment";
  }
  EXPECT_THAT(kHtml.Missing().body, Not(HasSubstr("//")));
}

TEST(AnswerPageHtmlTest, QuestionIsTextWhateverItHolds) {
  const std::string page = kHtml.Page(View("</title><script>alert(1)</script>\"'&\xFF\nB", "答", true)).body;
  EXPECT_THAT(page, HasSubstr("<h1>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;�\nB</h1>"));
  EXPECT_THAT(page, HasSubstr("<title>&lt;/title&gt;"));
  Inside(page, "script");
}

TEST(AnswerPageHtmlTest, LongQuestionIsWholeOnThePageAndShortInTheTitle) {
  std::string question;
  for (int i = 0; i < 100; ++i) question += "长";
  const std::string page = kHtml.Page(View(question, "答", true)).body;
  EXPECT_THAT(page, HasSubstr("<h1>" + question + "</h1>"));
  EXPECT_THAT(page, HasSubstr("<title>" + question.substr(0, 90) + "…</title>"));
  EXPECT_THAT(kHtml.Page(View("第一行\n第二行", "", true)).body, HasSubstr("<title>第一行…</title>"));
}

TEST(AnswerPageHtmlTest, TimesAreBeijingTime) {
  const std::string page = kHtml.Page(View("问", "答", true)).body;
  EXPECT_THAT(page, HasSubstr("2027年1月15日 16:00 提问"));
  EXPECT_THAT(page, HasSubstr("保留到 2027年1月22日"));
  auto late = View("问", "答", true);
  late.asked_ms = 1'798'736'340'000;  // 2026-12-31 16:59 UTC
  EXPECT_THAT(kHtml.Page(late).body, HasSubstr("2027年1月1日 00:59 提问"));
}

TEST(AnswerPageHtmlTest, OnlyAPageBeingWrittenReloadsItself) {
  const std::string writing = kHtml.Page(View("问", "一半", false)).body;
  EXPECT_THAT(writing, HasSubstr("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"));
  EXPECT_THAT(writing, HasSubstr("data-state=\"writing\""));
  const std::string done = kHtml.Page(View("问", "全部", true)).body;
  EXPECT_THAT(done, Not(HasSubstr("http-equiv")));
  EXPECT_THAT(done, HasSubstr("data-state=\"done\""));
}

TEST(AnswerPageHtmlTest, NoticesAreChineseAndCarryTheirStatus) {
  EXPECT_EQ(kHtml.Missing().status, 404);
  EXPECT_THAT(kHtml.Missing().body, HasSubstr("这个回答已经不在了"));
  EXPECT_THAT(kHtml.Missing().body, Not(HasSubstr("<script")));
  EXPECT_EQ(kHtml.Unavailable().status, 503);
  EXPECT_THAT(kHtml.Unavailable().headers, ::testing::Contains(Pair("Retry-After", "10")));
}

TEST(AnswerPageHtmlTest, ChangeIsOneLineOfJsonWhateverTheBlocksHold) {
  bot::AnswerPages::Update update;
  update.from = 2;
  update.blocks = {"<p>第\n一</p>", "\r\n\"\xFF"};
  const std::string events = AnswerPageHtml::Events(update);
  ASSERT_TRUE(events.starts_with("data: ") && events.ends_with("\n\n")) << events;
  const std::string line = events.substr(6, events.size() - 8);
  EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
  const auto change = nlohmann::json::parse(line);
  EXPECT_EQ(change.at("from"), 2);
  EXPECT_EQ(change.at("blocks").at(0), "<p>第\n一</p>");
  EXPECT_EQ(change.at("blocks").at(1), "\r\n\"�");
}

TEST(AnswerPageHtmlTest, LastEventSaysHowItEnded) {
  using State = bot::AnswerPages::Update::State;
  EXPECT_EQ(AnswerPageHtml::Events({.from = 0, .blocks = {}, .state = State::kFinished}),
            "data: {\"blocks\":[],\"from\":0}\n\nevent: done\ndata: {}\n\n");
  EXPECT_EQ(AnswerPageHtml::Events({.from = 0, .blocks = {}, .state = State::kGone}), "event: gone\ndata: {}\n\n");
}

}  // namespace
}  // namespace yingda::server
