// SPDX-License-Identifier: MIT
#include "integration/trouble_upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace yingda::testing {
namespace {

constexpr int kTickMs = 5;
constexpr std::string_view kMark = "@trouble ";
constexpr const char* kEventHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
constexpr const char* kJsonHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

std::string Chunk(const std::string& bytes) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

std::string Delta(const std::string& text, const char* finish = "null") {
  return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"},\"finish_reason\":" + finish +
         "}]}\n\n";
}

/// With a body of the length that it says.
std::string Whole(const std::string& head, const std::string& body) {
  return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::vector<Trouble> MakeTroubles() {
  using enum Trouble::Then;
  const std::string chunked = std::string(kEventHead) + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string half = chunked + Chunk(Delta("前半"));
  const std::string good = Delta(std::string(GoodAnswer())) + Delta("", "\"stop\"") + "data: [DONE]\n\n";
  const std::string filler(16 * 1024, 'x');
  std::string comments;
  while (comments.size() < filler.size()) comments += ": keep-alive\n\n";
  std::string deep = "{\"choices\":";
  deep.append(20'000, '[');
  return {
      {"good", chunked + Chunk(good) + "0\r\n\r\n", kKeep},
      // slow and hanging
      {"never answers", "", kSilence},
      {"half a head", "HTTP/1.1 200 OK\r\nContent-Ty", kSilence},
      {"head only", chunked, kSilence},
      {"comments for ever", chunked, kDribble, Chunk(": keep-alive\n\n")},
      {"reasoning for ever", chunked, kDribble,
       Chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"嗯\"}}]}\n\n")},
      {"a byte at a time", kEventHead, kDribble, "X"},
      {"half an answer, then silence", half, kSilence},
      // dead
      {"closes at once", "", kClose},
      {"resets at once", "", kReset},
      {"cut in the head", "HTTP/1.1 200 OK\r\nContent-Ty", kClose},
      {"cut in the answer", half, kClose},
      {"reset in the answer", half, kReset},
      // lying
      {"garbage", std::string("\x16\x03\x01\x00\xff\xfe garbage \r\n\r\n \x00\x01", 22), kClose},
      {"length too long", std::string(kJsonHead) + "Content-Length: 5000\r\n\r\n{\"choices\":[]}", kClose},
      {"length too long, then silence", std::string(kJsonHead) + "Content-Length: 5000\r\n\r\n{}", kSilence},
      {"length too short", std::string(kJsonHead) + "Content-Length: 5\r\n\r\n{\"choices\":[]}", kKeep},
      {"length below zero", std::string(kJsonHead) + "Content-Length: -7\r\n\r\n{}", kClose},
      {"chunk without a size", chunked + "zz\r\nnothing\r\n", kSilence},
      {"chunk of endless size", chunked + "ffffffffffffffff\r\n" + good, kSilence},
      {"says gzip, is not", std::string(kEventHead) + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + good,
       kClose},
      {"says JSON, is HTML", Whole(kJsonHead, "<html><body>502</body></html>"), kKeep},
      {"not text",
       Whole(kEventHead, "data: \xff\xfe\xfd\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\xc3\"}}]}\n\n"), kKeep},
      {"nested without end", Whole(kJsonHead, deep), kKeep},
      {"empty answer", Whole(kEventHead, "data: [DONE]\n\n"), kKeep},
      {"error in the stream", half + Chunk("data: {\"error\":{\"code\":\"server_error\"}}\n\n") + "0\r\n\r\n", kKeep},
      {"redirect", "HTTP/1.1 302 Found\r\nLocation: /v1/chat/completions\r\nContent-Length: 0\r\n\r\n", kKeep},
      // refusing
      {"429", Whole("HTTP/1.1 429 No\r\nRetry-After: 99999999999999999999\r\n", "{\"error\":{\"code\":\"slow\"}}"),
       kKeep},
      {"500", Whole("HTTP/1.1 500 No\r\n", "{\"error\":\"broken\"}"), kKeep},
      {"503 without end", "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunk("wait"), kSilence},
      // endless
      {"endless head", "HTTP/1.1 200 OK\r\n", kFlood, "X-Filler: " + filler.substr(0, 8000) + "\r\n"},
      {"endless head line", "HTTP/1.1 200 OK\r\nX-Filler: ", kFlood, filler},
      {"endless 100s", "", kFlood, "HTTP/1.1 100 Continue\r\n\r\n"},
      {"endless line", chunked + Chunk("data: "), kFlood, Chunk(filler)},
      {"endless comments", chunked, kFlood, Chunk(comments)},
      {"endless JSON", std::string(kJsonHead) + "\r\n{\"choices\":\"", kFlood, filler},
      {"endless error", "HTTP/1.1 500 No\r\n\r\n", kFlood, filler},
  };
}

}  // namespace

const std::vector<Trouble>& Troubles() {
  static const std::vector<Trouble> kTroubles = MakeTroubles();
  return kTroubles;
}

std::string_view GoodAnswer() { return "这是完整的回答。"; }

size_t TroubleNamed(std::string_view name) {
  for (size_t i = 0; i < Troubles().size(); ++i) {
    if (Troubles()[i].name == name) return i;
  }
  std::abort();
}

std::string QuestionFor(size_t trouble) { return "问题 " + std::string(kMark) + std::to_string(trouble) + " @"; }

TroubleUpstream::TroubleUpstream(Priority priority)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 4096) != 0) std::abort();
  ::getsockname(listener_, generic, &size);
  port_ = ntohs(address.sin_port);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  thread_ = std::thread([this, priority] { Run(priority); });
}

