// SPDX-License-Identifier: MIT
#include "server/answer_page_html.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/utf8.h"
#include "server/answer_page_assets.h"
#include "text/markdown.h"

namespace yingda::server {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr size_t kTitleBytes = 90;  // thirty characters
constexpr std::string_view kBeforeStyle =
    "<head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1,viewport-fit=cover\">"
    "<meta name=\"color-scheme\" content=\"light dark\">"
    "<meta name=\"robots\" content=\"noindex,nofollow,noarchive\"><meta name=\"referrer\" content=\"no-referrer\">"
    "<meta name=\"format-detection\" content=\"telephone=no\"><style>";
// Without JavaScript the page comes anew until it is whole; a browser that runs the script never sees this.
constexpr std::string_view kReload = "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>";

std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\0':
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string HashOf(std::string_view source) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  EVP_Digest(source.data(), source.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return "'sha256-" + base::EncodeBase64({reinterpret_cast<const char*>(digest.data()), length}) + "'";
}

/// "2027年1月15日 16:00" as clocks show it where the followers are.
std::string BeijingTime(int64_t unix_ms, bool with_clock) {
  using namespace std::chrono;
  const auto local = sys_time<milliseconds>(milliseconds(unix_ms)) + 8h;
  const auto day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<minutes>(local - day));
  std::array<char, 64> text;
  const int length = std::snprintf(text.data(), text.size(), "%d年%u月%u日", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  std::string out(text.data(), static_cast<size_t>(length));
  if (with_clock) {
    std::snprintf(text.data(), text.size(), " %02d:%02d", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()));
    out += text.data();
  }
  return out;
}

std::string Title(std::string_view question) {
  const std::string_view line = question.substr(0, question.find_first_of("\r\n"));
  const std::string_view head = base::Utf8Prefix(line, kTitleBytes);
  return std::string(head) + (head.size() < question.size() ? "…" : "");
}

std::string Document(std::string_view state, std::string_view title, std::string_view more_head,
                     std::string_view body) {
  std::string out;
  out.reserve(kBeforeStyle.size() + kAnswerPageStyle.size() + body.size() + 512);
  out.append("<!doctype html>\n<html lang=\"zh-CN\" data-state=\"").append(state).append("\">\n").append(kBeforeStyle);
  out.append(kAnswerPageStyle).append("</style>").append(more_head);
  out.append("<title>").append(Escaped(title)).append("</title></head>\n<body>\n").append(body);
  return out.append("</body>\n</html>\n");
}

}  // namespace

AnswerPageHtml::AnswerPageHtml()
    : security_policy_("default-src 'none'; style-src " + HashOf(kAnswerPageStyle) + "; script-src " +
                       HashOf(kAnswerPageScript) +
                       "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'") {}

net::HttpResponse AnswerPageHtml::Empty(int status) const {
  return {status,
          "text/plain; charset=utf-8",
          "",
          {{"Content-Security-Policy", security_policy_},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"X-Robots-Tag", "noindex, nofollow, noarchive"},
           {"Cache-Control", "no-store"}}};
}

net::HttpResponse AnswerPageHtml::Html(int status, std::string body) const {
  net::HttpResponse response = Empty(status);
  response.content_type = kHtml;
  response.body = std::move(body);
  return response;
}

net::HttpResponse AnswerPageHtml::EventStream(std::string first_piece) const {
  net::HttpResponse response = Empty(200);
  response.content_type = "text/event-stream";
  response.body = std::move(first_piece);
  // Whatever nginx stands in front, whoever wrote its configuration.
  response.headers.emplace_back("X-Accel-Buffering", "no");
  return response;
}

net::HttpResponse AnswerPageHtml::Page(const bot::AnswerPages::View& view) const {
  const std::string question = base::ToValidUtf8(view.question);
  std::string body = "<main>\n<header id=\"question\"><h1>" + Escaped(base::TrimBlanks(question)) +
                     "</h1></header>\n<div id=\"card\"><article id=\"answer\" aria-busy=\"" +
                     (view.finished ? "false" : "true") + "\">";
  const auto add = [&body](const std::vector<std::string>& blocks) {
    for (const std::string& block : blocks) body.append("<div>").append(block).append("</div>");
  };
  if (view.blocks) {
    add(*view.blocks);
  } else {
    add(text::HtmlBlocks(view.markdown));
  }
  body +=
      "</article><p id=\"status\" role=\"status\"><i></i>正在书写，写好的内容会陆续出现…</p></div>\n</main>\n<footer>" +
      BeijingTime(view.asked_ms, true) + " 提问 · 内容由 AI 生成，仅供参考<br>本页保留到 " +
      BeijingTime(view.expires_ms, false) + "，有链接的人都能看到</footer>\n<script>";
  body.append(kAnswerPageScript).append("</script>\n");
  return Html(200, Document(view.finished ? "done" : "writing", Title(base::TrimBlanks(question)),
                            view.finished ? "" : kReload, body));
}

std::string AnswerPageHtml::Notice(const std::string& title, const std::string& words) const {
  return Document("notice", title, "", "<main id=\"notice\"><b>" + title + "</b><p>" + words + "</p></main>\n");
}

net::HttpResponse AnswerPageHtml::Missing() const {
  return Html(404, Notice("这个回答已经不在了",
                          "它可能过了保留的时间，也可能是链接没有复制完整。请回到公众号，把问题再发给我一次。"));
}

net::HttpResponse AnswerPageHtml::Unavailable() const {
  net::HttpResponse response = Html(503, Notice("现在打不开这个回答", "回答还在，请过一会儿再刷新这个页面。"));
  response.headers.emplace_back("Retry-After", "10");
  return response;
}

std::string AnswerPageHtml::Events(const bot::AnswerPages::Update& update) {
  using State = bot::AnswerPages::Update::State;
  if (update.state == State::kGone) return "event: gone\ndata: {}\n\n";
  const nlohmann::json change = {{"from", update.from}, {"blocks", update.blocks}};
  std::string out = "data: " + change.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n\n";
  if (update.state == State::kFinished) out += "event: done\ndata: {}\n\n";
  return out;
}

}  // namespace yingda::server
