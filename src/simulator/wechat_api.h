// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "simulator/api_account.h"

namespace yingda::simulator {

/// One call that came in, good or not.
struct ApiCall {
  std::string path;
  std::string app_id;        // empty when it could not be told
  int token_generation = 0;  // of the token it used or got, from 1 for the account's first; 0: none of ours
  int errcode = 0;
  int status = 200;  // 0: the network failed it before it did anything
  bool answer_lost = false;
  base::TimePoint at;
};

/// One message that a follower has in the chat now.
struct ApiDelivery {
  std::string app_id;
  std::string open_id;
  std::string type;            // text, image, news, …
  std::string text;            // of a text: its content; else the object as JSON
  bool made_by_model = false;  // shown with 内容由第三方AI生成
  int token_generation = 0;
  base::TimePoint at;
};

/// A fake of api.weixin.qq.com over real HTTP, for tests and simulations: access tokens, customer-service messages with
/// their windows, quotas, and the other calls that a message server makes. What goes wrong is injected.
/// Thread-safety: all members, but Start and Stop not from the loop. Lifetime: loop, clock, logger and metrics
/// outlive it. Time is the injected clock's. Limits: remembers the last 100,000 calls and deliveries.
/// Not faked: OAuth, mass messages, permanent material, agents (客服), the third-party platform; of templates, QR
/// codes, tags and users only that a well-formed call succeeds (see ApiAccountOptions::bodies).
class WeChatApi {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    int port = 0;  // 0: the kernel picks one, see Port()
    unsigned threads = 2;
    std::vector<ApiAccountOptions> accounts = {ApiAccountOptions{}};
    size_t max_body_bytes = size_t{4} * 1024 * 1024;
    /// Runs for each message as it reaches the follower, without locks held; must not block.
    std::function<void(const ApiDelivery&)> on_delivery{};
  };
  enum class Network {
    kWorks,
    kRefuses,  // nobody listens
    kResets,   // connections are closed without an answer, and nothing is done
    kSilent,   // nothing is done and nothing is answered until the caller leaves
  };

  WeChatApi(Options options, net::EventLoop& loop, base::Clock& clock, base::Logger& logger, base::Metrics& metrics);
  ~WeChatApi();

  /// Errors: kUnavailable, when it cannot listen.
  base::Result<void> Start();
  void Stop();
  int Port() const;
  /// What an account's api_base has to be: http://host:port
  std::string BaseUrl() const;

  // What followers do. An empty app_id means the first account.
  /// Opens the window of 5 messages in 48 h.
  void FollowerSpoke(const std::string& open_id, const std::string& app_id = {});
  /// Clicked a menu, subscribed or scanned: 3 messages in 1 min.
  void FollowerActed(const std::string& open_id, const std::string& app_id = {});
  void FollowerLeft(const std::string& open_id, const std::string& app_id = {});

  // What goes wrong. `path` is whole, e.g. /cgi-bin/message/custom/send ; empty: any.
  /// The next `times` calls get this errcode and do nothing.
  void FailNext(const std::string& path, int errcode, int times = 1);
  /// The next `times` calls get this HTTP status with an HTML page, as from a broken proxy, and do nothing.
  void FailNextWithStatus(const std::string& path, int status, int times = 1);
  /// The next `times` calls are done, a message is delivered, but the connection ends without an answer. Beware: on a
  /// connection that it has used before, libcurl then sends the request again by itself.
  void LoseNextAnswer(const std::string& path, int times = 1);
  /// Every answer comes so late, by the clock; what is asked for is done at once.
  void SetLatency(base::Duration latency);
  /// kRefuses really closes the port, and the calls under way; any other opens the same port again. Errors:
  /// kUnavailable, when somebody else took the port meanwhile.
  base::Result<void> SetNetwork(Network network);
  /// All tokens die, as if another program had fetched one: 40001.
  void RevokeTokens(const std::string& app_id = {});
  /// Changes an account while it runs: verified, refused_ip, limits. `change` runs under a lock.
  void Change(const std::function<void(ApiAccountOptions&)>& change, const std::string& app_id = {});
  void AddMedia(const std::string& media_id, const std::string& app_id = {});

  // What happened.
  std::vector<ApiDelivery> Delivered(const std::string& open_id) const;
  std::vector<ApiDelivery> AllDelivered() const;
  std::vector<ApiCall> Calls(const std::string& path) const;
  std::vector<ApiCall> AllCalls() const;
  int TokensIssued(const std::string& app_id = {}) const;
  /// Calls that wait for their answer, by latency or silence.
  size_t Waiting() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace yingda::simulator
