// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/reload_status.h"
#include "base/clock.h"
#include "model/upstream_health.h"

namespace yingda::app {

/// How a running server does, as GET /status on the operations listener tells it.
struct ServerStatus {
  struct Upstream {
    std::string name;
    model::UpstreamHealth::State state;
  };
  base::WallTime started;
  base::WallTime now;
  bool ready = false;
  size_t pushes_waiting = 0;
  size_t jobs = 0;
  std::vector<Upstream> upstreams;
  ReloadStatus reload;
};

/// One JSON object and a line end; times in milliseconds since 1970. Pure.
std::string StatusJson(const ServerStatus& status);

struct StatusPage {
  std::string text;     // for a person, in Chinese
  bool failed = false;  // the last load of something was refused
};
/// The same for a person, from the JSON. Empty text: that is no status. Pure.
StatusPage ReadStatus(const std::string& json);

}  // namespace yingda::app
