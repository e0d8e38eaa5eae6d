// SPDX-License-Identifier: MIT
#include "simulator/thread_states.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "support/wait.h"

namespace yingda::simulator {
namespace {

/// A child that either waits for a byte or spins, as told.
class Child {
 public:
  explicit Child(bool busy) {
    EXPECT_EQ(pipe(pipe_.data()), 0);
    pid_ = fork();
    if (pid_ != 0) return;
    char byte = 0;
    for (volatile bool spin = busy; spin;) continue;
    while (read(pipe_[0], &byte, 1) > 0) continue;
    _exit(0);
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    for (const int fd : pipe_) close(fd);
  }
  pid_t pid() const { return pid_; }

 private:
  std::array<int, 2> pipe_{};
  pid_t pid_ = 0;
};

TEST(ThreadStatesTest, AProcessThatWaitsComesToRest) {
  const Child child(false);
  EXPECT_TRUE(testing::WaitFor([&] { return BusyThread(child.pid()).empty(); }));
}

TEST(ThreadStatesTest, AProcessThatComputesIsBusyUnlessItIsExcepted) {
  const Child child(true);
  for (int look = 0; look < 100; ++look) ASSERT_NE(BusyThread(child.pid()), "");
  EXPECT_EQ(BusyThread(child.pid(), child.pid()), "");
}

TEST(ThreadStatesTest, TheOneWhoLooksIsAwakeAndAProcessThatIsGoneIsAtRest) {
  EXPECT_NE(BusyThread(getpid()), "");
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  EXPECT_EQ(BusyThread(gone), "");
}

}  // namespace
}  // namespace yingda::simulator
