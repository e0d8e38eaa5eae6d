// SPDX-License-Identifier: MIT
#include "simulator/thread_states.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>

namespace yingda::simulator {
namespace {

/// The state letter of a thread as the kernel knows it (R runs or wants to, S sleeps, D waits for a device).
std::optional<char> ThreadState(int tasks_fd, const std::string& thread_id) {
  const int fd = openat(tasks_fd, (thread_id + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::array<char, 256> buffer;
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  close(fd);
  if (count <= 0) return std::nullopt;
  const std::string_view line(buffer.data(), static_cast<size_t>(count));
  const size_t name_end = line.rfind(')');  // a thread's name may hold blanks and brackets
  if (name_end == std::string_view::npos || name_end + 2 >= line.size()) return std::nullopt;
  return line[name_end + 2];
}

}  // namespace

std::string BusyThread(pid_t process, pid_t except) {
  const std::string folder = "/proc/" + std::to_string(process) + "/task";
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir(folder.c_str()), closedir);
  if (!tasks) return {};
  const std::string excepted = std::to_string(except);
  while (const dirent* entry = readdir(tasks.get())) {
    const std::string id = entry->d_name;
    if (id.front() == '.' || id == excepted) continue;
    const auto state = ThreadState(dirfd(tasks.get()), id);
    if (state && (*state == 'R' || *state == 'D')) return "thread " + id + " is in state " + *state;
  }
  return {};
}

}  // namespace yingda::simulator
