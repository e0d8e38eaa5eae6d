// SPDX-License-Identifier: MIT
#include "app/reload_worker.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

namespace yingda::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kLastMoment = 3s;

/// A count that one thread adds to and another waits for.
class Bell {
 public:
  explicit Bell(int flags) : fd_(::eventfd(0, EFD_CLOEXEC | flags)) {}
  ~Bell() {
    if (fd_ >= 0) ::close(fd_);
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  int fd() const { return fd_; }
  void Ring() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t told = ::write(fd_, &one, sizeof one);
  }
  void Hear() const {
    uint64_t count = 0;
    while (::read(fd_, &count, sizeof count) < 0 && errno == EINTR) {
    }
  }

 private:
  const int fd_;
};

/// As the kernel has it; the C library has no name for it.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = SCHED_BATCH;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;  // nanoseconds, as are those that follow
  uint64_t deadline = 0;
  uint64_t period = 0;
};

/// The calling thread gives way to whoever serves.
void GiveWay() {
  // Not SCHED_IDLE: on a machine that is busy all the time an edit would wait for minutes. At this niceness it gets
  // about a tenth of what each busy thread gets. In short turns: since Linux 6.6, who wakes waits for a turn to end.
  SchedulingAttributes attributes;
  attributes.nice = 10;
  attributes.runtime = 100'000;
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0U) == 0) return;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), attributes.nice);
}

}  // namespace

struct ReloadWorker::Shared {
  Bell wanted{0};
  Bell done{EFD_NONBLOCK};
  Bell ended{EFD_NONBLOCK};
  std::atomic<ReloadJob*> job{nullptr};
  std::atomic<ReloadOutcome*> outcome{nullptr};
  std::atomic<bool> stopping{false};

  ~Shared() {
    delete job.load();
    delete outcome.load();
  }
};

base::Result<std::unique_ptr<ReloadWorker>> ReloadWorker::Start() {
  auto shared = std::make_shared<Shared>();
  if (shared->wanted.fd() < 0 || shared->done.fd() < 0 || shared->ended.fd() < 0) {
    return base::Error{base::ErrorCode::kUnavailable, "eventfd: no more file descriptors; raise the limit (ulimit -n)"};
  }
  std::unique_ptr<ReloadWorker> worker(new ReloadWorker(shared));
  try {
    worker->thread_ = std::thread([shared] { Work(*shared); });
  } catch (const std::system_error& error) {
    return base::Error{base::ErrorCode::kUnavailable, std::string("no thread to load files: ") + error.what()};
  }
  return worker;
}

ReloadWorker::~ReloadWorker() { Join(kLastMoment); }

void ReloadWorker::Run(ReloadJob job) {
  delete shared_->job.exchange(new ReloadJob(std::move(job)));
  shared_->wanted.Ring();
}

int ReloadWorker::done_fd() const { return shared_->done.fd(); }

std::unique_ptr<ReloadOutcome> ReloadWorker::Take() {
  shared_->done.Hear();
  return std::unique_ptr<ReloadOutcome>(shared_->outcome.exchange(nullptr));
}

bool ReloadWorker::Join(base::Duration at_most) {
  if (!thread_.joinable()) return !left_behind_;
  shared_->stopping = true;
  shared_->wanted.Ring();
  pollfd ended{shared_->ended.fd(), POLLIN, 0};
  const auto until = std::chrono::steady_clock::now() + at_most;
  int ready = 0;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    ready = ::poll(&ended, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  left_behind_ = ready <= 0;
  if (left_behind_) {
    thread_.detach();
  } else {
    thread_.join();
  }
  return !left_behind_;
}

void ReloadWorker::Work(Shared& shared) {
  GiveWay();
  for (;;) {
    shared.wanted.Hear();
    if (shared.stopping) break;
    std::unique_ptr<ReloadJob> job(shared.job.exchange(nullptr));
    if (!job) continue;
    auto outcome = std::make_unique<ReloadOutcome>(RunReload(std::move(*job)));
    job.reset();
    delete shared.outcome.exchange(outcome.release());
    shared.done.Ring();
  }
  shared.ended.Ring();
}

}  // namespace yingda::app
