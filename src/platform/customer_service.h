// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "net/event_loop.h"
#include "platform/customer_message.h"
#include "platform/follower_messages.h"
#include "platform/wechat_api.h"

namespace yingda::platform {

/// Customer-service messages (客服消息) of one account. What certainly did not go out is tried again with growing
/// pauses (no connection, WeChat busy), or after a minute (45011, which holds everybody's back); what may have gone out
/// never is. Messages of different followers overtake each other while one pauses.
/// Thread-safety: on the loop. Lifetime: ends before api and loop; messages that wait then end without `done`.
/// Limits: `max_in_flight` at once, `max_waiting` behind them or in a pause, then kUnavailable at once.
class CustomerService final : public FollowerMessages {
 public:
  struct Options {
    MessageDialect dialect = MessageDialect::kOfficialAccount;
    size_t max_in_flight = 32;
    size_t max_waiting = 10'000;
    int max_retries = 3;  // of one message
    base::Duration first_pause = std::chrono::milliseconds(500);
    base::Duration longest_pause = std::chrono::seconds(8);
    base::Duration rate_pause = std::chrono::seconds(60);  // after 45011
  };

  CustomerService(Options options, WeChatApi& api, net::EventLoop& loop, base::Metrics& metrics);
  ~CustomerService() override;

  void Send(std::string open_id, wechat::Reply message, bool made_by_model, Done done) override;
  void Typing(std::string open_id) override;
  /// Ends all messages: those under way as kUnknown, the rest as kUnavailable, in their order, and any later one at
  /// once.
  void Stop();

 private:
  struct Message {
    std::string body;
    Done done;
    int retries = 0;
    bool under_way = false;
    net::EventLoop::TimerId timer = 0;  // in a pause
  };
  using MessageId = uint64_t;

  void Pump();
  void Start(MessageId id);
  void OnAnswer(MessageId id, const base::Result<ApiAnswer>& answer);
  void RetryOrEnd(MessageId id, base::Duration pause, SendOutcome otherwise);
  base::Duration Pause(int retries) const;
  void End(MessageId id, SendOutcome outcome);
  void Count(SendEnd end);

  const Options options_;
  WeChatApi& api_;
  net::EventLoop& loop_;
  std::array<base::Counter*, 6> ends_{};  // by SendEnd
  MessageId last_ = 0;
  std::map<MessageId, Message> messages_;
  std::deque<MessageId> ready_;
  size_t in_flight_ = 0;
  size_t typing_ = 0;
  base::TimePoint held_until_{};
  net::EventLoop::TimerId held_timer_ = 0;
  bool stopped_ = false;
  std::shared_ptr<CustomerService*> self_ = std::make_shared<CustomerService*>(this);  // what calls hold weakly
};

/// How a message ended that WeChat answered with this errcode, once nothing is tried any more.
SendEnd EndOf(int errcode);
const char* ToString(SendEnd end);

}  // namespace yingda::platform
