// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

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

  auto made = base::MakeJsonLogger(config->log_level, config->log_file);
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().message.c_str());
    return kExitConfig;
  }
  std::unique_ptr<base::Logger> logger = *std::move(made);
  base::SystemClock clock;
  std::optional<Application> application(std::in_place, *std::move(config), clock, *logger);
  if (const auto started = application->Start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return started.error().code == base::ErrorCode::kInvalidArgument ? kExitConfig : kExitUnavailable;
  }
  for (int number = 0; sigwait(&signals, &number) == 0 && number == SIGHUP;) application->Reload();
  logger->Info("stopping");
  ExitOnNextSignal();
  application->Stop();
  const bool thread_left_behind = application->ThreadLeftBehind();
  application.reset();
  logger.reset();
  // It must not wake up among static objects that are gone.
  if (thread_left_behind) ::_exit(kExitOk);
  return kExitOk;
}

}  // namespace yingda::app
