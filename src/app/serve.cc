// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/application.h"
#include "app/command_line.h"

namespace yingda::app {
namespace {

sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

/// A second signal while we are stopping means: now.
void ExitOnNextSignal() {
  struct sigaction action {};
  action.sa_handler = [](int number) { ::_exit(128 + number); };
  for (const int number : {SIGTERM, SIGINT}) sigaction(number, &action, nullptr);
  sigset_t signals = HandledSignals();
  sigdelset(&signals, SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

/// One descriptor per waiting push and one per model call: the soft limit of most systems is far too low.
void RaiseDescriptorLimit() {
  struct rlimit limit {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int RunServe(const ServeArguments& arguments) {
  auto config = LoadConfigFile(arguments.config_file);
  if (!config) return kExitConfig;
  // Before any thread starts, so that all inherit it and only sigwait below sees these signals.
  const sigset_t signals = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is like a full disk: it fails writes, not the server
  RaiseDescriptorLimit();

  const auto made = base::MakeJsonLogger(config->log_level, config->log_file);
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().message.c_str());
    return kExitConfig;
  }
  const auto& logger = *made;
  base::SystemClock clock;
  Application application(*std::move(config), clock, *logger);
  if (const auto started = application.Start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return started.error().code == base::ErrorCode::kInvalidArgument ? kExitConfig : kExitUnavailable;
  }
  for (int number = 0; sigwait(&signals, &number) == 0 && number == SIGHUP;) application.Reload();
  logger->Info("stopping");
  ExitOnNextSignal();
  application.Stop();
  return kExitOk;
}

}  // namespace yingda::app
