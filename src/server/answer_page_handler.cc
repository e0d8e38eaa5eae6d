// SPDX-License-Identifier: MIT
#include "server/answer_page_handler.h"

#include <memory>
#include <utility>

namespace yingda::server {
namespace {

constexpr std::string_view kPrefix = "/a/";
constexpr size_t kIdBytes = 32;

/// The id in /a/<id><suffix>; empty when the path is anything else.
std::string IdIn(std::string_view path, std::string_view suffix) {
  if (path.size() != kPrefix.size() + kIdBytes + suffix.size() || !path.ends_with(suffix)) return {};
  const std::string_view id = path.substr(kPrefix.size(), kIdBytes);
  return bot::AnswerPages::IsId(id) ? std::string(id) : std::string();
}

base::Counter& Views(base::Metrics& metrics, const char* found) {
  return metrics.Counter("yingda_page_views_total", "Requests for answer pages, by what was found", {{"found", found}});
}

}  // namespace

AnswerPageHandler::AnswerPageHandler(Options options, bot::AnswerPages& pages, net::EventLoop& loop,
                                     base::Metrics& metrics)
    : pages_(pages),
      live_(options.heartbeat, pages, loop, html_),
      finished_views_(Views(metrics, "finished")),
      unfinished_views_(Views(metrics, "writing")),
      missing_views_(Views(metrics, "nothing")),
      failed_views_(Views(metrics, "failure")) {}

void AnswerPageHandler::Serve(net::HttpServer& server) {
  server.Handle("GET", std::string(kPrefix),
                [this](const auto& request, auto responder) { Get(request, std::move(responder)); });
  server.Handle("POST", std::string(kPrefix),
                [this](const auto& request, auto responder) { Post(request, std::move(responder)); });
}

void AnswerPageHandler::Get(const net::HttpRequest& request, net::Responder responder) {
  if (std::string id = IdIn(request.Path(), ""); !id.empty()) {
    GivePage(std::move(id), std::move(responder));
  } else if (std::string live = IdIn(request.Path(), "/live"); !live.empty() && request.Method() == "GET") {
    live_.Serve(std::move(live), std::move(responder));
  } else {
    Refuse(std::move(responder));
  }
}

void AnswerPageHandler::Post(const net::HttpRequest& request, net::Responder responder) {
  std::string id = IdIn(request.Path(), "/read");
  if (id.empty()) return Refuse(std::move(responder));
  pages_.MarkRead(std::move(id));
  // The same for every id: who guesses learns nothing.
  responder.Send(html_.Empty(204));
}

void AnswerPageHandler::Refuse(net::Responder responder) {
  missing_views_.Add();
  responder.Send(html_.Missing());
}

void AnswerPageHandler::GivePage(std::string id, net::Responder responder) {
  auto waiting = std::make_shared<net::Responder>(std::move(responder));
  pages_.Read(std::move(id), [this, waiting](const base::Result<bot::AnswerPages::View>& view) {
    if (view) {
      (view->finished ? finished_views_ : unfinished_views_).Add();
      waiting->Send(html_.Page(*view));
    } else if (view.error().code == base::ErrorCode::kNotFound) {
      Refuse(std::move(*waiting));
    } else {
      failed_views_.Add();
      waiting->Send(html_.Unavailable());
    }
  });
}

}  // namespace yingda::server
