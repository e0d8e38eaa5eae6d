// SPDX-License-Identifier: MIT
#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace yingda::net {
namespace {

constexpr int kEventsAtOnce = 256;
// A question posts once on its way to the model.
constexpr int kBorrowedBatches = 3;

int CheckedFd(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

/// Edge-triggered: it is told once and need not be read.
void AddToEpoll(int epoll_fd, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = static_cast<uint32_t>(fd);
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

}  // namespace

EventLoop::EventLoop(base::Clock& clock)
    : clock_(clock),
      epoll_fd_(CheckedFd(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_fd_(CheckedFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
      timer_fd_(CheckedFd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")) {
  AddToEpoll(epoll_fd_, wake_fd_);
  AddToEpoll(epoll_fd_, timer_fd_);
  jump_subscription_ = clock_.OnJump([this] {
    clock_jumped_ = true;
    Wake();
  });
  thread_ = std::thread([this] { Run(); });
}

EventLoop::~EventLoop() {
  Stop();
  jump_subscription_.reset();
  ::close(epoll_fd_);
  ::close(wake_fd_);
  ::close(timer_fd_);
}

void EventLoop::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
}

void EventLoop::Post(Function function) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    posted_.push_back(std::move(function));
    if (busy_ || posted_.size() > 1) return;  // else the first one's wake-up is still under way
  }
  Wake();
}

EventLoop::TimerId EventLoop::At(base::TimePoint when, Function function) {
  TimerId id = 0;
  bool must_wake = false;
  {
    std::lock_guard lock(mutex_);
    id = next_timer_++;
    const auto [at, inserted] = timers_.emplace(TimerKey{when, id}, std::move(function));
    timer_times_.emplace(id, when);
    must_wake = at == timers_.begin() && !busy_;
  }
  if (must_wake) Wake();
  return id;
}

bool EventLoop::Cancel(TimerId id) {
  Function dropped;  // destroyed after the lock: a function's captures may do anything
  std::lock_guard lock(mutex_);
  const auto time = timer_times_.find(id);
  if (time == timer_times_.end()) return false;
  const auto timer = timers_.find({time->second, id});
  dropped = std::move(timer->second);
  timers_.erase(timer);
  timer_times_.erase(time);
  return true;
}

void EventLoop::Watch(int fd, uint32_t events, std::function<void(uint32_t)> function) {
  const uint32_t generation = next_generation_++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = uint64_t{generation} << 32 | static_cast<uint32_t>(fd);
  const bool known = watchers_.contains(fd);
  watchers_[fd] = {generation, std::make_shared<std::function<void(uint32_t)>>(std::move(function))};
  // A descriptor that was closed and came back under the same number is gone from epoll although we still know it.
  if (epoll_ctl(epoll_fd_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    epoll_ctl(epoll_fd_, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
  }
}

void EventLoop::Unwatch(int fd) {
  if (watchers_.erase(fd) > 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

bool EventLoop::Idle() const {
  std::lock_guard lock(mutex_);
  if (busy_ || thread_waits_ || !posted_.empty()) return false;
  return timers_.empty() || timers_.begin()->first.when > clock_.Now();
}

void EventLoop::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t count = ::write(wake_fd_, &one, sizeof one);
}

bool EventLoop::GiveUpTurn() {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (!posted_.empty() || stopping_) return false;
    const base::TimePoint first = timers_.empty() ? base::TimePoint::max() : timers_.begin()->first.when;
    if (first < base::TimePoint::max()) {
      const bool jumped = clock_jumped_.exchange(false);
      // Armed for an earlier time, whose timer was cancelled, it wakes the loop once in vain: that costs less than
      // setting it anew on every turn.
      if (jumped || armed_for_ > first || armed_for_ <= clock_.Now()) {
        // Without the lock: where the kernel is the guest of another one, that one may take the processor at this call.
        lock.unlock();
        const base::Duration left = clock_.RealTimeUntil(first);
        if (left <= base::Duration::zero()) return false;
        ArmTimer(first, left);
        continue;
      }
    }
    runner_.store(std::thread::id(), std::memory_order_relaxed);
    busy_ = false;
    break;
  }
  turn_given_up_.notify_one();
  return true;
}

void EventLoop::TakeTurn() {
  std::unique_lock lock(mutex_);
  thread_waits_ = true;
  turn_given_up_.wait(lock, [this] { return !busy_; });
  thread_waits_ = false;
  busy_ = true;
  runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

void EventLoop::RunOrPost(Function function) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    // What was posted before goes first, and its wake-up is under way; so does what the loop's own thread woke up for,
    // or those who borrow the turn could pass it round among themselves.
    const bool asleep = !busy_ && !thread_waits_ && posted_.empty();
    if (!asleep) {
      posted_.push_back(std::move(function));
      return;
    }
    busy_ = true;
    runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  }
  RunHere(function);
}

void EventLoop::RunHere(Function& function) noexcept {
  function();
  function = nullptr;
  for (int i = 0; i < kBorrowedBatches && RunPosted(); ++i) {
  }
  if (GiveUpTurn()) return;
  {
    std::lock_guard lock(mutex_);
    runner_.store(std::thread::id(), std::memory_order_relaxed);
    busy_ = false;
  }
  turn_given_up_.notify_one();
  Wake();
}

void EventLoop::ArmTimer(base::TimePoint when, base::Duration left) {
  itimerspec timer{};  // all zero: none, as the jump of a hand-moved clock wakes the loop
  if (left < base::Duration::max()) {
    timer.it_value.tv_sec = left.count() / 1'000'000'000;
    timer.it_value.tv_nsec = left.count() % 1'000'000'000;
  }
  timerfd_settime(timer_fd_, 0, &timer, nullptr);
  armed_for_ = when;
}

bool EventLoop::RunPosted() {
  std::vector<Function> batch;
  {
    std::lock_guard lock(mutex_);
    batch.swap(posted_);
  }
  for (Function& function : batch) {
    function();
    function = nullptr;
  }
  return !batch.empty();
}

void EventLoop::RunDueTimers() {
  const base::TimePoint now = clock_.Now();
  for (;;) {
    Function due;
    {
      std::lock_guard lock(mutex_);
      if (timers_.empty() || timers_.begin()->first.when > now) return;
      due = std::move(timers_.begin()->second);
      timer_times_.erase(timers_.begin()->first.id);
      timers_.erase(timers_.begin());
    }
    due();
  }
}

void EventLoop::Run() {
  std::array<epoll_event, kEventsAtOnce> events;
  bool has_turn = true;
  runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  for (;;) {
    const int count = epoll_wait(epoll_fd_, events.data(), kEventsAtOnce, has_turn ? 0 : -1);
    if (!has_turn) TakeTurn();
    RunPosted();
    for (int i = 0; i < count; ++i) {
      const uint64_t key = events[static_cast<size_t>(i)].data.u64;
      const auto watcher = watchers_.find(static_cast<int>(key & UINT32_MAX));
      // A wake-up; or unwatched since, by an earlier event of this round or by who had the turn before.
      if (watcher == watchers_.end() || watcher->second.generation != key >> 32) continue;
      const auto function = watcher->second.function;  // may unwatch itself
      (*function)(events[static_cast<size_t>(i)].events);
    }
    RunDueTimers();
    {
      std::lock_guard lock(mutex_);
      if (stopping_ && posted_.empty()) break;
    }
    has_turn = !GiveUpTurn();
  }
  runner_.store(std::thread::id(), std::memory_order_relaxed);
}

}  // namespace yingda::net
