// SPDX-License-Identifier: MIT
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace yingda::base {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 18;

class OpenFile {
 public:
  // Not blocking, as opening a pipe waits for whoever writes into it.
  explicit OpenFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

Error LastError() { return {ErrorCode::kUnavailable, std::error_code(errno, std::generic_category()).message()}; }

}  // namespace

Result<std::string> ReadRegularFile(const std::string& path, size_t at_most) {
  const OpenFile file(path);
  struct stat status {};
  if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0) return LastError();
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalidArgument, "not a regular file"};
  std::string bytes;
  while (bytes.size() < at_most) {
    const size_t have = bytes.size();
    const size_t piece = std::min(kPieceBytes, at_most - have);
    bytes.resize(have + piece);
    const ssize_t got = ::read(file.fd(), bytes.data() + have, piece);
    if (got < 0 && errno != EINTR) return LastError();
    bytes.resize(have + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) break;
  }
  return bytes;
}

}  // namespace yingda::base
