// SPDX-License-Identifier: MIT
#include "simulator/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <type_traits>

namespace yingda::simulator {
namespace {

constexpr int kLongestWaitMs = 60'000;
constexpr int kExecFailed = 127;

enum class Say : int { kReady, kFailed, kClockMoved, kLook, kStop };

/// One message either way; a socket of whole packets keeps them apart.
struct Packet {
  Say say = Say::kLook;
  int port = 0;
  ServerLook look;
  std::array<char, 1024> text{};
};
static_assert(std::is_trivially_copyable_v<Packet>);

bool SendPacket(int fd, const Packet& packet) {
  return send(fd, &packet, sizeof packet, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof packet);
}

/// False at the other end's end, or after `wait_ms` (negative: for ever).
bool ReceivePacket(int fd, Packet& packet, int wait_ms) {
  for (;;) {
    pollfd waiting{fd, POLLIN, 0};
    const int ready = poll(&waiting, 1, wait_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t count = recv(fd, &packet, sizeof packet, 0);
    if (count < 0 && errno == EINTR) continue;
    return count == static_cast<ssize_t>(sizeof packet);
  }
}

base::Error SystemFailure(const char* what) {
  return {base::ErrorCode::kUnavailable, std::string("server process: ") + what + ": " + std::strerror(errno)};
}

/// Runs in the child between fork and exec, where only async-signal-safe calls are allowed.
[[noreturn]] void Become(pid_t parent, char* const* arguments, int clock_fd, int talk_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExecFailed);  // the parent died before the line above
  for (const int fd : {clock_fd, talk_fd}) fcntl(fd, F_SETFD, 0);
  execv("/proc/self/exe", arguments);
  _exit(kExecFailed);
}

}  // namespace

base::Result<void> ServerProcess::Start() {
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) != 0) return SystemFailure("socketpair");
  std::vector<std::string> words = {"yingda"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  words.insert(words.end(), {"--port", std::to_string(port_), "--clock-fd", std::to_string(clock_.fd()), "--talk-fd",
                             std::to_string(sockets[1])});
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) Become(parent, pointers.data(), clock_.fd(), sockets[1]);
  close(sockets[1]);
  talk_fd_ = sockets[0];
  if (child < 0) {
    CloseTalk();
    return SystemFailure("fork");
  }
  pid_ = child;
  Packet packet;
  if (!ReceivePacket(talk_fd_, packet, kLongestWaitMs) || packet.say != Say::kReady) {
    const std::string said = packet.say == Say::kFailed ? packet.text.data() : "it ended, or kept silent for a minute";
    Kill();
    return base::Error{base::ErrorCode::kUnavailable, "the server did not start: " + said};
  }
  port_ = packet.port;
  return {};
}

void ServerProcess::ClockMoved() {
  if (Running()) SendPacket(talk_fd_, {Say::kClockMoved, 0, {}, {}});
}

base::Result<ServerLook> ServerProcess::Look() {
  Packet packet{Say::kLook, 0, {}, {}};
  if (SendPacket(talk_fd_, packet) && ReceivePacket(talk_fd_, packet, kLongestWaitMs)) return packet.look;
  return base::Error{base::ErrorCode::kUnavailable, "the server ended by itself, or has not answered for a minute"};
}

void ServerProcess::Kill() {
  if (!Running()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
  CloseTalk();
}

base::Result<void> ServerProcess::Stop() {
  if (!Running()) return {};
  SendPacket(talk_fd_, {Say::kStop, 0, {}, {}});
  Packet last;
  ReceivePacket(talk_fd_, last, kLongestWaitMs);  // nothing comes any more but the end
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  CloseTalk();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return base::Error{base::ErrorCode::kUnavailable, "the server ended with status " + std::to_string(status)};
}

void ServerProcess::CloseTalk() {
  if (talk_fd_ >= 0) close(talk_fd_);
  talk_fd_ = -1;
}

bool ServerTalk::Serve(int port, const std::function<ServerLook()>& look) {
  if (!SendPacket(fd_, {Say::kReady, port, {}, {}})) return false;
  for (Packet packet; ReceivePacket(fd_, packet, -1);) {
    if (packet.say == Say::kStop) return true;
    if (packet.say == Say::kClockMoved) clock_.Wake();
    if (packet.say == Say::kLook) SendPacket(fd_, {Say::kLook, port, look(), {}});
  }
  return false;
}

void ServerTalk::Failed(const std::string& message) {
  Packet packet{Say::kFailed, 0, {}, {}};
  message.copy(packet.text.data(), packet.text.size() - 1);
  SendPacket(fd_, packet);
}

}  // namespace yingda::simulator
