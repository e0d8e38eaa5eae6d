// SPDX-License-Identifier: MIT
#include "model_bench_commits.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "model_bench_added.h"
#include "model_bench_upstream.h"
#include "store_bench_bare.h"
#include "support/temp_dir.h"

namespace yingda::bench {
namespace {

constexpr std::string_view kPlanMark = "@plan ";

int NewSocket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) std::abort();
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

sockaddr_in Local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void SendAll(int fd, const std::string& bytes) {
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) std::abort();
}

/// Functions for one thread, which a descriptor or a condition wakes.
class Inbox {
 public:
  using Function = std::function<void()>;
  int fd() const { return fd_; }
  void Post(Function function) {
    {
      std::lock_guard lock(mutex_);
      functions_.push_back(std::move(function));
    }
    const uint64_t one = 1;
    if (::write(fd_, &one, sizeof one) < 0) std::abort();
  }
  void Run() {
    uint64_t ignored = 0;
    if (::read(fd_, &ignored, sizeof ignored) < 0) return;
    std::vector<Function> batch;
    {
      std::lock_guard lock(mutex_);
      batch.swap(functions_);
    }
    for (const Function& function : batch) function();
  }

 private:
  const int fd_ = ::eventfd(0, EFD_CLOEXEC);
  std::mutex mutex_;
  std::vector<Function> functions_;
};

void Watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

class BareCommits {
 public:
  explicit BareCommits(int upstream_port) : upstream_(Local(upstream_port)), store_(folder_.File("commits.db")) {
    store_.LeaveLog();  // moving it into the database is the business of yet another thread
    const sockaddr_in any = Local(0);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&any), sizeof any);
    ::listen(listener_, SOMAXCONN);
    std::thread([this] { Read(); }).detach();
    std::thread([this] { Talk(); }).detach();
    std::thread([this] {
      for (;;) to_write_.Run();
    }).detach();
  }
  int Port() const {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
  }

 private:
  struct Question {
    int client = -1;
    std::string plan, key, follower;
    std::string received;
  };
  using QuestionPointer = std::shared_ptr<Question>;

  /// The thread of the pushes.
  [[noreturn]] void Read() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    Watch(epoll, listener_);
    std::array<epoll_event, 64> events;
    std::array<char, 16384> buffer;
    for (;;) {
      const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == listener_) {
          const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
          const int one = 1;
          ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          Watch(epoll, accepted);
          continue;
        }
        // The load sends each push with one send, and the buffer holds any of them.
        const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
          ::close(fd);
          continue;
        }
        const std::string_view push(buffer.data(), static_cast<size_t>(got));
        const size_t mark = push.find(kPlanMark);
        if (mark == push.npos) std::abort();
        auto question = std::make_shared<Question>();
        question->client = fd;
        question->plan = push.substr(mark, push.find('@', mark + 1) - mark + 1);
        Accept(question);
      }
    }
  }

  /// Nobody between the thread that reads and the one that writes.
  void Accept(const QuestionPointer& question) {
    question->key = "main/" + std::to_string(7'000'000'000'000'000'000 + ++count_);
    question->follower = "oABCD1234efgh5678IJKL" + std::to_string(count_ % 1000);
    to_write_.Post([this, question] {
      store_.Accept(question->key, question->follower, count_, question->plan);
      talk_.Post([this, question] { Ask(question); });
    });
  }

  /// The thread of the upstream.
  [[noreturn]] void Talk() {
    Watch(epoll_, talk_.fd());
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        fd == talk_.fd() ? talk_.Run() : Receive(fd);
      }
    }
  }
  void Ask(const QuestionPointer& question) {
    if (idle_.empty()) {
      const int fd = NewSocket();
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&upstream_), sizeof upstream_) != 0) std::abort();
      Watch(epoll_, fd);
      idle_.push_back(fd);
    }
    const int fd = idle_.back();
    idle_.pop_back();
    asked_[fd] = question;
    SendAll(fd, "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: " + std::to_string(question->plan.size()) +
                    "\r\n\r\n" + question->plan);
  }
  void Receive(int fd) {
    std::array<char, 16384> buffer;
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) std::abort();
    const QuestionPointer question = asked_[fd];
    question->received.append(buffer.data(), static_cast<size_t>(got));
    if (!question->received.ends_with("\r\n0\r\n\r\n")) return;
    idle_.push_back(fd);
    to_write_.Post([this, question] {
      store_.Finish(question->key, question->follower, count_, question->plan, answer_);
      SendAll(question->client, reply_);  // no way back to any other thread
    });
  }

  const testing::TempDir folder_;
  const sockaddr_in upstream_;
  const int listener_ = NewSocket();
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  const std::string answer_ = AnswerText(kTokensOfAddedAnswers);
  const std::string reply_ =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer_.size()) + "\r\n\r\n" + answer_;
  Inbox talk_;
  Inbox to_write_;
  store::Bare store_;  // of the thread that writes
  std::unordered_map<int, QuestionPointer> asked_;
  std::vector<int> idle_;
  std::atomic<int64_t> count_ = 0;
};

}  // namespace

Serving StartBareCommits(int upstream_port) {
  const auto commits = std::make_shared<BareCommits>(upstream_port);
  return {commits->Port(), commits};
}

}  // namespace yingda::bench
