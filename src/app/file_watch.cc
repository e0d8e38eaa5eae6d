// SPDX-License-Identifier: MIT
#include "app/file_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace yingda::app {
namespace {

using Watch = config::ReloadOptions::Watch;

constexpr uint32_t kComesAndGoes =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;
/// Writing that goes on must not be read in the middle. Not for folders above: a log file may stand there.
constexpr uint32_t kInFolder = kComesAndGoes | IN_MODIFY | IN_ATTRIB;

/// File systems on which others change files and this kernel does not hear of it.
constexpr std::array<uint32_t, 10> kShared = {
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

bool OnSharedFileSystem(const std::string& path) {
  struct statfs status {};
  for (std::filesystem::path at = path;; at = at.parent_path()) {
    if (::statfs(at.c_str(), &status) == 0) break;
    if (at == at.parent_path()) return false;
  }
  return std::find(kShared.begin(), kShared.end(), static_cast<uint32_t>(status.f_type)) != kShared.end();
}

std::string Plain(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  return (absolute.has_filename() ? absolute : absolute.parent_path()).string();
}

/// What editors leave beside a file. A name that begins with two dots is what a mounted ConfigMap is switched by.
bool IsScratch(const std::string& name) {
  return (name.starts_with('.') && !name.starts_with("..")) || name.ends_with('~');
}

}  // namespace

FileWatch::FileWatch(const config::ReloadOptions& options, std::vector<Place> places, net::EventLoop& loop,
                     base::Logger& logger, std::function<void(Hint)> hint)
    : options_(options), places_(std::move(places)), loop_(loop), logger_(logger), hint_(std::move(hint)) {
  for (Place& place : places_) place.path = Plain(place.path);
  if (options_.watch != Watch::kAuto) return;
  blind_ = std::any_of(places_.begin(), places_.end(), [](const Place& p) { return OnSharedFileSystem(p.path); });
}

FileWatch::~FileWatch() {
  if (quiet_timer_ != 0) loop_.Cancel(quiet_timer_);
  if (look_timer_ != 0) loop_.Cancel(look_timer_);
  if (inotify_fd_ < 0) return;
  loop_.Unwatch(inotify_fd_);
  ::close(inotify_fd_);
}

const char* FileWatch::Way() const {
  if (options_.watch == Watch::kOff) return "off";
  return inotify_fd_ >= 0 && !blind_ ? "inotify" : "poll";
}

void FileWatch::Start() {
  if (options_.watch == Watch::kOff) return;
  if (options_.watch != Watch::kPoll) {
    inotify_fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (inotify_fd_ < 0) {
      blind_ = true;
      logger_.Warning("watch_refused", {{"what", std::string("inotify: ") + std::strerror(errno) +
                                                     "; raise fs.inotify.max_user_instances"}});
    } else {
      loop_.Watch(inotify_fd_, EPOLLIN, [this](uint32_t) { ReadEvents(); });
      WatchAll();
    }
  }
  logger_.Info("watching", {{"way", Way()}, {"places", places_.size()}});
  if (options_.watch != Watch::kInotify) LookRegularly();
}

bool FileWatch::Ask(const std::string& folder, uint32_t events, const Spot& spot,
                    std::unordered_map<int, Spot>& spots) {
  // Adding: two places may be one folder, or one above the other.
  const int watch = ::inotify_add_watch(inotify_fd_, folder.c_str(), events | IN_ONLYDIR | IN_MASK_ADD);
  if (watch < 0) {
    if (errno == ENOSPC && !std::exchange(blind_, true)) {
      logger_.Warning("watch_refused", {{"what", "inotify: too many watches; raise fs.inotify.max_user_watches"}});
    }
    return false;
  }
  Spot& known = spots[watch];
  known.all |= spot.all;
  known.names.insert(spot.names.begin(), spot.names.end());
  return true;
}

/// The next folder above that exists, for what comes and goes in it; and that of every link on the way, as a deployment
/// switches a link and leaves all folders as they are.
void FileWatch::AskAbove(const std::string& path, std::unordered_map<int, Spot>& spots) {
  bool asked = false;
  for (std::filesystem::path at = path; at != at.parent_path(); at = at.parent_path()) {
    std::error_code error;
    if (asked && !std::filesystem::is_symlink(at, error)) continue;
    asked |= Ask(at.parent_path().string(), kComesAndGoes, {false, {at.filename().string()}}, spots);
  }
}

/// Asked anew whenever something has changed: a folder that was replaced is another one under the same name.
void FileWatch::WatchAll() {
  if (inotify_fd_ < 0) return;
  std::unordered_map<int, Spot> spots;
  for (const Place& place : places_) {
    if (place.folder) Ask(place.path, kInFolder, {true, {}}, spots);
    AskAbove(place.path, spots);
  }
  for (const auto& [watch, spot] : spots_) {
    if (spots.count(watch) == 0) ::inotify_rm_watch(inotify_fd_, watch);
  }
  spots_ = std::move(spots);
}

void FileWatch::ReadEvents() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  bool matters = false;
  for (;;) {
    const ssize_t got = ::read(inotify_fd_, buffer.data(), buffer.size());
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* const name = buffer.data() + at + sizeof event;
      matters |= Matters(event.wd, event.mask, event.len == 0 ? "" : std::string(name));
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  if (matters) Touched();
}

bool FileWatch::Matters(int watch, uint32_t mask, const std::string& name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  const auto spot = spots_.find(watch);
  if (spot == spots_.end()) return false;
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0) return true;
  if (spot->second.names.count(name) != 0 || name.starts_with("..")) return true;
  return spot->second.all && !IsScratch(name);
}

void FileWatch::Touched() {
  const base::TimePoint now = loop_.clock().Now();
  if (quiet_timer_ != 0) {
    loop_.Cancel(quiet_timer_);
  } else {
    first_touch_ = now;
  }
  quiet_timer_ = loop_.At(std::min(now + options_.debounce, std::max(now, first_touch_ + kAtMost)), [this] { Fire(); });
}

void FileWatch::Fire() {
  quiet_timer_ = 0;
  WatchAll();
  hint_(Hint::kChanged);
}

void FileWatch::LookRegularly() {
  const bool told = inotify_fd_ >= 0 && !blind_;
  look_timer_ = loop_.After(options_.poll_every * (told ? kSlower : 1), [this] {
    WatchAll();
    LookRegularly();
    hint_(Hint::kLookOnce);
  });
}

}  // namespace yingda::app
