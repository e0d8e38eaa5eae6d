// SPDX-License-Identifier: MIT
#include "app/file_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/file_stamp.h"

namespace yingda::app {
namespace {

using Watch = config::ReloadOptions::Watch;

std::string Plain(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  return (absolute.has_filename() ? absolute : absolute.parent_path()).string();
}

}  // namespace

FileWatch::FileWatch(const config::ReloadOptions& options, std::vector<WatchedPlace> places, net::EventLoop& loop,
                     base::Logger& logger, std::function<void(Hint)> hint)
    : options_(options), places_(std::move(places)), loop_(loop), logger_(logger), hint_(std::move(hint)) {
  for (WatchedPlace& place : places_) place.path = Plain(place.path);
}

FileWatch::~FileWatch() {
  if (quiet_timer_ != 0) loop_.Cancel(quiet_timer_);
  if (look_timer_ != 0) loop_.Cancel(look_timer_);
  if (list_) loop_.Unwatch(list_->fd());
}

const char* FileWatch::Way() const {
  if (options_.watch == Watch::kOff) return "off";
  return list_ && !Blind() ? "inotify" : "poll";
}

void FileWatch::Start() {
  if (options_.watch == Watch::kOff) return;
  if (options_.watch != Watch::kPoll) {
    list_ = WatchList::Open();
    if (list_) {
      loop_.Watch(list_->fd(), EPOLLIN, [this](uint32_t) { ReadEvents(); });
    } else {
      refused_ = std::string("inotify: ") + std::strerror(errno) + "; raise fs.inotify.max_user_instances";
      logger_.Warning("watch_refused", {{"what", refused_}});
    }
  }
  LookRegularly();
}

WatchRequest FileWatch::Request() {
  if (options_.watch == Watch::kOff) return {};
  asking_ = list_ != nullptr;
  WatchRequest request{list_, places_, {}, options_.watch == Watch::kAuto};
  for (const auto& [watch, spot] : spots_) {
    if (spot.all) request.known.insert(watch);
  }
  return request;
}

void FileWatch::Take(WatchAnswer answer) {
  asking_ = false;
  if (options_.watch == Watch::kOff) return;
  if (list_) {
    for (const auto& [watch, spot] : spots_) {
      if (answer.spots.count(watch) == 0) ::inotify_rm_watch(list_->fd(), watch);
    }
    spots_ = std::move(answer.spots);
    std::erase_if(open_, [this](const auto& file) { return spots_.count(file.first.first) == 0; });
    if (!answer.refused.empty() && answer.refused != refused_) {
      logger_.Warning("watch_refused", {{"what", answer.refused}});
    }
    refused_ = std::move(answer.refused);
  }
  shared_ = answer.shared;
  if (told_way_ == Way()) return;
  told_way_ = Way();
  logger_.Info("watching", {{"way", told_way_}, {"places", places_.size()}});
  LookRegularly();
}

std::set<size_t> FileWatch::BeingWritten() const {
  std::set<size_t> places;
  for (const auto& [file, open] : open_) {
    const auto spot = spots_.find(file.first);
    if (!open.written || spot == spots_.end() || loop_.clock().Now() - open.since >= kStalled) continue;
    places.insert(spot->second.places.begin(), spot->second.places.end());
  }
  return places;
}

void FileWatch::ReadEvents() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  bool matters = false;
  for (;;) {
    const ssize_t got = ::read(list_->fd(), buffer.data(), buffer.size());
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string name = event.len == 0 ? "" : std::string(buffer.data() + at + sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
      if (!Matters(event.wd, event.mask, name)) continue;
      matters = true;
      Note(event.wd, event.mask, name);
    }
  }
  if (matters) Touched();
}

bool FileWatch::Matters(int watch, uint32_t mask, const std::string& name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  const auto spot = spots_.find(watch);
  if (spot == spots_.end()) return asking_ && (mask & IN_IGNORED) == 0;
  // Of the watched folder or file itself; and a mounted ConfigMap is switched by a name that begins with two dots.
  if (name.empty() || name.starts_with("..")) return true;
  return spot->second.names.count(name) != 0 || (spot->second.all && MayBeLoaded(name));
}

void FileWatch::Note(int watch, uint32_t mask, const std::string& name) {
  constexpr uint32_t kDone = IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_IGNORED;
  const File file{watch, name};
  if ((mask & IN_Q_OVERFLOW) != 0) {
    open_.clear();  // whether they were closed may be among what was lost
    lost_ = true;
  } else if ((mask & kDone) != 0) {
    open_.erase(file);
  } else if ((mask & (IN_MODIFY | IN_CREATE)) != 0 && (mask & IN_ISDIR) == 0) {
    if (open_.size() >= kMostOpen && open_.count(file) == 0) {
      lost_ = true;
      return;
    }
    Open& open = open_[file];
    open.since = loop_.clock().Now();
    open.written |= (mask & IN_MODIFY) != 0;
  }
}

void FileWatch::Touched() {
  const base::TimePoint now = loop_.clock().Now();
  if (quiet_timer_ != 0) {
    loop_.Cancel(quiet_timer_);
  } else {
    first_touch_ = now;
  }
  last_touch_ = now;
  quiet_timer_ = loop_.At(std::min(now + options_.debounce, std::max(now, first_touch_ + kAtMost)), [this] { Fire(); });
}

void FileWatch::Fire() {
  quiet_timer_ = 0;
  const base::TimePoint now = loop_.clock().Now();
  std::erase_if(open_, [now](const auto& file) { return now - file.second.since >= kStalled; });
  const bool quiet = now - last_touch_ >= options_.debounce;
  const bool done = quiet && open_.empty() && !std::exchange(lost_, false) && !Blind();
  // A link is made and never closed. Whoever looks sees whether something comes after it.
  std::erase_if(open_, [](const auto& file) { return !file.second.written; });
  hint_(done ? Hint::kChanged : Hint::kLookOnce);
}

void FileWatch::LookRegularly() {
  if (look_timer_ != 0) loop_.Cancel(std::exchange(look_timer_, 0));
  const bool told = list_ && !Blind();
  if (told && options_.watch == Watch::kInotify) return;
  look_timer_ = loop_.After(options_.poll_every * (told ? kSlower : 1), [this] {
    look_timer_ = 0;
    LookRegularly();
    hint_(Hint::kLookOnce);
  });
}

}  // namespace yingda::app
