// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "net/http_server.h"
#include "support/manual_clock.h"
#include "unit/net/raw_client.h"

namespace yingda::testing {

/// Waits for a condition that other threads bring about; false after a generous deadline.
bool Eventually(const std::function<bool()>& condition);

/// Threads and open descriptors of this process.
size_t CountThreads();

/// Where parked requests wait for a test to answer them.
class ParkingLot {
 public:
  void Put(net::Responder responder);
  /// Waits until `count` requests are parked here and takes them, oldest first.
  std::vector<net::Responder> Take(size_t count);
  net::Responder TakeOne() { return std::move(Take(1).front()); }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<net::Responder> responders_;
};

/// A server on a free port with the routes that most tests want: POST /echo, GET /hello, POST /park, GET /throw.
class ServerTest : public ::testing::Test {
 protected:
  void StartServer(net::HttpServer::Options options = {});
  RawClient Connect() { return RawClient(server_->Port()); }
  /// The value of a metric line that begins with `name_and_labels`; 0 when there is none.
  double Metric(const std::string& name_and_labels) const;

  ManualClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  ParkingLot parked_;
  /// May add routes before the server starts.
  std::function<void(net::HttpServer&)> more_routes_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace yingda::testing
