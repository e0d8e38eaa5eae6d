// SPDX-License-Identifier: MIT
#include "app/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace yingda::app {
namespace {

base::Result<void> ResultOf(const std::filesystem::path& path, int error) {
  if (error == 0) return {};
  if (error == EEXIST) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       path.string() + ": 已经有这个文件：请用 -o 写到别处，或者加上 --force 覆盖它"};
  }
  return base::Error{base::ErrorCode::kUnavailable,
                     path.string() + ": 写不了文件（" + std::strerror(error) + "）：请检查文件夹和写入权限"};
}

base::Result<void> WriteInPlace(const std::filesystem::path& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  return ResultOf(path, out.fail() ? EIO : 0);
}

}  // namespace

base::Result<void> WriteWholeFile(const std::filesystem::path& named, std::string_view content, bool replace) {
  std::error_code ignored;
  if (replace && std::filesystem::exists(named, ignored) && !std::filesystem::is_regular_file(named, ignored)) {
    return WriteInPlace(named, content);  // /dev/stdout, a pipe
  }
  // Of a link, the file that it leads to.
  const auto path = replace ? std::filesystem::weakly_canonical(named, ignored) : named;
  const auto part = path.parent_path() / ("." + path.filename().string() + "." + std::to_string(getpid()));
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  int error = out ? 0 : errno;
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (error == 0 && out.fail()) error = EIO;
  bool taken = false;
  if (error == 0 && !replace) {
    // Takes the name, in one step and only if it is free; not by link(), which some file systems do not know. An empty
    // file says nothing, so it harms nobody who looks just now.
    const int name = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    taken = name >= 0;
    error = taken ? 0 : errno;
    if (taken) close(name);
  }
  if (error == 0 && replace) {
    const auto status = std::filesystem::status(path, ignored);
    if (std::filesystem::exists(status)) std::filesystem::permissions(part, status.permissions(), ignored);
  }
  if (error == 0 && rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) unlink(part.c_str());
  if (error != 0 && taken) unlink(path.c_str());
  return ResultOf(named, error);
}

}  // namespace yingda::app
