// SPDX-License-Identifier: MIT
// The answering half of Connection: called by whoever holds the Responder or the stream, on any thread.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/connection.h"

namespace yingda::net {
namespace {

constexpr size_t kScratchKeptBytes = 64 * 1024;

/// A buffer for formatting, empty, and kept by the thread: an answer costs no allocation and one send.
std::string& Scratch() {
  thread_local std::string scratch;
  if (scratch.capacity() > kScratchKeptBytes) std::string().swap(scratch);
  scratch.clear();
  return scratch;
}

}  // namespace

bool Connection::MayAnswer(uint32_t sequence) const {
  return sequence == sequence_ && answer_ == Answer::kNone && (phase_ == Phase::kHandling || phase_ == Phase::kParked);
}

bool Connection::PeerLeft() const {
  // A send after the client's FIN succeeds as far as the kernel tells, so it is asked before.
  pollfd state{.fd = fd_, .events = POLLRDHUP, .revents = 0};
  return ::poll(&state, 1, 0) > 0;
}

ResponseShape Connection::Shape() const {
  return {.coding = BodyCoding::kContentLength, .head_only = head_only_, .keep_alive = keep_alive_, .http10 = http10_};
}

bool Connection::Send(uint32_t sequence, const HttpResponse& response) {
  Function dropped;  // destroyed after the lock: what it captured may hold a Responder
  std::lock_guard lock(mutex_);
  // A client that has left stays parked: its event is under way and reports to OnClosed.
  if (!MayAnswer(sequence) || (phase_ == Phase::kParked && PeerLeft())) return false;
  // Whoever has ended his side before his request was looked at may read on, and gets the answer; but most have hung
  // up, and it must not count as given.
  const bool probably_left = phase_ == Phase::kHandling && peer_ended_;
  dropped.swap(on_closed_);
  answer_ = Answer::kComplete;
  if (host_->Stopping()) keep_alive_ = false;
  host_->metrics().CountRequest(response.status);
  std::string& bytes = Scratch();
  AppendResponse(bytes, response, Shape());
  if (!Write(bytes)) {
    static_cast<void>(Close());
    return false;
  }
  if (phase_ == Phase::kParked) {
    host_->ParkedChanged(-1);
    if (Settle()) AwaitRequest();
  }
  return !probably_left;
}

bool Connection::CloseUnanswered(uint32_t sequence) {
  Function dropped;
  std::lock_guard lock(mutex_);
  if (!MayAnswer(sequence)) return false;
  dropped.swap(on_closed_);
  answer_ = Answer::kClose;
  if (phase_ == Phase::kParked) static_cast<void>(Close());
  return true;
}

void Connection::OnClosed(uint32_t sequence, Function function) {
  {
    std::lock_guard lock(mutex_);
    if (sequence != sequence_ || (answer_ != Answer::kNone && answer_ != Answer::kStream)) return;
    if (phase_ != Phase::kClosed) {
      on_closed_.swap(function);  // an earlier one is destroyed after the lock
      return;
    }
  }
  if (function) function();
}

bool Connection::OpenStream(uint32_t sequence, const HttpResponse& head) {
  Function dropped;
  std::lock_guard lock(mutex_);
  if (!MayAnswer(sequence) || (phase_ == Phase::kParked && PeerLeft())) return false;
  answer_ = Answer::kStream;
  // HTTP/1.0 knows no chunks: the end of the connection ends the body.
  if (host_->Stopping() || http10_) keep_alive_ = false;
  host_->metrics().CountRequest(head.status);
  ResponseShape shape = Shape();
  shape.coding = http10_ ? BodyCoding::kUntilClose : BodyCoding::kChunked;
  std::string& bytes = Scratch();
  AppendResponse(bytes, head, shape);
  if (!http10_ && !head_only_) AppendChunk(bytes, head.body);
  if (!Write(bytes)) {
    dropped = Close();
    return false;
  }
  if (phase_ == Phase::kParked) {
    host_->ParkedChanged(-1);
    phase_ = Phase::kStreaming;
    ArmStream();
  }
  return true;
}

bool Connection::WriteStream(uint32_t sequence, std::string_view bytes) {
  Function dropped;
  std::lock_guard lock(mutex_);
  if (sequence != sequence_ || answer_ != Answer::kStream || phase_ == Phase::kClosed) return false;
  if (head_only_ || bytes.empty()) return true;
  const bool was_pending = Pending();
  std::string_view piece = bytes;
  if (!http10_) {
    std::string& chunk = Scratch();
    AppendChunk(chunk, bytes);
    piece = chunk;
  }
  const bool written = Write(piece);
  const bool too_slow = out_.size() - out_sent_ > host_->limits().max_stream_backlog_bytes;
  if (!written || too_slow) {
    if (too_slow) host_->metrics().rejected_slow.Add();
    dropped = Close();
    return false;
  }
  // While the handler runs, Settle arms.
  if (phase_ == Phase::kStreaming && !was_pending && Pending()) ArmStream();
  return true;
}

void Connection::CloseStream(uint32_t sequence) {
  Function dropped;
  std::lock_guard lock(mutex_);
  if (sequence != sequence_ || answer_ != Answer::kStream || phase_ == Phase::kClosed) return;
  dropped.swap(on_closed_);
  answer_ = Answer::kComplete;
  if (!http10_ && !head_only_ && !Write(kLastChunk)) {
    static_cast<void>(Close());
    return;
  }
  if (phase_ == Phase::kStreaming && Settle()) AwaitRequest();
}

void Connection::ArmStream() {
  if (Pending()) {
    SetDeadline(host_->limits().write_timeout);
  } else {
    ClearDeadline();
  }
  host_->Arm(*this, Pending() ? EPOLLOUT | EPOLLRDHUP : EPOLLRDHUP);
}

bool Connection::Write(std::string_view bytes) {
  while (!Pending() && !bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      return false;
    }
  }
  if (!bytes.empty()) out_.append(bytes);
  return true;
}

bool Connection::Flush() {
  while (Pending()) {
    const ssize_t count = ::send(fd_, out_.data() + out_sent_, out_.size() - out_sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      out_sent_ += static_cast<size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      return false;
    }
  }
  if (!Pending()) {
    std::string().swap(out_);
    out_sent_ = 0;
  } else if (out_sent_ > out_.size() / 2) {
    out_.erase(0, out_sent_);
    out_sent_ = 0;
  }
  return true;
}

}  // namespace yingda::net
