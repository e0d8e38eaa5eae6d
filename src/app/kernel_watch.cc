// SPDX-License-Identifier: MIT
#include "app/kernel_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/file_stamp.h"

namespace yingda::app {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kComesAndGoes =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;
/// Writing that goes on must not be read in the middle. Not for folders above: a log file may stand there.
constexpr uint32_t kOfFile = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE;
constexpr int kMostLinks = 40;  // on one way, as the kernel has it
constexpr size_t kMostLinkedFiles = 1000;

/// File systems on which others change files and this kernel does not hear of it.
constexpr std::array<uint32_t, 10> kSharedSystems = {
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB 2
    0x65735546,  // FUSE, also virtiofs and what Docker Desktop mounts
    0x01021997,  // 9p
    0x786F4256,  // VirtualBox
    0x794C7630,  // overlay: layers below may change
    0x00C36400,  // Ceph
    0x5346414F,  // AFS
};

bool OnSharedSystem(const std::string& path) {
  struct statfs status {};
  for (fs::path at = path;; at = at.parent_path()) {
    if (::statfs(at.c_str(), &status) == 0) break;
    if (at == at.parent_path()) return false;
  }
  const auto type = static_cast<uint32_t>(status.f_type);
  return std::find(kSharedSystems.begin(), kSharedSystems.end(), type) != kSharedSystems.end();
}

class Asking {
 public:
  Asking(const WatchRequest& request, WatchAnswer& answer) : request_(request), answer_(answer) {}

  void Ask(size_t number) {
    number_ = number;
    const WatchedPlace& place = request_.places[number];
    if (request_.find_shared) answer_.shared |= OnSharedSystem(place.path);
    if (!request_.list) return;
    if (place.folder) {
      Add(place.path, kComesAndGoes | kOfFile | IN_ONLYDIR, {true, {}, {}});
      AddLinkedFiles(place.path);
    } else {
      Add(place.path, kOfFile, {});
    }
    AddWay(place.path);
  }

 private:
  void Add(const std::string& path, uint32_t events, WatchedSpot spot) {
    // Adding: two places may be one folder, or one above the other.
    const int watch = ::inotify_add_watch(request_.list->fd(), path.c_str(), events | IN_MASK_ADD);
    if (watch < 0) {
      // A folder on the way may be closed to us though the place is not; what changes there, the slow look sees.
      const bool closed_way = errno == EACCES && !spot.all && !spot.names.empty();
      if (errno != ENOENT && errno != ENOTDIR && !closed_way) Refused(path, errno);
      return;
    }
    if (spot.all && request_.known.count(watch) == 0) answer_.unwatched.insert(number_);
    WatchedSpot& known = answer_.spots[watch];
    known.all |= spot.all;
    known.names.merge(spot.names);
    known.places.insert(number_);
  }

  void Refused(const std::string& path, int error) {
    if (!answer_.refused.empty()) return;
    answer_.refused = error == ENOSPC
                          ? "inotify: too many watches; raise fs.inotify.max_user_watches"
                          : "inotify: " + path + ": " + std::error_code(error, std::generic_category()).message();
  }

  /// The folder that the last name of the way stands in, or the first that is missing; and that of each link.
  void AddWay(const fs::path& path) {
    std::vector<std::string> rest;
    const auto push = [&rest](const fs::path& names) {
      std::vector<std::string> parts;
      for (const fs::path& part : names.relative_path()) parts.push_back(part.string());
      rest.insert(rest.end(), parts.rbegin(), parts.rend());
    };
    push(path);
    fs::path at = "/";
    for (int links = 0; !rest.empty();) {
      const std::string name = std::exchange(rest.back(), {});
      rest.pop_back();
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        at = at.parent_path();
        continue;
      }
      const fs::path next = at / name;
      std::error_code error;
      const fs::file_type type = fs::symlink_status(next, error).type();
      const bool is_link = type == fs::file_type::symlink;
      const bool there = type != fs::file_type::none && type != fs::file_type::not_found;
      if (is_link || !there || rest.empty()) Add(at.string(), kComesAndGoes | IN_ONLYDIR, {false, {name}, {}});
      if (!there) return;
      at = is_link ? at : next;
      if (!is_link) continue;
      const fs::path target = fs::read_symlink(next, error);
      if (error || ++links > kMostLinks) return;
      if (target.is_absolute()) at = "/";
      push(target);
    }
  }

  void AddLinkedFiles(const std::string& folder) {
    size_t count = 0;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      std::error_code ignored;
      if (!MayBeLoaded(entry->path().filename().string()) || !entry->is_symlink(ignored)) continue;
      if (++count > kMostLinkedFiles) {
        answer_.refused = folder + ": more than 1000 linked files";
        return;
      }
      Add(entry->path().string(), kOfFile, {});
      AddWay(entry->path());
    }
  }

  const WatchRequest& request_;
  WatchAnswer& answer_;
  size_t number_ = 0;
};

}  // namespace

std::shared_ptr<const WatchList> WatchList::Open() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  return fd < 0 ? nullptr : std::make_shared<const WatchList>(fd);
}

WatchList::~WatchList() { ::close(fd_); }

WatchAnswer AskKernel(const WatchRequest& request) {
  WatchAnswer answer;
  Asking asking(request, answer);
  for (size_t i = 0; i < request.places.size(); ++i) asking.Ask(i);
  return answer;
}

}  // namespace yingda::app
