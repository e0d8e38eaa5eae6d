// SPDX-License-Identifier: MIT
#include "unit/net/server_fixture.h"

#include <filesystem>
#include <stdexcept>
#include <thread>

namespace yingda::testing {

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

size_t CountThreads() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

void ParkingLot::Put(net::Responder responder) {
  std::lock_guard lock(mutex_);
  responders_.push_back(std::move(responder));
  arrived_.notify_all();
}

std::vector<net::Responder> ParkingLot::Take(size_t count) {
  std::unique_lock lock(mutex_);
  const bool enough = arrived_.wait_for(lock, std::chrono::seconds(30), [&] { return responders_.size() >= count; });
  if (!enough) throw std::runtime_error("the requests did not arrive");
  std::vector<net::Responder> taken;
  for (size_t i = 0; i < count; ++i) taken.push_back(std::move(responders_[i]));
  responders_.erase(responders_.begin(), responders_.begin() + static_cast<std::ptrdiff_t>(count));
  return taken;
}

void ServerTest::StartServer(net::HttpServer::Options options) {
  server_ = std::make_unique<net::HttpServer>(std::move(options), clock_, *logger_, metrics_);
  server_->Handle("POST", "/echo", [](const net::HttpRequest& request, net::Responder responder) {
    responder.Send({.body = std::string(request.Body())});
  });
  server_->Handle("GET", "/hello",
                  [](const net::HttpRequest&, net::Responder responder) { responder.Send({.body = "hello"}); });
  server_->Handle("POST", "/park",
                  [this](const net::HttpRequest&, net::Responder responder) { parked_.Put(std::move(responder)); });
  server_->Handle("GET", "/throw", [](const net::HttpRequest&, net::Responder) { throw std::runtime_error("boom"); });
  if (more_routes_) more_routes_(*server_);
  const auto started = server_->Start();
  ASSERT_TRUE(started) << started.error().message;
}

double ServerTest::Metric(const std::string& name_and_labels) const {
  const std::string text = "\n" + metrics_.Text();
  const size_t at = text.find("\n" + name_and_labels + " ");
  return at == std::string::npos ? 0 : std::stod(text.substr(at + name_and_labels.size() + 2));
}

}  // namespace yingda::testing
