// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "bot/answer_pages.h"
#include "net/http_server.h"

namespace yingda::server {

/// The answer page as responses, complete with their headers: Chinese, for a phone, without cookies or anything from
/// elsewhere, and with a content security policy that allows exactly the style and the script that stand in it.
/// Limits: the page without its question and answer stays below 30 KB. Thread-safety: all members.
class AnswerPageHtml {
 public:
  AnswerPageHtml();

  /// An answer; one that is not finished follows its writing by itself.
  net::HttpResponse Page(const bot::AnswerPages::View& view) const;
  /// 404: gone, expired or never there; from outside these look alike.
  net::HttpResponse Missing() const;
  /// 503: comes back soon.
  net::HttpResponse Unavailable() const;
  /// An empty answer with the headers that every answer below /a/ has.
  net::HttpResponse Empty(int status) const;
  /// The head of a stream of events.
  net::HttpResponse EventStream(std::string first_piece) const;

  /// One change as server-sent events, the last with how the writing ended. Empty: nothing to tell.
  static std::string Events(const bot::AnswerPages::Update& update);

 private:
  net::HttpResponse Html(int status, std::string body) const;
  std::string Notice(const std::string& title, const std::string& words) const;

  const std::string security_policy_;
};

}  // namespace yingda::server
