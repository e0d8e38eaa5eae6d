// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

namespace yingda::model {

/// Lets at most a share of the questions be asked twice: each question pays in its share, each second call takes one
/// out. A few are saved up for a bad moment, and as many are there at the start. Pure; not thread-safe.
class HedgeBudget {
 public:
  explicit HedgeBudget(double share, double most_saved = 10)
      : share_(share), most_saved_(most_saved), saved_(share > 0 ? most_saved / 2 : 0) {}

  void Asked() { saved_ = std::min(saved_ + share_, most_saved_); }
  bool Take() {
    if (saved_ < 1) return false;
    saved_ -= 1;
    return true;
  }

 private:
  const double share_;
  const double most_saved_;
  double saved_;
};

}  // namespace yingda::model
