// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace yingda::model {

/// Keeps questions away from an upstream that fails, and lets single ones through to find out when it is well again.
/// Closed: all may go. Open: none, for a pause that doubles with each probe that fails. Half open, when the pause is
/// over: one probe at a time. Pure; times are the caller's. Not thread-safe. Cost: constant.
class CircuitBreaker {
 public:
  struct Options {
    base::Duration window = std::chrono::seconds(30);
    int least_samples = 5;       // fewer in the window never open it
    double failing_share = 0.5;  // this share of failures or more does
    base::Duration first_pause = std::chrono::seconds(5);
    base::Duration longest_pause = std::chrono::seconds(60);
  };
  enum class State { kClosed, kHalfOpen, kOpen };

  CircuitBreaker() : CircuitBreaker(Options{}) {}
  explicit CircuitBreaker(const Options& options) : options_(options) {}

  State StateAt(base::TimePoint now) const;
  bool Allows(base::TimePoint now) const;
  /// When it may let the next one through; the past if it does so now.
  base::TimePoint AllowsFrom() const;

  /// A call that it allowed is on its way; each ends with exactly one of the three below. True: it is the probe, which
  /// is to be told when it ends.
  bool Began(base::TimePoint now);
  void Succeeded(base::TimePoint now);
  void Failed(base::TimePoint now, bool probe);
  /// It ended in a way that tells nothing of the upstream's health.
  void Ended(bool probe);

 private:
  static constexpr size_t kSlices = 10;
  struct Slice {
    int64_t number = -1;  // of its time; an old one is empty
    int calls = 0;
    int failures = 0;
  };

  Slice& SliceAt(base::TimePoint now);
  void Open(base::TimePoint now);

  const Options options_;
  std::array<Slice, kSlices> slices_{};
  bool open_ = false;
  bool probing_ = false;
  base::Duration pause_{};
  base::TimePoint open_until_{};
};

}  // namespace yingda::model
