// SPDX-License-Identifier: MIT
#include "simulator/virtual_clock.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>

namespace yingda::simulator {
namespace {

// Far enough from zero that nothing subtracts below it; the calendar's beginning is any fixed day.
constexpr base::Duration kStart = std::chrono::hours(1);
constexpr base::WallTime kWallStart{std::chrono::seconds(1'800'000'000)};

base::Error Failure(const char* what) {
  return {base::ErrorCode::kUnavailable, std::string("virtual clock: ") + what + ": " + std::strerror(errno)};
}

}  // namespace

struct VirtualClock::Shared {
  std::atomic<int64_t> elapsed_ns;
  static_assert(std::atomic<int64_t>::is_always_lock_free, "it is shared between processes");
};

class VirtualClock::Subscription final : public base::ClockSubscription {
 public:
  Subscription(VirtualClock& clock, std::list<std::function<void()>>::iterator at) : clock_(clock), at_(at) {}
  ~Subscription() override {
    std::lock_guard lock(clock_.listeners_mutex_);
    clock_.listeners_.erase(at_);
  }

 private:
  VirtualClock& clock_;
  std::list<std::function<void()>>::iterator at_;
};

base::Result<std::unique_ptr<VirtualClock>> VirtualClock::Map(int fd) {
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    const base::Error failure = Failure("mmap");
    close(fd);
    return failure;
  }
  return std::unique_ptr<VirtualClock>(new VirtualClock(fd, static_cast<Shared*>(memory)));
}

base::Result<std::unique_ptr<VirtualClock>> VirtualClock::Create() {
  const int fd = memfd_create("yingda-virtual-clock", MFD_CLOEXEC);
  if (fd < 0) return Failure("memfd_create");
  if (ftruncate(fd, sizeof(Shared)) != 0) {
    const base::Error failure = Failure("ftruncate");
    close(fd);
    return failure;
  }
  YINGDA_TRY(auto clock, Map(fd));
  new (clock->shared_) Shared{kStart.count()};
  return clock;
}

base::Result<std::unique_ptr<VirtualClock>> VirtualClock::Attach(int fd) { return Map(fd); }

VirtualClock::~VirtualClock() {
  munmap(shared_, sizeof(Shared));
  close(fd_);
}

base::TimePoint VirtualClock::Now() const { return base::TimePoint(base::Duration(shared_->elapsed_ns.load())); }

base::WallTime VirtualClock::WallNow() const { return kWallStart + base::Duration(shared_->elapsed_ns.load()); }

base::Duration VirtualClock::RealTimeUntil(base::TimePoint deadline) const {
  return deadline <= Now() ? base::Duration::zero() : base::Duration::max();
}

std::unique_ptr<base::ClockSubscription> VirtualClock::OnJump(std::function<void()> wake) {
  std::lock_guard lock(listeners_mutex_);
  listeners_.push_front(std::move(wake));
  return std::make_unique<Subscription>(*this, listeners_.begin());
}

void VirtualClock::Advance(base::Duration by) {
  shared_->elapsed_ns += by.count();
  Wake();
}

void VirtualClock::Wake() {
  std::lock_guard lock(listeners_mutex_);
  for (auto& wake : listeners_) wake();
}

}  // namespace yingda::simulator
