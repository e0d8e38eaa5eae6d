// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "app/kernel_watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "net/event_loop.h"

namespace yingda::app {

/// Says when something may have changed among folders and files that people edit. The kernel tells (inotify); where it
/// cannot see every change (network file systems) or refuses, it is time to look every `poll_every`, elsewhere 15 times
/// more rarely. Hints come together: one after `debounce` of quiet, at most kAtMost after the first change.
/// Whoever gets a hint runs AskKernel on a thread that may block and hands over what it answered, before each look.
/// Thread-safety: on the loop, but for the constructor. Lifetime: ends on the loop or after the loop.
class FileWatch {
 public:
  enum class Hint {
    kChanged,   // somebody has changed something, and is done: every file that was written was closed
    kLookOnce,  // what differs may be in the middle of a change
  };
  static constexpr base::Duration kAtMost = std::chrono::seconds(2);
  static constexpr int kSlower = 15;
  /// A file that was written and not closed counts as being written until nothing has come for so long.
  static constexpr base::Duration kStalled = std::chrono::seconds(10);
  static constexpr size_t kMostOpen = 1000;  // files that are known to be written; with more, nobody counts as done

  FileWatch(const config::ReloadOptions& options, std::vector<WatchedPlace> places, net::EventLoop& loop,
            base::Logger& logger, std::function<void(Hint)> hint);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  void Start();
  WatchRequest Request();
  void Take(WatchAnswer answer);
  /// The places, by number, in which somebody is just writing a file.
  std::set<size_t> BeingWritten() const;
  /// "inotify", "poll" or "off": how most changes are noticed.
  const char* Way() const;

 private:
  using File = std::pair<int, std::string>;  // watch and name
  struct Open {
    base::TimePoint since{};
    bool written = false;  // else only made
  };

  bool Blind() const { return shared_ || !refused_.empty(); }
  void ReadEvents();
  bool Matters(int watch, uint32_t mask, const std::string& name) const;
  void Note(int watch, uint32_t mask, const std::string& name);
  void Touched();
  void Fire();
  void LookRegularly();

  const config::ReloadOptions options_;
  std::vector<WatchedPlace> places_;
  net::EventLoop& loop_;
  base::Logger& logger_;
  const std::function<void(Hint)> hint_;
  std::shared_ptr<const WatchList> list_;
  std::unordered_map<int, WatchedSpot> spots_;  // by watch
  bool asking_ = false;                         // the kernel, so there are watches that we do not know yet
  bool shared_ = false;
  std::string refused_;
  std::string told_way_;

  std::map<File, Open> open_;  // made or written, and not closed
  bool lost_ = false;          // something that the kernel told, or would have
  base::TimePoint first_touch_{};
  base::TimePoint last_touch_{};
  net::EventLoop::TimerId quiet_timer_ = 0;
  net::EventLoop::TimerId look_timer_ = 0;
};

}  // namespace yingda::app
