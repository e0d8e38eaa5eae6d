// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "simulator/soak.h"

namespace yingda::app {

/// What a run has shown, for a person. Pure.
std::string SummaryText(const simulator::Soak::Options& options, const simulator::Soak::Report& report);
/// The same as one JSON object and a line end, for programs. Pure.
std::string SummaryJson(const simulator::Soak::Options& options, const simulator::Soak::Report& report);

/// Where a run is, on standard error: one line that is written over in a terminal, else a line for each simulated
/// minute. Thread-safety: none.
class ProgressLine {
 public:
  ProgressLine();
  void Show(const simulator::Soak::Progress& progress);
  void End();

 private:
  const bool terminal_;
  bool shown_ = false;
  base::Duration next_{};
};

}  // namespace yingda::app