TroubleUpstream::~TroubleUpstream() {
  stop_ = true;
  thread_.join();
  while (!open_.empty()) End(open_.begin()->first);
  ::close(epoll_);
  ::close(listener_);
}

void TroubleUpstream::Run(Priority priority) {
  if (priority == Priority::kLowest) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);
  std::array<epoll_event, 256> events;
  auto dribble_at = std::chrono::steady_clock::now();
  while (!stop_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kTickMs);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      const int fd = event.data.fd;
      if (fd == listener_) {
        Accept();
        continue;
      }
      if ((event.events & ~uint32_t{EPOLLOUT}) != 0) Receive(fd);
      if ((event.events & EPOLLOUT) != 0) Advance(fd);
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < dribble_at) continue;
    dribble_at = now + std::chrono::milliseconds(kTickMs);
    Dribble();
  }
}

void TroubleUpstream::Accept() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    open_[fd];
    ++connections_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void TroubleUpstream::Receive(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end()) return;
  std::array<char, 16384> buffer;
  const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return End(fd);
  Connection& connection = found->second;
  connection.received.append(buffer.data(), static_cast<size_t>(count));
  const char* all = connection.received.c_str();
  const char* body = std::strstr(all, "\r\n\r\n");
  const char* length = ::strcasestr(all, "\ncontent-length:");
  if (body == nullptr || length == nullptr) return;
  const size_t whole = static_cast<size_t>(body - all) + 4 + std::strtoul(length + 16, nullptr, 10);
  if (connection.received.size() >= whole) Begin(fd, connection);
}

void TroubleUpstream::Begin(int fd, Connection& connection) {
  const size_t mark = connection.received.rfind(kMark);
  const size_t index =
      mark == std::string::npos ? 0 : std::strtoul(connection.received.c_str() + mark + kMark.size(), nullptr, 10);
  connection.received.clear();
  connection.trouble = &Troubles().at(index);
  connection.unsent += connection.trouble->bytes;
  ++calls_;
  Advance(fd);
}

/// Sends what the socket takes, and then does what comes after.
void TroubleUpstream::Advance(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end() || found->second.trouble == nullptr) return;
  Connection& connection = found->second;
  const bool flood = connection.trouble->then == Trouble::Then::kFlood;
  if (connection.unsent.empty() && flood) connection.unsent = connection.trouble->more;
  if (!connection.unsent.empty()) {
    const ssize_t sent = ::send(fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return End(fd);
    if (sent > 0) connection.unsent.erase(0, static_cast<size_t>(sent));
  }
  Want(fd, flood || !connection.unsent.empty());
  if (!connection.unsent.empty()) return;
  if (connection.trouble->then == Trouble::Then::kReset) {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  if (connection.trouble->then == Trouble::Then::kReset || connection.trouble->then == Trouble::Then::kClose) {
    End(fd);
  } else if (connection.trouble->then == Trouble::Then::kKeep) {
    connection.trouble = nullptr;
  }
}

void TroubleUpstream::Dribble() {
  std::vector<int> due;
  for (auto& [fd, connection] : open_) {
    if (connection.trouble == nullptr || connection.trouble->then != Trouble::Then::kDribble) continue;
    connection.unsent += connection.trouble->more;
    due.push_back(fd);
  }
  for (const int fd : due) Advance(fd);
}

void TroubleUpstream::Want(int fd, bool to_write) const {
  epoll_event event{};
  event.events = to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void TroubleUpstream::End(int fd) {
  open_.erase(fd);
  ::close(fd);
}

}  // namespace yingda::testing
