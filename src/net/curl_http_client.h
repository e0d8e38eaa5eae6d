// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "net/event_loop.h"
#include "net/host_resolver.h"
#include "net/http_client.h"

namespace yingda::net {

/// Calls out over HTTP and HTTPS with libcurl's multi interface on the event loop: thousands of open calls cost sockets
/// and memory, no threads. Connections are kept and used again. No redirects, no proxy from the environment, no
/// cookies; compressed answers are unpacked.
/// Thread-safety: construct anywhere; Start and Cancel on the loop, or anywhere once the loop has stopped.
/// Destroy it on the loop (not from within one of its events), or from a thread that waits for the loop, or
/// after loop.Stop(); calls under way end without any event.
/// Lifetime: the loop must outlive it. Limits: `max_calls` at once, then kUnavailable; 64 KiB of response head.
class CurlHttpClient final : public HttpClient {
 public:
  struct Options {
    size_t max_calls = 1024;
    bool http2 = false;
    /// Few, because libcurl looks at every call of a connection each time one of them gets data.
    int http2_calls_per_connection = 8;
    std::string ca_file;  // PEM; empty: the system's
    std::string user_agent = "yingda";
    HostResolver::Lookup lookup;  // empty: the system's name service
  };

  CurlHttpClient(Options options, EventLoop& loop);
  ~CurlHttpClient() override;
  CurlHttpClient(const CurlHttpClient&) = delete;
  CurlHttpClient& operator=(const CurlHttpClient&) = delete;

  CallId Start(HttpClientRequest request, HttpClientEvents events) override;
  void Cancel(CallId id) override;

 private:
  class Engine;

  EventLoop& loop_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace yingda::net
