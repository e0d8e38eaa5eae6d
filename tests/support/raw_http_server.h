// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace yingda::testing {

/// One connection of a RawHttpServer, on a thread of its own.
class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}

  /// The next request, head and body; empty when the client is gone.
  std::string ReadRequest() {
    for (;;) {
      const size_t head = buffer_.find("\r\n\r\n");
      if (head != buffer_.npos) {
        const size_t end = head + 4 + ContentLength(buffer_.substr(0, head));
        if (buffer_.size() >= end) {
          std::string request = buffer_.substr(0, end);
          buffer_.erase(0, end);
          return request;
        }
      }
      if (!ReadMore()) return {};
    }
  }
  bool Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }
  /// Returns when the client closes the connection (or the server is torn down).
  void WaitForClose() {
    while (ReadMore()) buffer_.clear();
  }
  /// Ends the connection with RST instead of FIN.
  void Reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  int fd() const { return fd_; }

 private:
  static size_t ContentLength(const std::string& head) {
    const char* at = ::strcasestr(head.c_str(), "\ncontent-length:");
    return at == nullptr ? 0 : std::stoul(at + std::strlen("\ncontent-length:"));
  }
  bool ReadMore() {
    char bytes[16 * 1024];
    const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(count));
    return true;
  }

  const int fd_;
  std::string buffer_;
};

/// A server that sends exactly the bytes a test wants, right or wrong, on a free port of 127.0.0.1.
class RawHttpServer {
 public:
  using Handler = std::function<void(RawConnection&)>;

  explicit RawHttpServer(Handler handler) : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    sockaddr* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 1024) != 0) std::abort();
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~RawHttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  int port() const { return port_; }
  std::string Url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  int connections() const { return connections_; }
  /// New connections are refused from now on.
  void Refuse() { ::shutdown(listener_, SHUT_RDWR); }

 private:
  void Accept() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      ++connections_;
      std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] {
        RawConnection connection(fd);
        handler_(connection);
        std::lock_guard closing(mutex_);
        open_.remove(fd);
        ::close(fd);
      });
    }
  }

  const Handler handler_;
  const int listener_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::list<int> open_;
  std::vector<std::thread> threads_;
};

}  // namespace yingda::testing
