// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "model_bench_upstream.h"

namespace yingda::bench {

inline constexpr int kTokensOfAddedAnswers = 20;

/// The whole application with its store, whose only upstream is the one at `upstream_port`. For a SubjectProcess.
Serving StartAnsweringApplication(int upstream_port);

/// Microseconds of each message and its answer.
struct WayTimes {
  std::vector<double> out;   // request sent by the client -> whole at the upstream
  std::vector<double> back;  // the upstream's last byte sent -> the answer's last byte at the client
  std::vector<double> all;   // both
};

struct AddedTimes {
  WayTimes sockets;  // to the arrival at the other end's socket: all that lies between the client and the upstream
  WayTimes ends;     // until the other end has read it, its being woken included
  size_t asked = 0;
  size_t answered = 0;  // with the whole right answer
  // Of the processors' time meanwhile, what the host of this virtual machine gave to others: 0 to 1.
  double stolen = 0;
};

/// How questions follow each other.
enum class Arrivals {
  kAtRandom,  // as those of followers who know nothing of each other (a Poisson process, the same in every run)
  kEvenly,    // at one pace. Their tokens, whose pace is a multiple of it, then all come at the same moments
};

/// Asks `count` questions, each on a connection that nobody else uses meanwhile, and waits for their
/// answers. Open loop: a slow answer delays no question.
class AddedLoad {
 public:
  enum class Through { kApplication, kNothing };

  /// Connects `connections` times, and again when a question finds all of them in use or closed.
  AddedLoad(Through through, int port, size_t connections);
  ~AddedLoad();
  AddedLoad(const AddedLoad&) = delete;
  AddedLoad& operator=(const AddedLoad&) = delete;

  /// `first_call` is the first of `count` places in `calls` that nobody has used.
  void Run(Arrivals arrivals, int per_second, size_t count, SharedCalls& calls, size_t first_call, AddedTimes& times);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace yingda::bench
