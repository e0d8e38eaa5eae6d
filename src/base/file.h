// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace yingda::base {

/// The first `at_most` bytes of a regular file. Anything else under that name (a pipe, a device) is refused without a
/// read, so nobody waits for another process; a disk or a network that hangs is waited for, as by every read.
/// Errors: kUnavailable when it cannot be opened or read, kInvalidArgument when it is no regular file; the message is
/// the system's.
Result<std::string> ReadRegularFile(const std::string& path, size_t at_most);

}  // namespace yingda::base
