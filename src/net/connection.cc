// SPDX-License-Identifier: MIT
#include "net/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "net/exchange.h"

namespace yingda::net {
namespace {

constexpr uint32_t kReadable = EPOLLIN | EPOLLRDHUP;
constexpr uint32_t kLeft = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr base::Duration kLingerTime = std::chrono::seconds(2);
// A client that never stops pipelining gets other clients between its requests after this many.
constexpr int kRequestsPerTurn = 64;
constexpr int kDiscardsPerTurn = 16;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// Bytes are received here and copied to the connection only when they are no whole request: idle and waiting
/// connections own no buffer.
std::array<char, 16 * 1024>& ReceiveBuffer() {
  thread_local std::array<char, 16 * 1024> buffer;
  return buffer;
}

ssize_t ReceiveSome(int fd, std::array<char, 16 * 1024>& buffer) {
  for (;;) {
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count >= 0 || errno != EINTR) return count;
  }
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Connection::Connection(std::shared_ptr<ConnectionHost> host, int fd, uint64_t key, std::string remote_address)
    : host_(std::move(host)), fd_(fd), key_(key), remote_address_(std::move(remote_address)) {}

Connection::~Connection() = default;

void Connection::Start() {
  std::lock_guard lock(mutex_);
  if (phase_ == Phase::kClosed) return;
  SetDeadline(host_->limits().idle_timeout);
  host_->Arm(*this, kReadable);
}

void Connection::OnEvents(uint32_t events) {
  Function left;
  {
    std::unique_lock lock(mutex_);
    if ((events & kLeft) != 0) peer_ended_ = true;
    switch (phase_) {
      case Phase::kParked:
        // An event of an earlier arming may come late; only a client that left matters here.
        if ((events & kLeft) != 0) {
          left = Close();
        } else {
          host_->Arm(*this, EPOLLRDHUP);
        }
        break;
      case Phase::kStreaming:
        if ((events & kLeft) != 0 || !Flush()) {
          left = Close();
        } else {
          ArmStream();
        }
        break;
      case Phase::kWriting:
        if ((events & (EPOLLHUP | EPOLLERR)) != 0 || !Flush()) {
          left = Close();
        } else if (Settle()) {
          Read(lock);
        }
        break;
      case Phase::kReading:
        Read(lock);
        break;
      case Phase::kLingering:
        Discard();
        break;
      case Phase::kHandling:
      case Phase::kClosed:
        break;
    }
  }
  if (left) left();
}

void Connection::Read(std::unique_lock<std::mutex>& lock) {
  std::string_view fresh;  // received into this thread's buffer, not yet part of in_
  bool drained = false;
  bool ended = false;
  for (int handled = 0;;) {
    const std::string_view bytes = in_.empty() ? fresh : std::string_view(in_);
    const auto state =
        bytes.empty() ? RequestFramer::State::kIncomplete : framer_.Advance(bytes, host_->limits().framing);
    if (state == RequestFramer::State::kRejected) return Refuse(framer_.Rejection());
    if (state == RequestFramer::State::kComplete) {
      if (!HandleOne(lock, fresh)) return;
      fresh = {};
      if (++handled == kRequestsPerTurn) return AwaitRequest();
      continue;
    }
    if (!fresh.empty()) {
      if (framer_.HeadComplete()) in_.reserve(framer_.HeadBytes() + framer_.BodyBytes());
      in_.append(fresh);
      fresh = {};
    }
    if (ended) return static_cast<void>(Close());  // between requests: nobody to tell
    if (drained) break;
    Receive(fresh, drained, ended);
  }
  if (framer_.HeadComplete() && framer_.ExpectsContinue() && !said_continue_) {
    said_continue_ = true;
    if (!Write(kContinue)) return static_cast<void>(Close());
  }
  if (in_.empty()) {
    SetDeadline(host_->limits().idle_timeout);
  } else if (!std::exchange(mid_request_, true)) {
    SetDeadline(host_->limits().request_timeout);
  }
  host_->Arm(*this, kReadable);
}

void Connection::Receive(std::string_view& fresh, bool& drained, bool& ended) {
  auto& buffer = ReceiveBuffer();
  const ssize_t count = ReceiveSome(fd_, buffer);
  if (count > 0) {
    const std::string_view bytes(buffer.data(), static_cast<size_t>(count));
    drained = bytes.size() < buffer.size();
    if (in_.empty()) {
      fresh = bytes;
    } else {
      in_.append(bytes);
    }
  } else if (count < 0 && WouldBlock()) {
    drained = true;
  } else {
    ended = true;
  }
}

bool Connection::HandleOne(std::unique_lock<std::mutex>& lock, std::string_view fresh) {
  const size_t head_bytes = framer_.HeadBytes();
  const size_t total = head_bytes + framer_.BodyBytes();
  // The request's bytes stay where they are while the handler runs; what follows them is kept in the connection,
  // because another thread may answer and another event thread go on reading before this one returns.
  std::string held;
  std::string_view bytes = fresh;
  if (!in_.empty()) {
    held.swap(in_);
    bytes = held;
  }
  if (bytes.size() > total) in_.assign(bytes.substr(total));
  keep_alive_ = framer_.KeepAlive();
  http10_ = framer_.Http10();
  head_only_ = bytes.starts_with("HEAD ");
  framer_.Reset();
  mid_request_ = false;
  said_continue_ = false;
  phase_ = Phase::kHandling;
  answer_ = Answer::kNone;
  const uint32_t sequence = ++sequence_;

  lock.unlock();
  const FramedRequest request{bytes.substr(0, head_bytes), bytes.substr(head_bytes, total - head_bytes),
                              remote_address_};
  host_->Serve(request, std::make_shared<ConnectionExchange>(shared_from_this(), sequence));
  lock.lock();
  return phase_ == Phase::kHandling && Settle();
}

bool Connection::Settle() {
  switch (answer_) {
    case Answer::kNone:
      Park();
      return false;
    case Answer::kStream:
      phase_ = Phase::kStreaming;
      ArmStream();
      return false;
    case Answer::kClose:
      static_cast<void>(Close());
      return false;
    case Answer::kComplete:
      break;
  }
  if (Pending()) {
    phase_ = Phase::kWriting;
    SetDeadline(host_->limits().write_timeout);
    // Not EPOLLRDHUP: a client may end its side and still read, and that would be reported again and again.
    host_->Arm(*this, EPOLLOUT);
    return false;
  }
  if (refused_) {
    Linger();
    return false;
  }
  if (!keep_alive_ || host_->Stopping()) {
    ::shutdown(fd_, SHUT_WR);
    static_cast<void>(Close());
    return false;
  }
  phase_ = Phase::kReading;
  return true;
}

void Connection::AwaitRequest() {
  SetDeadline(in_.empty() ? host_->limits().idle_timeout : host_->limits().request_timeout);
  // A connection that can be written to reports at once: what was received before is looked at on an event thread.
  host_->Arm(*this, in_.empty() ? kReadable : kReadable | EPOLLOUT);
}

void Connection::Park() {
  phase_ = Phase::kParked;
  host_->ParkedChanged(1);
  ClearDeadline();
  host_->Arm(*this, EPOLLRDHUP);
}

void Connection::Refuse(int status) {
  HttpMetrics& metrics = host_->metrics();
  (status == 413 || status == 431 ? metrics.rejected_too_large : metrics.rejected_malformed).Add();
  metrics.CountRequest(status);
  keep_alive_ = false;
  refused_ = true;
  std::string().swap(in_);
  std::string answer;
  AppendResponse(answer, EmptyResponse(status), {.keep_alive = false});
  answer_ = Answer::kComplete;
  if (!Write(answer)) return static_cast<void>(Close());
  Settle();
}

void Connection::Linger() {
  // Closing with unread bytes makes the kernel send a reset, which may overtake the answer.
  phase_ = Phase::kLingering;
  ::shutdown(fd_, SHUT_WR);
  SetDeadline(kLingerTime);
  host_->Arm(*this, kReadable);
}

void Connection::Discard() {
  for (int i = 0; i < kDiscardsPerTurn; ++i) {
    const ssize_t count = ReceiveSome(fd_, ReceiveBuffer());
    if (count > 0) continue;
    if (count < 0 && WouldBlock()) break;
    static_cast<void>(Close());
    return;
  }
  host_->Arm(*this, kReadable);
}

void Connection::CloseIfOverdue(base::TimePoint now) {
  Function left;
  {
    std::lock_guard lock(mutex_);
    if (Deadline() > now || phase_ == Phase::kHandling || phase_ == Phase::kParked || phase_ == Phase::kClosed) return;
    if (phase_ == Phase::kWriting || phase_ == Phase::kStreaming || mid_request_) host_->metrics().rejected_slow.Add();
    left = Close();
  }
  if (left) left();
}

void Connection::CloseIfIdle() {
  std::lock_guard lock(mutex_);
  if (Idle()) static_cast<void>(Close());
}

bool Connection::CutOff() {
  Function left;
  bool busy = false;
  {
    std::lock_guard lock(mutex_);
    busy = !Idle() && phase_ != Phase::kClosed;
    left = Close();
  }
  if (left) left();
  return busy;
}

Connection::Function Connection::Close() {
  if (phase_ == Phase::kClosed) return {};
  if (phase_ == Phase::kParked) host_->ParkedChanged(-1);
  phase_ = Phase::kClosed;
  ClearDeadline();
  std::string().swap(in_);
  std::string().swap(out_);
  out_sent_ = 0;
  // Forgotten before the descriptor is closed: its number may be given to a new connection at once.
  host_->Forget(*this);
  ::close(fd_);
  return std::exchange(on_closed_, nullptr);
}

void Connection::SetDeadline(base::Duration from_now) {
  const base::TimePoint deadline = host_->clock().Now() + from_now;
  deadline_.store(deadline.time_since_epoch().count());
  host_->DeadlineSet(deadline);
}

}  // namespace yingda::net
