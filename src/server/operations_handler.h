// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "bot/account.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "server/explanation.h"

namespace yingda::server {

/// What operators and their tools ask, on a listener of its own that never stands behind waiting pushes:
/// GET /healthz (the process lives), /readyz (it takes pushes), /metrics (Prometheus text) and
/// /test?account=main&msg=你好 (what a follower would get, and why, as JSON; &model=1 asks the model, too).
/// Thread-safety: all members.
class OperationsHandler {
 public:
  struct Options {
    base::Duration test_deadline = std::chrono::seconds(60);
    size_t max_tests_in_flight = 4;  // each may cost a model call
  };

  OperationsHandler(Options options, std::vector<const bot::Account*> accounts, base::Metrics& metrics,
                    net::EventLoop& loop);
  /// After the loop has stopped, or before anything was served.
  ~OperationsHandler();

  void Serve(net::HttpServer& server);
  void SetReady(bool ready) { ready_ = ready; }
  bool IsReady() const { return ready_; }

 private:
  struct ModelTest;
  void EndTest(const ModelTest* over);
  void Ready(net::Responder responder) const;
  void Test(const net::HttpRequest& request, net::Responder responder);
  void AskModel(const bot::Account& account, Explanation explanation, net::Responder responder);

  const Options options_;
  const std::vector<const bot::Account*> accounts_;
  base::Metrics& metrics_;
  net::EventLoop& loop_;
  std::atomic<bool> ready_{false};
  std::atomic<size_t> tests_in_flight_{0};
  std::vector<std::shared_ptr<ModelTest>> tests_;  // on the loop; the owner of what waits for the model
};

}  // namespace yingda::server
