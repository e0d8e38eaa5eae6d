// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "net/event_loop.h"

namespace yingda::app {

/// Says when something may have changed among folders and files that people edit. The kernel tells (inotify), of the
/// folders, as editors replace files, and of the folders above, as folders come and go; where it cannot see every
/// change (network file systems) or refuses, it is time to look every `poll_every`, elsewhere 15 times more rarely.
/// Hints come together: one after `debounce` of quiet, at most kAtMost after the first change.
/// Thread-safety: on the loop's thread, but for the constructor. Lifetime: ends on the loop's thread or after the loop.
class FileWatch {
 public:
  struct Place {
    std::string path;
    bool folder = true;
  };
  enum class Hint {
    kChanged,   // somebody has changed something, and stopped
    kLookOnce,  // nobody has said anything; what differs may be in the middle of a change
  };
  static constexpr base::Duration kAtMost = std::chrono::seconds(2);
  static constexpr int kSlower = 15;

  FileWatch(const config::ReloadOptions& options, std::vector<Place> places, net::EventLoop& loop, base::Logger& logger,
            std::function<void(Hint)> hint);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  void Start();
  /// "inotify", "poll" or "off": how most changes are noticed.
  const char* Way() const;

 private:
  /// What of one watched folder matters.
  struct Spot {
    bool all = false;             // every file in it
    std::set<std::string> names;  // else these
  };

  bool Ask(const std::string& folder, uint32_t events, const Spot& spot, std::unordered_map<int, Spot>& spots);
  void AskAbove(const std::string& path, std::unordered_map<int, Spot>& spots);
  void WatchAll();
  void ReadEvents();
  bool Matters(int watch, uint32_t mask, const std::string& name) const;
  void Touched();
  void Fire();
  void LookRegularly();

  const config::ReloadOptions options_;
  std::vector<Place> places_;
  net::EventLoop& loop_;
  base::Logger& logger_;
  const std::function<void(Hint)> hint_;
  int inotify_fd_ = -1;
  std::unordered_map<int, Spot> spots_;  // by watch
  bool blind_ = false;                   // the kernel does not tell everything
  base::TimePoint first_touch_{};        // of those not told yet
  net::EventLoop::TimerId quiet_timer_ = 0;
  net::EventLoop::TimerId look_timer_ = 0;
};

}  // namespace yingda::app
