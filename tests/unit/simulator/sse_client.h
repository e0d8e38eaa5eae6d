// SPDX-License-Identifier: MIT
#pragma once

#include <future>
#include <string>
#include <vector>

#include "base/clock.h"

namespace yingda::simulator {

/// One `data:` line, and when it came by the test's clock.
struct SseEvent {
  std::string data;
  base::TimePoint at;
};

struct SseAnswer {
  int curl_code = 0;
  long status = 0;
  std::string content_type;
  std::string body;
  std::vector<SseEvent> events;
  std::vector<base::TimePoint> comments;

  /// The delta.content of all events, joined.
  std::string Text() const;
};

/// Asks through libcurl's easy interface on a thread of its own: a client that shares no code with ours.
/// `body` empty: GET.
std::future<SseAnswer> Fetch(std::string url, std::string body, const base::Clock& clock, std::string api_key = {},
                             std::string* retry_after = nullptr);

}  // namespace yingda::simulator
