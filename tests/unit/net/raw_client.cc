// SPDX-License-Identifier: MIT
#include "unit/net/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace yingda::testing {
namespace {

bool WaitFor(int fd, short events, std::chrono::milliseconds patience) {
  pollfd state{.fd = fd, .events = events, .revents = 0};
  return ::poll(&state, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

RawClient::RawClient(int port, int receive_buffer_bytes) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_bytes > 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Close();
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}

bool RawClient::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!WaitFor(fd_, POLLOUT, std::chrono::seconds(1))) return false;
    } else if (count < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool RawClient::Fill(std::chrono::milliseconds patience) {
  if (fd_ < 0 || !WaitFor(fd_, POLLIN, patience)) return false;
  std::array<char, 65536> buffer;
  const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  received_.append(buffer.data(), static_cast<size_t>(count));
  return true;
}

std::string RawClient::ReceiveUntil(std::string_view end) {
  size_t at = std::string::npos;
  while ((at = received_.find(end)) == std::string::npos) {
    if (!Fill()) return std::exchange(received_, {});
  }
  std::string taken = received_.substr(0, at + end.size());
  received_.erase(0, at + end.size());
  return taken;
}

std::optional<RawResponse> RawClient::Receive(bool to_head, std::chrono::milliseconds patience) {
  size_t head_end = std::string::npos;
  while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill(patience)) return std::nullopt;
  }
  RawResponse response;
  response.head = ReceiveUntil("\r\n\r\n");
  if (response.head.size() > 12) response.status = std::stoi(response.head.substr(9, 3));
  size_t line = response.head.find("\r\n") + 2;
  while (line < response.head.size() - 2) {
    const size_t end = response.head.find("\r\n", line);
    const size_t colon = response.head.find(": ", line);
    std::string name = response.head.substr(line, colon - line);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    response.headers[name] = response.head.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  if (to_head) return response;
  if (response.headers["transfer-encoding"] == "chunked") {
    for (;;) {
      const std::string size = ReceiveUntil("\r\n");
      if (size.size() < 3) return std::nullopt;
      const size_t length = std::stoul(size, nullptr, 16);
      while (received_.size() < length + 2) {
        if (!Fill(patience)) return std::nullopt;
      }
      response.body.append(received_, 0, length);
      received_.erase(0, length + 2);
      if (length == 0) return response;
    }
  }
  const size_t length =
      response.headers.contains("content-length") ? std::stoul(response.headers["content-length"]) : 0;
  while (received_.size() < length) {
    if (!Fill(patience)) return std::nullopt;
  }
  response.body = received_.substr(0, length);
  received_.erase(0, length);
  return response;
}

bool RawClient::ClosedByServer() {
  if (!received_.empty() || !WaitFor(fd_, POLLIN, std::chrono::seconds(20))) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

bool RawClient::Silent() { return received_.empty() && !WaitFor(fd_, POLLIN, std::chrono::milliseconds(0)); }

void RawClient::FinishSending() const { ::shutdown(fd_, SHUT_WR); }

void RawClient::Reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  Close();
}

void RawClient::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string Post(std::string_view path, std::string_view body, std::string_view more_headers) {
  std::string request = "POST ";
  request.append(path).append(" HTTP/1.1\r\nHost: test\r\nContent-Length: ").append(std::to_string(body.size()));
  return request.append("\r\n").append(more_headers).append("\r\n").append(body);
}

std::string Get(std::string_view path, std::string_view more_headers) {
  std::string request = "GET ";
  return request.append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(more_headers).append("\r\n");
}

}  // namespace yingda::testing
