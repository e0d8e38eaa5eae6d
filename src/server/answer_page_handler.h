// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "bot/answer_pages.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "server/answer_page_html.h"
#include "server/answer_page_live.h"

namespace yingda::server {

/// The answer pages (网页) on the web: GET /a/<id> is the page, GET /a/<id>/live its changes while it is written, and
/// POST /a/<id>/read what its script says once a reader has had the whole answer before them. What is no id is refused
/// before anybody is asked. Thread-safety: all members. Lifetime: until the loop has stopped.
class AnswerPageHandler {
 public:
  struct Options {
    base::Duration heartbeat = std::chrono::seconds(15);  // of a stream without news; less than proxies' patience
  };

  AnswerPageHandler(Options options, bot::AnswerPages& pages, net::EventLoop& loop, base::Metrics& metrics);

  void Serve(net::HttpServer& server);
  /// Ends the open streams, which would otherwise hold the server's stop up until their answers are written. While the
  /// loop runs, not on it.
  void Stop() { live_.Stop(); }

 private:
  void Get(const net::HttpRequest& request, net::Responder responder);
  void Post(const net::HttpRequest& request, net::Responder responder);
  void GivePage(std::string id, net::Responder responder);
  void Refuse(net::Responder responder);

  bot::AnswerPages& pages_;
  const AnswerPageHtml html_;
  AnswerPageLive live_;
  base::Counter& finished_views_;
  base::Counter& unfinished_views_;
  base::Counter& missing_views_;
  base::Counter& failed_views_;
};

}  // namespace yingda::server
