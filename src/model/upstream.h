// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "model/chat_model.h"
#include "model/upstream_health.h"

namespace yingda::model {

/// One upstream as all accounts that use it see it; what one of them learns of its health holds for all. Thread-safety:
/// on the event loop of its model.
class Upstream {
 public:
  Upstream(std::string name, std::unique_ptr<ChatModel> model, bool takes_pictures,
           const UpstreamHealth::Options& health, base::Logger& log, base::Metrics& metrics);

  const std::string& name() const { return name_; }
  ChatModel& model() const { return *model_; }
  bool takes_pictures() const { return takes_pictures_; }
  const UpstreamHealth& health() const { return health_; }

  UpstreamHealth::Ticket Began(base::TimePoint now);
  /// Says so in the log when the upstream is parked, opened or well again: once, not for every call.
  void Ended(base::TimePoint now, UpstreamHealth::Ticket ticket, const ChatOutcome& outcome,
             std::optional<base::Duration> first_token);

 private:
  const std::string name_;
  const std::unique_ptr<ChatModel> model_;
  const bool takes_pictures_;
  UpstreamHealth health_;
  UpstreamHealth::State shown_ = UpstreamHealth::State::kWell;
  base::Logger& log_;
  base::Gauge& state_;
};

}  // namespace yingda::model
