// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "base/metrics.h"

namespace yingda::net {

/// The metrics of one listener. Each handle is looked up once, at the first use of its status code at the latest.
/// Thread-safety: all members.
class HttpMetrics {
 public:
  HttpMetrics(base::Metrics& metrics, std::string listener);

  void CountRequest(int status) {
    if (status < 0 || status >= kStatusEnd) status = 0;
    base::Counter* counter = requests_[static_cast<size_t>(status)].load(std::memory_order_acquire);
    (counter != nullptr ? *counter : RequestCounter(status)).Add();
  }

  base::Gauge& connections;
  base::Gauge& parked;
  base::Counter& rejected_connections;  // over the connection limit
  base::Counter& rejected_descriptors;  // the process has no file descriptor left
  base::Counter& rejected_malformed;
  base::Counter& rejected_too_large;
  base::Counter& rejected_slow;  // a timeout or a stream's limit cut the client off

 private:
  static constexpr int kStatusEnd = 600;
  base::Counter& RequestCounter(int status);

  base::Metrics& metrics_;
  const std::string listener_;
  std::array<std::atomic<base::Counter*>, kStatusEnd> requests_{};
};

}  // namespace yingda::net
