// SPDX-License-Identifier: MIT
#include "store/store_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace yingda::store {
namespace {

base::Error Failure(const std::string& path, const std::string& what, int number) {
  return {base::ErrorCode::kUnavailable, "store " + path + ": " + what + " (" + std::strerror(number) +
                                             "); name a place that the user yingda runs as may write"};
}

base::Result<void> MakeFolders(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::filesystem::path so_far;
  for (const auto& name : folder) {
    so_far /= name;
    // Asking by making leaves no moment between a look and the deed. A folder of a read-only file system answers
    // EROFS although it exists, hence the look afterwards.
    if (::mkdir(so_far.c_str(), 0700) == 0 || errno == EEXIST) continue;
    const int number = errno;
    std::error_code unknown;
    if (!std::filesystem::is_directory(so_far, unknown)) {
      return Failure(path, "its folder " + so_far.string() + " cannot be made", number);
    }
  }
  return {};
}

/// Who holds the lock, as it wrote itself into the file.
std::string HolderOf(int lock) {
  char text[128];
  const ssize_t size = ::pread(lock, text, sizeof text, 0);
  std::string holder(text, size > 0 ? static_cast<size_t>(size) : 0);
  holder.resize(std::min(holder.size(), holder.find('\n')));
  return holder.empty() ? holder : " (" + holder + ")";
}

void SignLock(int lock) {
  char host[65] = {};
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  const std::string holder = "process " + std::to_string(::getpid()) + " on " + host + "\n";
  // Only the words of a refusal need it; on a full disk it may be missing.
  if (::ftruncate(lock, 0) == 0 && ::pwrite(lock, holder.data(), holder.size(), 0) < 0) return;
}

base::Result<int> TakeLock(const std::string& path) {
  const std::string name = StoreFile::SideFile(path, "-lock");  // one file, one lock, whatever it is called
  const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return Failure(path, "its lock file " + name + " cannot be opened for writing", errno);
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {
    SignLock(lock);
    return lock;
  }
  const int number = errno;
  const std::string holder = number == EWOULDBLOCK ? HolderOf(lock) : "";
  ::close(lock);
  if (number != EWOULDBLOCK) return Failure(path, "its lock file " + name + " cannot be locked", number);
  return base::Error{base::ErrorCode::kUnavailable, "store " + path + ": in use by another yingda" + holder +
                                                        "; stop that one first, or name another file"};
}

base::Result<void> MakeFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Failure(path, "cannot be opened for writing", errno);
  struct stat status {};
  const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  ::close(file);
  if (!regular) {
    return base::Error{base::ErrorCode::kInvalidArgument, "store " + path + ": not a regular file; name another one"};
  }
  // SQLite would delete the log as left over from some other file, with what it holds of the lost one.
  struct stat log {};
  if (status.st_size == 0 && ::stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0) {
    return base::Error{base::ErrorCode::kCorrupt,
                       "store " + path + ": the file is empty or gone, but its log " + path +
                           "-wal is there; put the file back beside it (a backup will do), or move the log away too "
                           "and yingda starts empty"};
  }
  return {};
}

}  // namespace

base::Result<StoreFile> StoreFile::Prepare(const std::string& path) {
  auto folders = MakeFolders(path);
  if (!folders) return folders.error();
  YINGDA_TRY(const int lock, TakeLock(path));
  StoreFile file(lock);
  // Under the lock: closing the file would end the record locks of a store that this very process has open.
  auto made = MakeFile(path);
  if (!made) return made.error();
  return file;
}

std::string StoreFile::SideFile(const std::string& path, const std::string& ending) {
  std::error_code unknown;
  const auto place = std::filesystem::weakly_canonical(path, unknown);
  return (unknown ? path : place.string()) + ending;
}

StoreFile::~StoreFile() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace yingda::store
