// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "bot/answer_pages.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "server/answer_page_html.h"

namespace yingda::server {

/// Readers of answers that are being written, as streams of server-sent events: a reader costs a socket and a small
/// object. Who comes while nothing is written any more gets the whole answer and its end at once.
/// Thread-safety: Serve and Stop from any thread. Lifetime: until the loop has stopped.
/// Limits: the readers are bounded by AnswerPages; one that reads too slowly is cut off by the server's stream limit.
class AnswerPageLive {
 public:
  AnswerPageLive(base::Duration heartbeat, bot::AnswerPages& pages, net::EventLoop& loop, const AnswerPageHtml& html);
  ~AnswerPageLive();

  void Serve(std::string id, net::Responder responder);
  /// Ends all streams and returns when they are ended; who comes afterwards is refused. While the loop runs, not on it.
  void Stop();

 private:
  struct Reader;
  using ReaderPointer = std::shared_ptr<Reader>;

  void Open(const ReaderPointer& reader, uint64_t watch);
  void GiveWhole(const ReaderPointer& reader);
  void ArmHeartbeat(const ReaderPointer& reader);
  void End(const ReaderPointer& reader);

  const base::Duration heartbeat_;
  bot::AnswerPages& pages_;
  net::EventLoop& loop_;
  const AnswerPageHtml& html_;
  // On the loop.
  std::unordered_map<uint64_t, ReaderPointer> readers_;
  bool stopped_ = false;
};

}  // namespace yingda::server
