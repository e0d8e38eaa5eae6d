// SPDX-License-Identifier: MIT
#include "model/upstream_call.h"

#include <algorithm>

#include "model/upstream_error.h"

namespace yingda::model {
namespace {

constexpr size_t kMaxErrorBody = 64 * 1024;
/// How long the rest of an answer that is complete may take, until the connection is given up: usually the last chunk
/// is in the same packet.
constexpr base::Duration kTailTime = std::chrono::seconds(1);

ChatStream::Options StreamOptions(bool hold_back_reasoning) {
  ChatStream::Options options;
  options.hold_back_unopened_reasoning = hold_back_reasoning;
  return options;
}

ChatFailure FailureOf(base::ErrorCode transport) {
  switch (transport) {
    case base::ErrorCode::kDeadlineExceeded:
      return ChatFailure::kTimeout;
    case base::ErrorCode::kUnavailable:
      return ChatFailure::kUnreachable;
    case base::ErrorCode::kInvalidArgument:
      return ChatFailure::kRefused;
    default:
      return ChatFailure::kBadAnswer;
  }
}

std::string MillisecondsText(base::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

UpstreamCall::UpstreamCall(const UpstreamOptions& options, bool hold_back_reasoning, net::HttpClient& client,
                           net::EventLoop& loop, Events events)
    : options_(options),
      client_(client),
      loop_(loop),
      events_(std::move(events)),
      stream_(StreamOptions(hold_back_reasoning)) {}

UpstreamCall::~UpstreamCall() {
  if (timer_ != 0) loop_.Cancel(timer_);
  if (http_call_ != 0) client_.Cancel(http_call_);
}

void UpstreamCall::Start(net::HttpClientRequest request, base::TimePoint deadline, base::Duration first_token_within) {
  total_deadline_ = deadline;
  first_token_within_ = first_token_within;
  phase_deadline_ = loop_.clock().Now() + first_token_within;
  Arm();
  // An event may drop this call, so each keeps it until it is through.
  const std::weak_ptr<UpstreamCall> weak = weak_from_this();
  const auto with_self = [weak](auto method) {
    return [weak, method](const auto& argument) {
      if (const auto self = weak.lock()) ((*self).*method)(argument);
    };
  };
  http_call_ = client_.Start(std::move(request), {with_self(&UpstreamCall::OnHead), with_self(&UpstreamCall::OnBody),
                                                  with_self(&UpstreamCall::OnTransportDone)});
}

void UpstreamCall::OnHead(const net::HttpClientHead& head) {
  status_ = head.status;
  if (status_ >= 400) retry_after_ = RetryAfter(head, loop_.clock().WallNow());
  if (status_ < 300) return;
  // The status says most; a body that does not end is not worth waiting for.
  phase_deadline_ = std::min(phase_deadline_, loop_.clock().Now() + kTailTime);
  Arm();
}

void UpstreamCall::OnBody(std::string_view bytes) {
  if (done_) return;  // the tail of an answer that is complete
  if (status_ < 200 || status_ > 299) {
    error_body_ += bytes.substr(0, kMaxErrorBody - error_body_.size());
    return;
  }
  std::string text;
  stream_.Feed(bytes, text);
  Progress();
  Emit(text);
  if (!done_ && stream_.done()) Done(stream_.outcome());
}

void UpstreamCall::Emit(const std::string& text) {
  if (text.empty()) return;
  text_given_ = true;
  if (events_.on_text) events_.on_text(text);
}

void UpstreamCall::Progress() {
  const base::TimePoint now = loop_.clock().Now();
  if (stream_.finish_reason_seen()) {
    phase_deadline_ = std::min(phase_deadline_, now + kTailTime);
  } else if (stream_.progress() > progress_) {
    progress_ = stream_.progress();
    phase_deadline_ = now + options_.idle_timeout;
  } else {
    return;
  }
  if (std::min(phase_deadline_, total_deadline_) < armed_for_) Arm();
}

/// One timer serves both deadlines; moving a deadline away costs nothing, since the timer looks again when it runs.
void UpstreamCall::Arm() {
  if (timer_ != 0) loop_.Cancel(timer_);
  armed_for_ = std::min(phase_deadline_, total_deadline_);
  timer_ = loop_.At(armed_for_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void UpstreamCall::OnTimer() {
  timer_ = 0;
  const base::TimePoint now = loop_.clock().Now();
  if (now < std::min(phase_deadline_, total_deadline_)) {
    Arm();
    return;
  }
  if (done_) {  // the tail did not come to an end
    Release();
    return;
  }
  const std::string reasoning = stream_.reasoning_seen() ? ", reasoning only" : "";
  if (status_ >= 300 || stream_.finish_reason_seen()) {
    Conclude({});  // enough is known, though the body does not end
  } else if (now >= total_deadline_) {
    FailWith(ChatFailure::kTimeout, "deadline" + (progress_ == 0 ? reasoning : std::string()));
  } else if (progress_ == 0) {
    FailWith(ChatFailure::kTimeout, "no first token in " + MillisecondsText(first_token_within_) + reasoning);
  } else {
    FailWith(ChatFailure::kTimeout, "idle for " + MillisecondsText(options_.idle_timeout));
  }
}

void UpstreamCall::OnTransportDone(const base::Result<void>& result) {
  http_call_ = 0;
  if (done_) {
    Release();
  } else {
    Conclude(result);
  }
}

/// No more bytes will be read: judges by what has come.
void UpstreamCall::Conclude(const base::Result<void>& result) {
  if (status_ == 0) {
    FailWith(result ? ChatFailure::kBadAnswer : FailureOf(result.error().code),
             result ? "no answer" : result.error().message);
  } else if (status_ < 200 || status_ > 299) {
    const UpstreamError error = ErrorFromBody(status_, error_body_);
    refused_member_ = error.param;
    FailWith(Classify(error), Describe(error));
  } else {
    std::string text;
    stream_.Finish(result.has_value(), text);
    Emit(text);
    if (!done_) Done(stream_.outcome());
  }
}

void UpstreamCall::FailWith(ChatFailure failure, std::string detail) {
  ChatOutcome outcome = stream_.outcome();
  outcome.failure = failure;
  outcome.detail = std::move(detail);
  outcome.truncated = text_given_;
  outcome.retry_after = retry_after_;
  outcome.refused_member = refused_member_;
  Done(outcome);
}

void UpstreamCall::Done(const ChatOutcome& outcome) {
  done_ = true;
  ChatOutcome told = outcome;
  if (status_ == 200 && told.failure == ChatFailure::kBadAnswer) told.detail = "status 200, " + told.detail;
  const bool complete = told.failure == ChatFailure::kNone && !told.truncated && http_call_ != 0;
  if (events_.on_done) events_.on_done(told);
  if (released_) return;
  if (complete) {
    // The answer is told at once; its connection is worth a moment more, since a new one costs a TLS handshake.
    phase_deadline_ = loop_.clock().Now() + kTailTime;
    total_deadline_ = std::max(total_deadline_, phase_deadline_);
    Arm();
  } else {
    Release();
  }
}

void UpstreamCall::Release() {
  if (released_) return;
  released_ = true;
  if (timer_ != 0) loop_.Cancel(std::exchange(timer_, 0));
  if (http_call_ != 0) client_.Cancel(std::exchange(http_call_, 0));
  if (events_.on_released) events_.on_released();
}

}  // namespace yingda::model
