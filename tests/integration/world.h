// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/application.h"
#include "net/curl_http_client.h"
#include "simulator/chat_text.h"
#include "simulator/follower.h"
#include "simulator/messages.h"
#include "simulator/model_upstream.h"
#include "simulator/wechat_api.h"
#include "simulator/wechat_simulator.h"
#include "support/conductor.h"
#include "support/manual_clock.h"
#include "support/temp_dir.h"

namespace yingda::testing {

/// The whole application between WeChat's side and a model upstream, over real sockets, with a clock that the test
/// moves: a 15-second story takes moments.
class World {
 public:
  struct Options {
    simulator::UpstreamAnswer answer = nullptr;  // required by tests that ask the model
    std::string mode = "plain";                  // plain, compatible, safe
    bool json = false;
    int tries = 3;
    std::string rules{};          // a rule file; empty: a small one
    std::string deny_words{};     // a word list; empty: a small one
    std::string more_accounts{};  // list items below accounts:
    std::string more_config{};    // appended to config.yml
    std::string more_answers{};   // lines below answers:, each indented by two
    int history_tokens = 3000;
    std::string model = "main";  // empty: the account has no upstream
    // Not empty: auto, passive, push or miniprogram, and WeChat's API is there.
    std::string kind{};
    std::function<void(simulator::ApiAccountOptions&)> api_account{};  // changes its account
    std::string public_url{};                                          // of answer pages
    std::string more_account{};                                        // lines of the account, indented by four
    std::function<void(config::Config&)> change_config{};              // what no configuration file may say
  };

  explicit World(Options options);
  ~World();

  ManualClock& clock() { return clock_; }
  Conductor& conductor() { return *conductor_; }
  app::Application& application() { return *application_; }
  simulator::ModelUpstream& model() { return *model_; }
  simulator::WeChatSimulator& wechat() { return *wechat_; }
  simulator::WeChatApi& api() { return *api_; }
  net::EventLoop& loop() { return loop_; }
  net::HttpClient& client() { return client_; }
  const TempDir& folder() const { return folder_; }
  const std::string& url() const { return url_; }

  /// Counts another simulator's requests when it is judged whether all has settled.
  void AlsoWatch(const simulator::WeChatSimulator& other) { also_watched_ = &other; }

  std::unique_ptr<simulator::Follower> NewFollower();
  /// Plays until nobody waits for an outcome; false when somebody still does after `limit` of the clock's time.
  bool PlayOut(const std::vector<simulator::Follower*>& followers, base::Duration limit = std::chrono::seconds(60));
  bool RunFor(base::Duration time) { return conductor_->RunFor(time, kStep); }

  /// Sends one message and plays until its outcome is there.
  simulator::PushOutcome Send(simulator::Follower& follower, wechat::Incoming message, simulator::Faults faults = {});
  simulator::PushOutcome Say(simulator::Follower& follower, const std::string& text, simulator::Faults faults = {}) {
    return Send(follower, simulator::TextMessage(text), std::move(faults));
  }

  /// What the push listener answers: "status\n\nbody".
  std::string Get(const std::string& path, const std::string& method = "GET");
  /// What the follower has in the chat by customer-service messages, in order.
  std::vector<std::string> Pushed(const simulator::Follower& follower) const;

  /// Stops the application as SIGTERM would / and starts it anew on the same store and port.
  void StopApplication();
  void StartApplication();
  void Restart() {
    StopApplication();
    StartApplication();
  }
  /// The value of a metric line, e.g. `yingda_answers_total{way="try2"}`; 0 when it is not there.
  double Metric(const std::string& line_start);

  static constexpr base::Duration kStep = std::chrono::milliseconds(100);

 private:
  void StartApi();
  std::string ApiLines() const;
  void WriteFiles();
  size_t OpenRequests() const;

  const Options options_;
  TempDir folder_;
  ManualClock clock_;
  std::unique_ptr<base::Logger> logger_;
  base::Metrics metrics_;
  net::EventLoop loop_;
  net::CurlHttpClient client_;
  std::unique_ptr<simulator::ModelUpstream> model_;
  std::unique_ptr<simulator::WeChatApi> api_;
  std::unique_ptr<app::Application> application_;
  std::unique_ptr<simulator::WeChatSimulator> wechat_;
  std::atomic<const simulator::WeChatSimulator*> also_watched_{nullptr};
  std::unique_ptr<Conductor> conductor_;
  std::string url_;
  int port_ = 0;
  int followers_ = 0;
};

/// Answers `text` so that the last piece comes `total` after the call.
simulator::UpstreamAnswer AnswersAfter(base::Duration total, std::string text);

}  // namespace yingda::testing
