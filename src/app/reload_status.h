// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace yingda::app {

/// A load that changed nothing, because something was wrong.
struct ReloadFailure {
  base::WallTime at;
  std::vector<std::string> errors;  // the first ones, "file:line:column: what, and what to write instead"
  size_t more = 0;                  // errors beyond those
};

/// What is in force, since when, and what was refused since.
struct ReloadStatus {
  struct Account {
    std::string name;
    size_t rules = 0;
    size_t words = 0;
    uint64_t generation = 1;  // one more for each load that took effect
    base::WallTime loaded;
    std::optional<ReloadFailure> failed;  // of the last load
  };
  std::vector<Account> accounts;
  base::WallTime config_loaded;
  std::optional<ReloadFailure> config_failed;
  std::vector<std::string> needs_restart;  // keys of config.yml that have changed and take effect only then
  std::string watch;                       // "inotify", "poll" or "off"

  bool Failed() const {
    for (const Account& account : accounts) {
      if (account.failed) return true;
    }
    return config_failed.has_value();
  }
};

}  // namespace yingda::app
