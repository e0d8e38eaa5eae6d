// SPDX-License-Identifier: MIT
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace yingda::base {

/// A detached coroutine: runs at once up to its first wait, and frees itself at its end. Whoever completes what it
/// waits for resumes it, on the completing thread, so completions must be posted to the thread, or the event loop, that
/// the coroutine belongs to. Errors: a coroutine must not throw; an exception that leaves it ends the process.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// GCC 12 destroys a temporary of a conditional expression inside a co_await expression twice, so what is passed there
/// has a name: `std::vector<X> xs = …; co_await F(xs);`. The same happens to a lambda with captures there, so such
/// calls are made in a function of their own.
///
/// Turns an asynchronous call into something to wait for:
///   auto row = co_await Completion<Row>([&](auto done) { store.Load(key, std::move(done)); });
/// `start` is called with a function that must be called exactly once, at once or later.
/// Thread-safety: the start function and the completion must run on the coroutine's thread or,
/// where it lives on an event loop, on that loop, whichever thread has its turn.
template <typename T>
class Completion {
 public:
  template <typename Start>
  explicit Completion(Start start) : start_(std::move(start)) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    start_([this](T value) {
      value_.emplace(std::move(value));
      if (suspended_) waiting_.resume();
    });
    // A completion that came at once goes on without suspending, so that deep chains do not grow the stack.
    suspended_ = !value_.has_value();
    return suspended_;
  }
  T await_resume() { return std::move(*value_); }

 private:
  std::function<void(std::function<void(T)>)> start_;
  std::coroutine_handle<> waiting_;
  std::optional<T> value_;
  bool suspended_ = false;
};

}  // namespace yingda::base
