// SPDX-License-Identifier: MIT
#include <signal.h>

#include <charconv>
#include <cstdio>

#include "app/command_line.h"
#include "simulator/model_upstream.h"

namespace yingda::app {

int RunDemoModel(const DemoModelArguments& arguments) {
  simulator::ModelUpstream::Options options;
  const size_t colon = arguments.listen.rfind(':');
  const char* const port = colon == std::string::npos ? "" : arguments.listen.c_str() + colon + 1;
  const auto parsed = std::from_chars(port, arguments.listen.c_str() + arguments.listen.size(), options.port);
  if (colon == std::string::npos || parsed.ec != std::errc() || *parsed.ptr != '\0') {
    std::fprintf(stderr, "--listen wants host:port, e.g. 127.0.0.1:9191\n");
    return kExitUsage;
  }
  options.host = arguments.listen.substr(0, colon);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  signal(SIGHUP, SIG_IGN);  // means "reload" to the server, and may be sent to all of one name
  const auto logger = base::MakeNullLogger();
  base::SystemClock clock;
  base::Metrics metrics;
  net::EventLoop loop(clock);
  simulator::ModelUpstream upstream(options, loop, clock, *logger, metrics);
  if (const auto started = upstream.Start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return kExitUnavailable;
  }
  std::printf("demo model at %s\n", upstream.BaseUrl().c_str());
  std::fflush(stdout);
  int number = 0;
  sigwait(&signals, &number);
  upstream.Stop();
  return kExitOk;
}

}  // namespace yingda::app
