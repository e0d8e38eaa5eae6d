// SPDX-License-Identifier: MIT
#include "arrival_stamps.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "serve_bench_load.h"

namespace yingda::bench {

void StampArrivals(int fd) {
  const int one = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) != 0) std::abort();
}

ssize_t ReceiveStamped(int fd, char* buffer, size_t size, int flags, int64_t& arrived) {
  iovec into{.iov_base = buffer, .iov_len = size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control;
  msghdr message{};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(fd, &message, flags);
  const int64_t now = MonotonicNanoseconds();
  arrived = now;  // the first packets of a run may have no stamp: they then count as late as they were read
  const cmsghdr* const stamp = count > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (stamp == nullptr || stamp->cmsg_level != SOL_SOCKET || stamp->cmsg_type != SCM_TIMESTAMPNS) return count;
  timespec at{};
  std::memcpy(&at, CMSG_DATA(stamp), sizeof at);
  timespec wall{};  // the clock of the stamps
  ::clock_gettime(CLOCK_REALTIME, &wall);
  const int64_t ago = (wall.tv_sec - at.tv_sec) * int64_t{1'000'000'000} + (wall.tv_nsec - at.tv_nsec);
  arrived = now - std::max<int64_t>(ago, 0);
  return count;
}

}  // namespace yingda::bench
