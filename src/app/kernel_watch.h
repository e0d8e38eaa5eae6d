// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace yingda::app {

/// A folder with files that people edit, or one such file. Absolute, without "." and "..".
struct WatchedPlace {
  std::string path;
  bool folder = true;
};

/// What of one watched folder or file matters.
struct WatchedSpot {
  bool all = false;             // every file in it that may be loaded
  std::set<std::string> names;  // else these
  std::set<size_t> places;      // that need it, by their number in the request
};

/// The kernel's list of what we watch (inotify). Shared: a thread that hangs in a file system may outlive us.
class WatchList {
 public:
  /// Null, with errno set, when the kernel refuses.
  static std::shared_ptr<const WatchList> Open();
  explicit WatchList(int fd) : fd_(fd) {}
  ~WatchList();
  WatchList(const WatchList&) = delete;
  WatchList& operator=(const WatchList&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

struct WatchRequest {
  std::shared_ptr<const WatchList> list;  // null: nothing is watched
  std::vector<WatchedPlace> places;
  std::set<int> known;  // watches of folders, of before
  bool find_shared = false;
};

struct WatchAnswer {
  std::unordered_map<int, WatchedSpot> spots;  // by watch
  std::set<size_t> unwatched;                  // places that were not watched before: what went on there is not known
  bool shared = false;                         // a place is on a file system that others change, too
  std::string refused;                         // why something cannot be watched; empty: everything is
};

/// Has the kernel watch the folders with their files; the folders above, as folders come and go; and everything that a
/// link on the way stands in or leads to, as a deployment switches a link and leaves all folders as they are. To be
/// asked anew after every change: a folder that was replaced is another one under the same name.
/// Blocks as long as the file systems do: not for the loop. Limits: 1,000 linked files a folder.
WatchAnswer AskKernel(const WatchRequest& request);

}  // namespace yingda::app
