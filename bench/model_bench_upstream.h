// SPDX-License-Identifier: MIT
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "serve_bench_subjects.h"

namespace yingda::bench {

/// Moments of one call in monotonic nanoseconds, which all processes of a machine share.
struct CallTimes {
  std::atomic<int64_t> asked;       // the upstream read the end of the request
  std::atomic<int64_t> arrived;     // that end came to the upstream's socket
  std::atomic<int64_t> first_sent;  // just before the first token went out
  std::atomic<int64_t> last_sent;   // just before the end of the stream went out
};

/// The calls of one run in memory that survives fork(): the upstream writes, whoever measures reads.
class SharedCalls {
 public:
  explicit SharedCalls(size_t calls);
  ~SharedCalls();
  SharedCalls(const SharedCalls&) = delete;
  SharedCalls& operator=(const SharedCalls&) = delete;

  CallTimes& operator[](size_t call) { return times_[call]; }
  size_t size() const { return size_; }

 private:
  const size_t size_;
  CallTimes* const times_;
};

/// What the upstream is to do with a call; travels in the question, so that nothing on the way has to know of it.
struct CallPlan {
  size_t call = 0;  // its place in SharedCalls
  /// More than zero: no token until so many calls are open, and then they take turns, evenly spread.
  size_t together = 0;
  int tokens = 0;
  int every_us = 0;
  int first_after_us = 0;  // of calls that do not wait for others

  std::string Question() const;
};

/// One token of every answer, and what `tokens` of them make.
std::string_view TokenText();
std::string AnswerText(int tokens);
/// One event as a provider sends it, "data: {...}" and a blank line.
std::string TokenEvent();
/// The bytes of the body that come before the first token: the event with the role.
size_t BytesBeforeFirstToken();

/// An OpenAI-compatible server that costs as little as one can: one thread, epoll, bytes made beforehand. For a
/// SubjectProcess.
Serving StartBenchUpstream(SharedCalls& calls);

/// Waits as epoll_wait does until `until` in monotonic nanoseconds, to the microsecond.
int WaitUntil(int epoll, epoll_event* events, int most, int64_t until);

}  // namespace yingda::bench
