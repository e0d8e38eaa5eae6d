// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace yingda::store {

/// What is promised and not yet in a transaction: a file beside the database, mapped into memory. An intent is kept as
/// soon as its bytes are copied: the pages are the kernel's, and outlive the process however it ends, as a commit that
/// does not wait for the disk does. Intents are numbered without gaps; which of them are in the tables, the database
/// itself knows (intent_table.h). When all are, the next one starts the file over.
/// Thread-safety: Append, Wipe and Begin by one thread at a time, the others are free. Cost of an Append: a copy; of
/// the first one into a page since the kernel wrote that page out, also the file system's own bookkeeping. Limits:
/// whatever does not fit waits for its transaction, as all other writes do. Files whose blocks are shared with a copy
/// (cp --reflink on XFS) may end the process when the disk is full: a backup takes the database, not this file.
class IntentLog {
 public:
  static constexpr size_t kMostBytes = 64 * 1024;  // of one intent

  struct Left {
    int64_t number = 0;
    std::string bytes;
  };

  /// Makes the file, mode 0600, or opens it with what an earlier process left in it; a file longer than `size` stays as
  /// long, and none is shorter than 128 KiB. Errors: kUnavailable (nothing is left in it, and it cannot be had: no
  /// room, no rights, a file system other than ext4, XFS and tmpfs, which may take back room that they gave),
  /// kInvalidArgument (written by a yingda with another format), kInternal (it is there and cannot be used).
  static base::Result<std::unique_ptr<IntentLog>> Open(const std::string& path, size_t size);
  ~IntentLog();
  IntentLog(const IntentLog&) = delete;
  IntentLog& operator=(const IntentLog&) = delete;

  /// Which store wrote what was left; 0: nobody.
  int64_t store_id() const { return store_id_; }
  /// What was there when it was opened, in order. The earlier of them may be in the tables already.
  const std::vector<Left>& left() const { return left_; }
  /// Forgets what was left, and goes on for this store with the number after `applied`.
  void Begin(int64_t store_id, int64_t applied);

  /// The intent's number; 0: there is no room, and nothing was kept. `begins`: others will follow it, so it leaves them
  /// most of the file: who was told that a question is taken must find room for its answer.
  int64_t Append(std::string_view bytes, bool begins = false);
  /// All up to this number are in the tables.
  void Applied(int64_t number) { applied_.store(number, std::memory_order_release); }
  /// Whether some are not in the tables yet.
  bool Pending() const { return applied_.load(std::memory_order_acquire) != appended_.load(std::memory_order_acquire); }
  /// Overwrites the texts of intents that are all in the tables: now, or before the file starts over. Nothing before
  /// Begin: what was left is somebody's.
  void Wipe();

  const std::string& path() const { return path_; }

 private:
  IntentLog(std::string path, int file) : path_(std::move(path)), file_(file) {}
  base::Result<void> ReadLeft();
  base::Result<void> Map(size_t size);

  const std::string path_;
  const int file_;
  char* bytes_ = nullptr;
  size_t size_ = 0;
  int64_t store_id_ = 0;
  std::vector<Left> left_;
  size_t end_ = 0;      // of the last intent
  size_t highest_ = 0;  // end there ever was since the last wipe
  bool begun_ = false;
  bool wipe_due_ = false;
  std::atomic<int64_t> appended_ = 0;
  std::atomic<int64_t> applied_ = 0;
};

}  // namespace yingda::store
