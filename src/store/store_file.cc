// SPDX-License-Identifier: MIT
#include "store/store_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace

base::Result<void> PrepareStoreFile(const std::string& path) {
  auto folders = MakeFolders(path);
  if (!folders) return folders;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Failure(path, "cannot be opened for writing", errno);
  struct stat status {};
  const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  ::close(file);
  if (!regular) {
    return base::Error{base::ErrorCode::kInvalidArgument, "store " + path + ": not a regular file; name another one"};
  }
  return {};
}

}  // namespace yingda::store
