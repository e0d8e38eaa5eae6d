// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

namespace yingda::simulator {

/// Whether a process of this machine is at rest, read from /proc: empty when every thread of `process` but `except`
/// sleeps, else which one does not and why. A thread that has a byte to read is runnable at once over loopback, and one
/// that waits for the disk counts as busy. A process that is gone is at rest. Thread-safety: free.
std::string BusyThread(pid_t process, pid_t except = 0);

}  // namespace yingda::simulator
