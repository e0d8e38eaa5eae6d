// SPDX-License-Identifier: MIT
#include "app/file_stamp.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

namespace yingda::app {
namespace {

/// File systems keep times by the kernel's tick, some by two seconds; of those, none is one that we can be exact on.
constexpr int64_t kTickNs = 50'000'000;

void Add(const std::string& path, FileStamps& stamps) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    stamps.lines.push_back(path + "\n!" + std::to_string(errno));
    return;
  }
  if (S_ISDIR(status.st_mode)) return;
  if (!S_ISREG(status.st_mode)) {
    stamps.lines.push_back(path + "\n?");
    return;
  }
  const auto nanoseconds = [](const timespec& time) { return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec; };
  const auto now = std::chrono::system_clock::now().time_since_epoch();  // the files', not the injected clock's
  const int64_t age = std::chrono::nanoseconds(now).count() - nanoseconds(status.st_ctim);
  if (age >= 0 && age < kTickNs) stamps.fresh = true;
  stamps.lines.push_back(path + '\n' + std::to_string(status.st_size) + ' ' + std::to_string(status.st_ino) + ' ' +
                         std::to_string(nanoseconds(status.st_mtim)) + ' ' +
                         std::to_string(nanoseconds(status.st_ctim)));
}

}  // namespace

bool MayBeLoaded(const std::string& name) {
  if (name.starts_with('.')) return false;
  return name.ends_with(".yml") || name.ends_with(".yaml") || name.ends_with(".txt");
}

FileStamps StampsOf(const std::vector<std::string>& places) {
  FileStamps stamps;
  for (const std::string& place : places) {
    std::error_code error;
    if (!std::filesystem::is_directory(place, error)) {
      Add(place, stamps);
      continue;
    }
    std::filesystem::directory_iterator entry(place, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      if (MayBeLoaded(entry->path().filename().string())) Add(entry->path().string(), stamps);
    }
    if (error) stamps.lines.push_back(place + "\n!" + std::to_string(error.value()));
  }
  std::sort(stamps.lines.begin(), stamps.lines.end());
  return stamps;
}

}  // namespace yingda::app
