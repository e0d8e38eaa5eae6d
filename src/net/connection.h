// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http_format.h"
#include "net/http_framing.h"
#include "net/http_metrics.h"
#include "net/http_server.h"

namespace yingda::net {

class Connection;

/// One framed request, valid during ConnectionHost::Serve.
struct FramedRequest {
  std::string_view head;
  std::string_view body;
  std::string_view remote_address;
};

/// What a connection needs of the server around it. Connections keep it alive, but call it only while they are open.
class ConnectionHost {
 public:
  struct Limits {
    FramingLimits framing;
    size_t max_stream_backlog_bytes = 0;
    base::Duration idle_timeout{};
    base::Duration request_timeout{};
    base::Duration write_timeout{};
  };
  ConnectionHost(const Limits& limits, base::Clock& clock, base::Metrics& metrics, const std::string& listener)
      : limits_(limits), clock_(clock), metrics_(metrics, listener) {}
  virtual ~ConnectionHost() = default;

  const Limits& limits() const { return limits_; }
  base::Clock& clock() const { return clock_; }
  HttpMetrics& metrics() { return metrics_; }
  bool Stopping() const { return stopping_.load(std::memory_order_relaxed); }

  /// Reports `events` of this connection once.
  virtual void Arm(const Connection& connection, uint32_t events) = 0;
  /// Runs the handler; called without locks held.
  virtual void Serve(const FramedRequest& request, std::shared_ptr<Responder::Exchange> exchange) = 0;
  virtual void DeadlineSet(base::TimePoint deadline) = 0;
  virtual void ParkedChanged(int by) = 0;
  /// The connection is about to close its descriptor, and makes no further call.
  virtual void Forget(const Connection& connection) = 0;

 protected:
  std::atomic<bool> stopping_{false};

 private:
  const Limits limits_;
  base::Clock& clock_;
  HttpMetrics metrics_;
};

/// One client connection: reads and frames requests, hands them over one at a time, and writes the answers in order.
/// A request is told from its successors by a sequence number, so that a late answer cannot hit the next request.
/// Thread-safety: all members. OnEvents runs on one thread at a time because each arming reports only once; everything
/// else may come from anywhere. Neither handlers nor callbacks run under the lock.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ConnectionHost> host, int fd, uint64_t key, std::string remote_address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  /// Names this connection also after its descriptor's number is used again.
  uint64_t key() const { return key_; }

  void Start();
  void OnEvents(uint32_t events);

  // The answer to request number `sequence`; see Responder and ResponseStream.
  bool Send(uint32_t sequence, const HttpResponse& response);
  bool CloseUnanswered(uint32_t sequence);
  void OnClosed(uint32_t sequence, std::function<void()> function);
  bool OpenStream(uint32_t sequence, const HttpResponse& head);
  bool WriteStream(uint32_t sequence, std::string_view bytes);
  void CloseStream(uint32_t sequence);

  /// When the client must have moved on; base::TimePoint::max() while it owes nothing.
  base::TimePoint Deadline() const { return base::TimePoint(base::Duration(deadline_.load())); }
  void CloseIfOverdue(base::TimePoint now);
  /// Closes it when it is between two requests.
  void CloseIfIdle();
  /// Closes it whatever it does. True when that cut off a request or an answer.
  bool CutOff();

 private:
  enum class Phase : uint8_t {
    kReading,    // no request, or a part of one
    kHandling,   // the handler runs
    kParked,     // the handler returned, nobody has answered
    kStreaming,  // the answer is being written piece by piece
    kWriting,    // the answer is complete, the client has not read all of it
    kLingering,  // refused: what the client still sends is thrown away, so that it can read why
    kClosed,
  };
  enum class Answer : uint8_t { kNone, kComplete, kStream, kClose };
  using Function = std::function<void()>;

  // All below need the lock.
  void Read(std::unique_lock<std::mutex>& lock);
  void Receive(std::string_view& fresh, bool& drained, bool& ended);
  bool HandleOne(std::unique_lock<std::mutex>& lock, std::string_view fresh);
  bool Settle();
  void AwaitRequest();
  void Park();
  void Refuse(int status);
  void Linger();
  void Discard();
  bool MayAnswer(uint32_t sequence) const;
  bool PeerLeft() const;
  ResponseShape Shape() const;
  /// Both are false when the connection broke; the caller then closes it.
  bool Write(std::string_view bytes);
  bool Flush();
  bool Idle() const { return (phase_ == Phase::kReading && in_.empty()) || phase_ == Phase::kLingering; }
  bool Pending() const { return out_sent_ < out_.size(); }
  void ArmStream();
  void SetDeadline(base::Duration from_now);
  void ClearDeadline() { deadline_.store(kNoDeadline); }
  /// The caller runs what this returns, once the lock is given up.
  [[nodiscard]] Function Close();

  static constexpr base::Duration::rep kNoDeadline = std::numeric_limits<base::Duration::rep>::max();

  const std::shared_ptr<ConnectionHost> host_;
  const int fd_;
  const uint64_t key_;
  const std::string remote_address_;
  std::atomic<base::Duration::rep> deadline_{kNoDeadline};

  mutable std::mutex mutex_;
  Phase phase_ = Phase::kReading;
  Answer answer_ = Answer::kNone;
  bool keep_alive_ = true;
  bool http10_ = false;
  bool head_only_ = false;
  bool mid_request_ = false;
  bool said_continue_ = false;
  bool refused_ = false;
  bool peer_ended_ = false;  // its side, by the time when a request of it was looked at
  uint32_t sequence_ = 0;
  RequestFramer framer_;
  std::string in_;   // received, not handled: empty between requests and while most of them wait
  std::string out_;  // what the kernel did not take at once
  size_t out_sent_ = 0;
  Function on_closed_;
};

}  // namespace yingda::net
