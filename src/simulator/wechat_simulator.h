// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "simulator/push_outcome.h"
#include "simulator/timed_requests.h"
#include "wechat/incoming.h"
#include "wechat/push_builder.h"

namespace yingda::simulator {

/// WeChat's side of one official account (公众号): signs and encrypts pushes, POSTs them, hangs up after 5 s, tries
/// again at 5 and 10 s, and judges what comes back as WeChat's clients would. Time is the loop's clock. Thread-safety:
/// all members; work is done on the loop, where `done` is called too, exactly once. Lifetime: loop and client
/// outlive it. Its destructor waits for the loop (or runs on it) and drops what is under way without calling
/// `done`. Source: 公众号开发文档, 接入概述 and 被动回复用户消息; what is not documented (when a refused connection is
/// tried again) follows the same 5 s marks.
class WeChatSimulator {
 public:
  struct Options {
    std::string url;                             // the callback; may have a query of its own
    std::string original_id = "gh_yingda_demo";  // 原始ID
    wechat::PushBuilder::Options account;        // Token, AppID, EncodingAESKey, mode, XML or JSON
    base::Duration try_timeout = std::chrono::seconds(5);
    int tries = 3;
    size_t max_reply_bytes = size_t{64} * 1024;
    size_t max_in_flight = 20'000;  // messages; over it one fails at once with TryEnd::kTooMany
    uint64_t seed = 0;              // of nonces and the like; 0: a new one each time
  };
  using Done = std::function<void(PushOutcome)>;

  /// Errors: kInvalidArgument for an account that WeChat's console would not take (a bad EncodingAESKey).
  static base::Result<std::unique_ptr<WeChatSimulator>> Create(Options options, net::EventLoop& loop,
                                                               net::HttpClient& client);
  ~WeChatSimulator();
  WeChatSimulator(const WeChatSimulator&) = delete;
  WeChatSimulator& operator=(const WeChatSimulator&) = delete;

  /// What the console does when a server address is saved: a signed GET whose echostr must come back exactly.
  /// Errors, for a person to read: kUnavailable, kDeadlineExceeded, kUpstream (another status or body).
  void VerifyUrl(std::function<void(base::Result<void>)> done);

  /// Sends `message` until it is answered or the tries are used up. What is empty is filled in: to_user, create_time,
  /// and msg_id unless it is an event. `done` comes when everything is over, a duplicate and the late push included.
  void Push(wechat::Incoming message, Faults faults, Done done);
  void Push(wechat::Incoming message, Done done) { Push(std::move(message), Faults{}, std::move(done)); }

  /// Digits, each time others, also over restarts.
  std::string NextMessageId();

  const Options& options() const { return options_; }
  /// Messages that are not over, and HTTP requests that wait for their answer.
  size_t InFlight() const { return in_flight_; }
  size_t OpenRequests() const { return requests_.Open(); }

 private:
  struct Delivery;

  WeChatSimulator(Options options, wechat::PushBuilder builder, net::EventLoop& loop, net::HttpClient& client);
  void Begin(const std::shared_ptr<Delivery>& delivery);
  void StartTry(const std::shared_ptr<Delivery>& delivery);
  void SendRound(const std::shared_ptr<Delivery>& delivery, TryKind kind, const TryFaults& faults);
  void SendOne(const std::shared_ptr<Delivery>& delivery, TryKind kind, const TryFaults& faults,
               net::HttpClientRequest request);
  void EndTry(const std::shared_ptr<Delivery>& delivery, size_t record, const TryFaults& faults,
              const TimedAnswer& answer);
  void EndRound(const std::shared_ptr<Delivery>& delivery);
  void Decide(const std::shared_ptr<Delivery>& delivery, PushEnd end, const TryRecord& by);
  void Finish(const std::shared_ptr<Delivery>& delivery);
  wechat::PushBuilder::Stamp NextStamp();

  const Options options_;
  const wechat::PushBuilder builder_;
  net::EventLoop& loop_;
  base::Clock& clock_;
  const int64_t first_message_id_;
  std::atomic<int64_t> messages_{0};
  std::atomic<size_t> in_flight_{0};
  // On the loop.
  std::mt19937_64 random_;
  TimedRequests requests_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, std::shared_ptr<Delivery>> deliveries_;
};

}  // namespace yingda::simulator
