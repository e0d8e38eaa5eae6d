// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"

namespace yingda::net {

/// One complete request, valid while the handler runs; copy what must live longer.
class HttpRequest {
 public:
  virtual ~HttpRequest() = default;
  virtual std::string_view Method() const = 0;
  /// Percent-decoded, without the query.
  virtual std::string_view Path() const = 0;
  virtual std::string_view Body() const = 0;
  /// The query as the client wrote it, without the question mark: for passing it on.
  virtual std::string_view Query() const = 0;
  /// The first value of a query parameter, decoded; empty when absent.
  virtual std::string_view Parameter(std::string_view name) const = 0;
  virtual bool HasParameter(std::string_view name) const = 0;
  /// The first value of a header, name in any case; empty when absent.
  virtual std::string_view Header(std::string_view name) const = 0;
  virtual std::string_view RemoteAddress() const = 0;
  /// X-Request-Id of the proxy in front when it looks like an id (≤ 64 letters, digits, dashes), else one made here.
  virtual std::string_view Id() const = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// A response that is written piece by piece (chunked transfer coding) until it is closed or the client leaves.
/// Thread-safety: all members. Dropping it closes the stream.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  /// False when the client is gone or too slow (its unsent bytes exceed the server's stream limit; it is then cut off).
  virtual bool Write(std::string_view bytes) = 0;
  virtual void Close() = 0;
};

/// The right to answer one request, once. A handler that returns without answering has parked the request: the
/// connection costs a socket and a small object, no thread, until somebody answers or the client leaves. Thread-safety:
/// all members, also while the handler still runs. Dropping an unanswered Responder answers 500.
class Responder {
 public:
  /// The server's side; implementation detail of HttpServer.
  class Exchange {
   public:
    virtual ~Exchange() = default;
    virtual bool Send(HttpResponse response) = 0;
    virtual bool Close() = 0;
    virtual void OnClosed(std::function<void()> function) = 0;
    virtual std::unique_ptr<ResponseStream> OpenStream(HttpResponse head) = 0;
    virtual void Abandon() = 0;
  };

  Responder() = default;
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&&) = default;
  ~Responder() {
    if (exchange_) exchange_->Abandon();
  }

  /// True when all bytes were handed to a connection that was still open as far as the kernel knew: what the design
  /// calls delivered. False when the client had left, or had ended its side of the connection before its request was
  /// looked at (it may still read, and is answered), or when the request was answered before. What the kernel does not
  /// take at once (a large answer, a slow reader) counts as handed over and is written as the client reads. Never call
  /// it while holding a lock: it writes to the socket.
  bool Send(HttpResponse response) { return exchange_ && exchange_->Send(std::move(response)); }
  /// Closes the connection without a byte of response.
  bool Close() { return exchange_ && exchange_->Close(); }
  /// `function` runs at most once, on an event thread and without locks held, when the client leaves before the answer
  /// (of a stream: before its end); at once when it has left already. Not when we end it: Close, or a Send or Write
  /// that returned false because the connection broke. A second function replaces the first.
  void OnClosed(std::function<void()> function) {
    if (exchange_) exchange_->OnClosed(std::move(function));
  }
  /// Opens the response as a stream; `head.body` is its first piece. Null when the client has left.
  std::unique_ptr<ResponseStream> OpenStream(HttpResponse head) {
    return exchange_ ? exchange_->OpenStream(std::move(head)) : nullptr;
  }
  explicit operator bool() const { return exchange_ != nullptr; }

 private:
  std::shared_ptr<Exchange> exchange_;
};

/// An HTTP/1.1 server for thousands of waiting requests: epoll owns the sockets, requests are framed strictly, and
/// cpp-httplib parses the request line of complete ones through an in-memory stream. Thread-safety: all members once
/// started. Handlers run on the event threads: they must not block; an exception that leaves one is answered 500,
/// counted and logged.
class HttpServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    int port = 0;  // 0: the kernel picks one, see Port()
    unsigned threads = 4;
    size_t max_head_bytes = 16 * 1024;
    size_t max_body_bytes = 256 * 1024;
    size_t max_connections = 20'000;  // over it, new connections are closed at once
    size_t max_stream_backlog_bytes = 1024 * 1024;
    int listen_backlog = 4096;
    base::Duration idle_timeout = std::chrono::seconds(75);  // keep-alive without a request; longer than nginx's 60 s
    base::Duration request_timeout = std::chrono::seconds(10);  // first byte to last byte of a request
    base::Duration write_timeout = std::chrono::seconds(10);    // no progress towards a slow reader
    std::string metrics_name = "push";                          // value of the label `listener`
  };
  using Handler = std::function<void(const HttpRequest&, Responder)>;

  HttpServer(Options options, base::Clock& clock, base::Logger& logger, base::Metrics& metrics);
  ~HttpServer();

  /// Serves `path` exactly, or everything below it when it ends with '/'. The longest match wins. `method` is upper
  /// case. A known path with another method gets 405, an unknown one 404, both with an empty body. Before Start only.
  void Handle(std::string method, std::string path, Handler handler);

  /// Binds and serves. Errors: kUnavailable with the address and the reason (in use, no permission).
  base::Result<void> Start();
  int Port() const;

  /// Graceful stop, first half: accepts nothing more, closes idle connections, answers what is parked with
  /// `Connection: close` when it is completed.
  void StopAccepting();
  /// Second half: waits until no request is being read, handled, parked or written, at most `limit`; then closes all
  /// and joins the threads. True when nothing had to be cut off. Not from a handler, which it would wait for.
  bool Stop(base::Duration limit);

  size_t Connections() const;
  /// Requests that wait for their answer; streams that are being written do not count.
  size_t Parked() const;

 private:
  class Implementation;
  // Shared with the open connections: a Responder may be used while the server goes away, and after.
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace yingda::net
