// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace yingda::bench {

using Messages = std::vector<std::string>;

/// CPU time of this thread.
double CpuSeconds();
/// Calls of operator new so far.
size_t Allocations();

struct Engine {
  std::string name;
  const Messages* messages;
  std::function<size_t(const std::string&)> run;  // the number of hits
  double build_ms = 0;
  double megabytes = 0;
  std::vector<double> seconds = {};  // by round
  size_t hits = 0;
  size_t allocated = 0;  // in the last round

  /// Microseconds a message.
  double Median();
};

/// Runs engines in turns, so that what else the machine does meets all of them.
class Bench {
 public:
  void Add(Engine engine) { engines_.push_back(std::move(engine)); }
  void Run(size_t rounds);
  /// Prints how the median of one relates to that of another, if both were run.
  void Ratio(const std::string& ours, const std::string& reference);
  /// Prints whether `value` keeps to `goal`.
  static void Goal(const std::string& what, double value, double goal, const char* unit);
  Engine* Named(const std::string& name);

 private:
  std::vector<Engine> engines_;
};

size_t BytesOf(const Messages& messages);

}  // namespace yingda::bench
