// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace yingda::store {

/// The place of a store on the disk, held by this process alone: a second yingda on one file would take the first
/// one's claims for abandoned. The lock is the kernel's, on the file `<path>-lock`, and ends with the process however
/// that ends; the lock file itself stays. Tools that read or back up the file are not kept out.
/// Thread-safety: none needed, there is nothing to call.
class StoreFile {
 public:
  /// Makes the folders that are missing on the way to `path` with mode 0700, takes the lock, and makes the file itself,
  /// if missing, with 0600: it holds what followers wrote. SQLite gives its side files the mode of the file. What
  /// exists keeps its mode. Errors: kUnavailable (held by another yingda, which is named; place not writable),
  /// kInvalidArgument (no regular file), kCorrupt (the file is lost, but not its log).
  static base::Result<StoreFile> Prepare(const std::string& path);

  /// The path of a file of ours beside the one at `path`: where a symbolic link leads, as SQLite's own side files.
  static std::string SideFile(const std::string& path, const std::string& ending);

  StoreFile(StoreFile&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}
  StoreFile& operator=(StoreFile&& other) noexcept {
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~StoreFile();

 private:
  explicit StoreFile(int lock) : lock_(lock) {}

  int lock_;  // a descriptor; -1: moved from
};

}  // namespace yingda::store
