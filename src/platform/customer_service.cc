// SPDX-License-Identifier: MIT
#include "platform/customer_service.h"

#include <algorithm>
#include <utility>

#include "platform/errcodes.h"
#include "platform/pause.h"

namespace yingda::platform {
namespace {

using base::ErrorCode;

constexpr int kBadRequest = 400;
constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;
constexpr int kUnavailableStatus = 503;

/// Did this failure come before WeChat had the message?
bool CertainlyNotSent(const base::Result<ApiAnswer>& answer) {
  if (!answer) {
    return answer.error().code == ErrorCode::kUnavailable || answer.error().code == ErrorCode::kUnauthenticated ||
           answer.error().code == ErrorCode::kInvalidArgument;
  }
  // By a proxy on the way: a refusal, or that it could not pass it on. Other 5xx may come after WeChat's work.
  return (answer->status >= kBadRequest && answer->status < kServerError) || answer->status == kUnavailableStatus;
}

/// Of what was not sent: may the same work in a moment?
bool MayWorkSoon(const base::Result<ApiAnswer>& answer) {
  if (!answer) return answer.error().code == ErrorCode::kUnavailable;
  return answer->status == kUnavailableStatus || answer->status == kTooManyRequests;
}

bool IsVerdict(const base::Result<ApiAnswer>& answer) {
  return answer && answer->has_errcode && answer->status >= 200 && answer->status < 300;
}

}  // namespace

SendEnd EndOf(int errcode) {
  const Errcode known = FindErrcode(errcode);
  switch (known.action) {
    case ErrcodeAction::kNone:
    case ErrcodeAction::kIgnore:
      return SendEnd::kDelivered;
    case ErrcodeAction::kRetry:
    case ErrcodeAction::kWaitAMinute:
    case ErrcodeAction::kRefreshToken:
    case ErrcodeAction::kStopForToday:
    case ErrcodeAction::kAlert:
      return SendEnd::kUnavailable;
    case ErrcodeAction::kWaitForUser:
      return SendEnd::kClosed;
    case ErrcodeAction::kDisable:
      return SendEnd::kNotAllowed;
    case ErrcodeAction::kShorten:
    case ErrcodeAction::kUploadAgain:
    case ErrcodeAction::kPlainText:
    case ErrcodeAction::kGiveUp:
      break;
  }
  return known.about == ErrcodeClass::kUser ? SendEnd::kClosed : SendEnd::kRejected;
}

const char* ToString(SendEnd end) {
  switch (end) {
    case SendEnd::kDelivered:
      return "delivered";
    case SendEnd::kClosed:
      return "closed";
    case SendEnd::kNotAllowed:
      return "not_allowed";
    case SendEnd::kRejected:
      return "rejected";
    case SendEnd::kUnavailable:
      return "unavailable";
    case SendEnd::kUnknown:
      break;
  }
  return "unknown";
}

CustomerService::CustomerService(Options options, WeChatApi& api, net::EventLoop& loop, base::Metrics& metrics)
    : options_(options), api_(api), loop_(loop) {
  for (size_t i = 0; i < ends_.size(); ++i) {
    ends_.at(i) = &metrics.Counter("yingda_push_total", "Customer-service messages by how they ended",
                                   {{"account", api.account()}, {"end", ToString(static_cast<SendEnd>(i))}});
  }
}

CustomerService::~CustomerService() {
  for (const auto& [id, message] : messages_) {
    if (message.timer != 0) loop_.Cancel(message.timer);
  }
  if (held_timer_ != 0) loop_.Cancel(held_timer_);
}

void CustomerService::Send(std::string open_id, wechat::Reply message, bool made_by_model, Done done) {
  const auto refuse = [&](SendEnd end) {
    Count(end);
    if (done) done({end, 0});
  };
  // Nothing to say is said at once.
  if (std::holds_alternative<wechat::NoReply>(message)) return refuse(SendEnd::kDelivered);
  std::optional<std::string> body = CustomerMessageBody(open_id, message, made_by_model, options_.dialect);
  if (!body) return refuse(SendEnd::kRejected);
  if (stopped_ || messages_.size() >= options_.max_waiting + options_.max_in_flight)
    return refuse(SendEnd::kUnavailable);
  const MessageId id = ++last_;
  messages_.emplace(id, Message{*std::move(body), std::move(done), 0, false, 0});
  ready_.push_back(id);
  Pump();
}

void CustomerService::Typing(std::string open_id) {
  // Worth nothing when late, so it neither waits nor takes the place of a message.
  if (stopped_ || typing_ >= options_.max_in_flight || loop_.clock().Now() < held_until_) return;
  ++typing_;
  api_.Call({"POST", "/cgi-bin/message/custom/typing", "", TypingBody(open_id)},
            [weak = std::weak_ptr(self_)](const base::Result<ApiAnswer>&) {
              if (const auto alive = weak.lock()) --(*alive)->typing_;
            });
}

void CustomerService::Stop() {
  stopped_ = true;
  ready_.clear();
  while (!messages_.empty()) {
    const auto& [id, message] = *messages_.begin();
    if (message.timer != 0) loop_.Cancel(message.timer);
    End(id, {message.under_way ? SendEnd::kUnknown : SendEnd::kUnavailable, 0});
  }
}

void CustomerService::Pump() {
  const base::TimePoint now = loop_.clock().Now();
  if (now < held_until_) {
    if (held_timer_ == 0) {
      held_timer_ = loop_.At(held_until_, [this] {
        held_timer_ = 0;
        Pump();
      });
    }
    return;
  }
  while (!ready_.empty() && in_flight_ < options_.max_in_flight) {
    const MessageId id = ready_.front();
    ready_.pop_front();
    Start(id);
  }
}

void CustomerService::Start(MessageId id) {
  ++in_flight_;
  Message& message = messages_.at(id);
  message.under_way = true;
  api_.Call({"POST", "/cgi-bin/message/custom/send", "", message.body},
            [weak = std::weak_ptr(self_), id](const base::Result<ApiAnswer>& answer) {
              const auto alive = weak.lock();
              if (!alive) return;
              CustomerService& self = **alive;
              --self.in_flight_;
              const auto at = self.messages_.find(id);
              if (at == self.messages_.end()) return;  // stopped meanwhile
              at->second.under_way = false;
              self.OnAnswer(id, answer);
              self.Pump();
            });
}

void CustomerService::OnAnswer(MessageId id, const base::Result<ApiAnswer>& answer) {
  if (CertainlyNotSent(answer)) {
    const SendOutcome outcome{SendEnd::kUnavailable, answer ? answer->errcode : 0};
    if (MayWorkSoon(answer)) {
      RetryOrEnd(id, Pause(messages_.at(id).retries), outcome);
    } else {
      End(id, outcome);
    }
    return;
  }
  if (!IsVerdict(answer)) {
    End(id, {SendEnd::kUnknown, 0});
    return;
  }
  const ErrcodeAction action = FindErrcode(answer->errcode).action;
  const SendOutcome outcome{EndOf(answer->errcode), answer->errcode};
  // With a refused token the call behind this one has been made twice; what keeps it invalid may pass.
  if (action == ErrcodeAction::kRetry || action == ErrcodeAction::kRefreshToken) {
    RetryOrEnd(id, Pause(messages_.at(id).retries), outcome);
  } else if (action == ErrcodeAction::kWaitAMinute) {
    held_until_ = std::max(held_until_, loop_.clock().Now() + options_.rate_pause);
    RetryOrEnd(id, options_.rate_pause, outcome);
  } else {
    End(id, outcome);
  }
}

base::Duration CustomerService::Pause(int retries) const {
  return GrowingPause(options_.first_pause, options_.longest_pause, retries + 1);
}

void CustomerService::RetryOrEnd(MessageId id, base::Duration pause, SendOutcome otherwise) {
  Message& message = messages_.at(id);
  if (message.retries >= options_.max_retries) {
    End(id, otherwise);
    return;
  }
  ++message.retries;
  message.timer = loop_.After(pause, [this, id] {
    messages_.at(id).timer = 0;
    // It was first when it failed, and is again.
    ready_.push_front(id);
    Pump();
  });
}

void CustomerService::End(MessageId id, SendOutcome outcome) {
  const Done done = std::move(messages_.at(id).done);
  messages_.erase(id);
  Count(outcome.end);
  if (done) done(outcome);
}

void CustomerService::Count(SendEnd end) { ends_.at(static_cast<size_t>(end))->Add(); }

}  // namespace yingda::platform
