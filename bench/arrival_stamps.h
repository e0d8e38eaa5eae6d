// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace yingda::bench {

/// From now on ReceiveStamped knows when the kernel got what it reads from this socket.
void StampArrivals(int fd);
/// As recv. `arrived` is when the last byte of it came to the socket, in monotonic nanoseconds: before the reading
/// process was woken, so whoever sent it need not answer for how long that took.
ssize_t ReceiveStamped(int fd, char* buffer, size_t size, int flags, int64_t& arrived);

}  // namespace yingda::bench
