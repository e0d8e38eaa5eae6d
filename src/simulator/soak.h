// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "simulator/server_process.h"
#include "simulator/soak_follower.h"
#include "simulator/soak_judge.h"
#include "simulator/soak_plan.h"
#include "simulator/virtual_clock.h"
#include "wechat/push_builder.h"

namespace yingda::simulator {

/// A run of a real server under simulated time: many followers, a slow model, lost replies, and kills.
/// Thread-safety: none; Run blocks. Limits: the server must have settled within 60 s of real time at each step.
class Soak {
 public:
  struct Account {
    std::string path;  // of the callback
    wechat::PushBuilder::Options account;
    std::string app_secret;
    bool verified = false;  // may send customer-service messages
  };
  struct Progress {
    base::Duration played{};
    base::Duration of{};  // zero once only the rest is awaited
    size_t asked = 0;
    size_t answered = 0;
    size_t jobs = 0;
    int kills = 0;
  };
  struct Options {
    size_t followers = 1'000;
    base::Duration duration = std::chrono::minutes(10);
    int kills = 3;
    base::Duration drain_limit = std::chrono::hours(2);  // after `duration`, until all answers must be there
    base::Duration between_progress = std::chrono::seconds(5);
    SoakPlan::Options plan{};
    std::vector<Account> accounts;  // followers are dealt out to them in turn
    SoakTexts texts{};
    std::function<void(const Progress&)> progress{};
  };
  struct Report {
    SoakVerdict verdict;
    SoakIncidents incidents;
    int kills = 0;
    size_t customer_messages = 0;
    base::Duration played{};  // of simulated time, the drain included
    bool drained = false;     // within drain_limit
    std::string stories;      // of followers to whom something happened that must not, ten at most
    bool Good() const { return verdict.Good() && incidents.Good() && drained; }
  };

  Soak(Options options, VirtualClock& clock);
  ~Soak();

  /// The model and WeChat's API begin to serve. Errors: kUnavailable.
  base::Result<void> Start();
  std::string ModelUrl() const;
  std::string ApiUrl() const;

  /// Starts `server`, plays, and stops it. Errors: kUnavailable, when the server fails by itself, or does not settle.
  base::Result<Report> Run(ServerProcess& server);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace yingda::simulator
