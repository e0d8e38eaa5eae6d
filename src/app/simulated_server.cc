// SPDX-License-Identifier: MIT
#include <signal.h>

#include "app/application.h"
#include "app/command_line.h"
#include "app/simulate_command.h"
#include "simulator/server_process.h"
#include "simulator/virtual_clock.h"

namespace yingda::app {
namespace {

/// Pushes that wait at the server without a waiting job behind them are just being handled.
simulator::ServerLook LookAt(const Application& application) {
  simulator::ServerLook look;
  look.parked = application.PushesParked();
  look.idle = application.Idle() && look.parked == application.PushesWaiting();
  look.jobs = application.JobsOpen();
  return look;
}

}  // namespace

int RunSimulatedServer(const SimulatedServerArguments& arguments) {
  auto clock = simulator::VirtualClock::Attach(arguments.clock_fd);
  if (!clock) return kExitUsage;
  simulator::ServerTalk talk(arguments.talk_fd, **clock);
  const auto fail = [&](const std::string& message) {
    talk.Failed(message);
    return kExitUnavailable;
  };
  auto config = config::Load(arguments.config_file, config::ProcessEnvironment());
  if (!config) return fail(config.error().message);
  config->push_server.port = arguments.port;
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  const auto logger = base::MakeJsonLogger(config->log_level, config->log_file);
  if (!logger) return fail(logger.error().message);
  Application application(*std::move(config), **clock, **logger);
  if (const auto started = application.Start(); !started) return fail(started.error().message);
  if (!talk.Serve(application.PushPort(), [&] { return LookAt(application); })) return kExitUnavailable;
  application.Stop();
  return kExitOk;
}

}  // namespace yingda::app
