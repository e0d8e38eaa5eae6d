// SPDX-License-Identifier: MIT
#include "model/upstream.h"

#include <algorithm>
#include <utility>

namespace yingda::model {
namespace {

using State = UpstreamHealth::State;

/// Resting is a matter of moments, and a probe is out because the upstream was not well: neither is news.
State Shown(State state) {
  if (state == State::kResting) return State::kWell;
  return state == State::kProbing ? State::kOpen : state;
}

double Number(State state) {
  switch (state) {
    case State::kWell:
    case State::kResting:
      return 0;
    case State::kProbing:
      return 1;
    case State::kOpen:
      return 2;
    case State::kParked:
      break;
  }
  return 3;
}

}  // namespace

Upstream::Upstream(std::string name, std::unique_ptr<ChatModel> model, bool takes_pictures,
                   const UpstreamHealth::Options& health, base::Logger& log, base::Metrics& metrics)
    : name_(std::move(name)),
      model_(std::move(model)),
      takes_pictures_(takes_pictures),
      health_(health),
      log_(log),
      state_(
          metrics.Gauge("yingda_model_breaker_state",
                        "May the upstream be asked: 0 yes, 1 one call to see whether it is well again, 2 not while it "
                        "fails, 3 parked: key, balance or model name were refused.",
                        {{"upstream", name_}})) {}

UpstreamHealth::Ticket Upstream::Began(base::TimePoint now) {
  const UpstreamHealth::Ticket ticket = health_.Began(now);
  state_.Set(Number(health_.StateAt(now)));
  return ticket;
}

void Upstream::Ended(base::TimePoint now, UpstreamHealth::Ticket ticket, const ChatOutcome& outcome,
                     std::optional<base::Duration> first_token) {
  const bool parked = health_.Ended(now, ticket, outcome, first_token);
  const State state = health_.StateAt(now);
  state_.Set(Number(state));
  if (!parked && Shown(state) == shown_) return;
  shown_ = Shown(state);
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::max(health_.ReadyFrom(now), now) - now).count();
  switch (shown_) {
    case State::kParked:
      log_.Error("upstream_parked", {{"upstream", name_},
                                     {"detail", outcome.detail},
                                     {"seconds", seconds},
                                     {"what", "key, balance or model name were refused; see yingda check --online"}});
      return;
    case State::kOpen:
      log_.Warning("upstream_failing", {{"upstream", name_}, {"detail", outcome.detail}, {"seconds", seconds}});
      return;
    default:
      log_.Info("upstream_well", {{"upstream", name_}});
  }
}

}  // namespace yingda::model
