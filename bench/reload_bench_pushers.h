// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace yingda::bench {

/// Each set of rules has a number, which the first and the last rule of its file answer with.
inline const std::array<std::string, 2> kAsks = {"甲问", "乙问"};
inline bool IsBroken(int number) { return number % 3 == 2; }

/// What the editing and the pushing processes tell each other: in memory that they share.
struct Board {
  std::atomic<int> written{0};   // the newest number that may be in a file
  std::atomic<int> in_force{0};  // the newest that was seen to be in force
  std::atomic<bool> stop{false};
};

/// Of one phase. Milliseconds from when the push was sent, or, where the reply before it kept it waiting, was due,
/// until the reply was at the client's socket: how long the client itself sleeps on is not the server's.
struct PushResult {
  std::vector<double> milliseconds;  // sorted
  std::vector<std::string> wrong;    // lost, or of no set that may be in force
};

/// Two processes, each with one connection, that push at a fixed pace and check every reply: it is of one set, never
/// of an older one than before or than the one in force, and never of a broken one.
class Pushers {
 public:
  static constexpr double kPushesPerSecond = 250;  // each

  Pushers(int port, Board& board, size_t& next_number);
  /// Ends them.
  PushResult End();

 private:
  Board& board_;
  std::array<pid_t, 2> processes_{};
  std::array<int, 2> results_{};
};

}  // namespace yingda::bench
