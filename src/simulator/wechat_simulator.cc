// SPDX-License-Identifier: MIT
#include "simulator/wechat_simulator.h"

#include <algorithm>
#include <utility>

#include "simulator/loop_call.h"
#include "simulator/push_request.h"
#include "simulator/reply_check.h"

namespace yingda::simulator {
namespace {

constexpr int64_t kIdsPerMillisecond = 10'000;

TryEnd EndOf(const TimedAnswer& answer, const TryFaults& faults) {
  if (answer.hung_up) return faults.hang_up_after ? TryEnd::kHungUp : TryEnd::kSilence;
  switch (answer.complete.error().code) {
    case base::ErrorCode::kUnavailable:
    case base::ErrorCode::kDeadlineExceeded:
      return TryEnd::kNoConnection;
    case base::ErrorCode::kTooLarge:
      return TryEnd::kBadReply;
    default:
      return TryEnd::kCutOff;
  }
}

/// Judges what came back; a lost reply is judged too, so that a test can compare what was lost with what came later.
void Judge(const wechat::PushBuilder& builder, const wechat::Incoming& message, const TryFaults& faults,
           const TimedAnswer& answer, TryRecord& record) {
  record.status = answer.status;
  if (!answer.complete) {
    record.end = EndOf(answer, faults);
    record.problem = answer.complete.error().message;
    return;
  }
  if (answer.status != 200) {
    record.end = TryEnd::kBadStatus;
    record.problem = "status " + std::to_string(answer.status);
  } else if (auto reply = CheckReply(builder, message, answer.body); !reply) {
    record.end = TryEnd::kBadReply;
    record.problem = reply.error().message;
  } else {
    record.reply = *std::move(reply);
    record.end = std::holds_alternative<wechat::NoReply>(*record.reply) ? TryEnd::kAcknowledged : TryEnd::kReply;
  }
  if (faults.lose_reply) record.end = TryEnd::kReplyLost;
}

}  // namespace

/// One message on its way. Lives on the loop.
struct WeChatSimulator::Delivery {
  uint64_t id = 0;
  wechat::Incoming message;
  Faults faults;
  Done done;
  base::TimePoint first;
  int try_number = 1;
  size_t open = 0;         // requests of the running round
  size_t round_start = 0;  // its first record
  bool decided = false;
  net::EventLoop::TimerId timer = 0;
  PushOutcome outcome;
};

base::Result<std::unique_ptr<WeChatSimulator>> WeChatSimulator::Create(Options options, net::EventLoop& loop,
                                                                       net::HttpClient& client) {
  YINGDA_TRY(wechat::PushBuilder builder, wechat::PushBuilder::Create(options.account));
  return std::unique_ptr<WeChatSimulator>(new WeChatSimulator(std::move(options), std::move(builder), loop, client));
}

WeChatSimulator::WeChatSimulator(Options options, wechat::PushBuilder builder, net::EventLoop& loop,
                                 net::HttpClient& client)
    : options_(std::move(options)),
      builder_(std::move(builder)),
      loop_(loop),
      clock_(loop.clock()),
      first_message_id_(base::UnixMilliseconds(clock_.WallNow()) * kIdsPerMillisecond),
      random_(options_.seed != 0 ? options_.seed : std::random_device{}()),
      requests_(loop, client) {}

WeChatSimulator::~WeChatSimulator() {
  RunOnLoopAndWait(loop_, [this] {
    requests_.DropAll();
    for (const auto& [id, delivery] : deliveries_) {
      if (delivery->timer != 0) loop_.Cancel(delivery->timer);
    }
    deliveries_.clear();
  });
}

void WeChatSimulator::VerifyUrl(std::function<void(base::Result<void>)> done) {
  loop_.Post([this, done = std::move(done)] {
    const std::string echo = std::to_string(random_());
    net::HttpClientRequest request = MakeVerification(options_.url, builder_, NextStamp(), echo);
    request.max_response_bytes = options_.max_reply_bytes;
    requests_.Start(std::move(request), options_.try_timeout, [echo, done](const TimedAnswer& answer) {
      if (!answer.complete) return done(answer.complete.error().Prefixed("the callback did not answer: "));
      if (answer.status != 200) {
        return done(base::Error{base::ErrorCode::kUpstream, "the callback answered with status " +
                                                                std::to_string(answer.status) +
                                                                ": is the Token the same on both sides?"});
      }
      if (answer.body != echo) {
        return done(base::Error{base::ErrorCode::kUpstream,
                                "the callback answered 200, but not with exactly the echostr it was sent"});
      }
      done({});
    });
  });
}

std::string WeChatSimulator::NextMessageId() { return std::to_string(first_message_id_ + ++messages_); }

void WeChatSimulator::Push(wechat::Incoming message, Faults faults, Done done) {
  auto delivery = std::make_shared<Delivery>();
  delivery->message = std::move(message);
  delivery->faults = std::move(faults);
  delivery->done = std::move(done);
  wechat::Incoming& filled = delivery->message;
  if (filled.to_user.empty()) filled.to_user = options_.original_id;
  if (filled.create_time == 0) filled.create_time = base::UnixSeconds(clock_.WallNow());
  if (filled.msg_id.empty() && filled.type != wechat::MessageType::kEvent) filled.msg_id = NextMessageId();
  ++in_flight_;
  loop_.Post([this, delivery] { Begin(delivery); });
}

void WeChatSimulator::Begin(const std::shared_ptr<Delivery>& delivery) {
  delivery->id = ++last_id_;
  delivery->first = clock_.Now();
  deliveries_.emplace(delivery->id, delivery);
  if (deliveries_.size() > options_.max_in_flight) {
    delivery->outcome.tries.push_back(
        {1, TryKind::kPlanned, TryEnd::kTooMany, {}, {}, 0, std::nullopt, "too many messages in flight"});
    return Finish(delivery);
  }
  StartTry(delivery);
}

void WeChatSimulator::StartTry(const std::shared_ptr<Delivery>& delivery) {
  delivery->timer = 0;
  const auto found = delivery->faults.on_try.find(delivery->try_number);
  const TryFaults faults = found == delivery->faults.on_try.end() ? TryFaults{} : found->second;
  if (!faults.skip) return SendRound(delivery, TryKind::kPlanned, faults);
  const base::Duration now = clock_.Now() - delivery->first;
  delivery->round_start = delivery->outcome.tries.size();
  delivery->outcome.tries.push_back(
      {delivery->try_number, TryKind::kPlanned, TryEnd::kSkipped, now, now, 0, std::nullopt, "not sent"});
  EndRound(delivery);
}

void WeChatSimulator::SendRound(const std::shared_ptr<Delivery>& delivery, TryKind kind, const TryFaults& faults) {
  net::HttpClientRequest request =
      MakePush(options_.url, builder_, delivery->message, NextStamp(), delivery->faults.tamper);
  request.max_response_bytes = options_.max_reply_bytes;
  delivery->round_start = delivery->outcome.tries.size();
  delivery->open = faults.duplicate ? 2 : 1;
  SendOne(delivery, kind, faults, request);
  if (faults.duplicate) SendOne(delivery, TryKind::kDuplicate, faults, request);
}

void WeChatSimulator::SendOne(const std::shared_ptr<Delivery>& delivery, TryKind kind, const TryFaults& faults,
                              net::HttpClientRequest request) {
  const size_t record = delivery->outcome.tries.size();
  TryRecord& started = delivery->outcome.tries.emplace_back();
  started.number = delivery->try_number;
  started.kind = kind;
  started.started = clock_.Now() - delivery->first;
  const base::Duration limit = std::min(faults.hang_up_after.value_or(options_.try_timeout), options_.try_timeout);
  request.connect_timeout = limit;
  requests_.Start(std::move(request), limit, [this, delivery, record, faults](const TimedAnswer& answer) {
    EndTry(delivery, record, faults, answer);
  });
}

void WeChatSimulator::EndTry(const std::shared_ptr<Delivery>& delivery, size_t record, const TryFaults& faults,
                             const TimedAnswer& answer) {
  TryRecord& ended = delivery->outcome.tries[record];
  ended.ended = clock_.Now() - delivery->first;
  Judge(builder_, delivery->message, faults, answer, ended);
  if (--delivery->open > 0) return;
  if (delivery->decided) return Finish(delivery);
  EndRound(delivery);
}

void WeChatSimulator::EndRound(const std::shared_ptr<Delivery>& delivery) {
  const auto& tries = delivery->outcome.tries;
  const auto round = tries.begin() + static_cast<std::ptrdiff_t>(delivery->round_start);
  const auto ended_by = [&](TryEnd end) {
    return std::find_if(round, tries.end(), [&](const TryRecord& one) { return one.end == end; });
  };
  if (const auto reply = ended_by(TryEnd::kReply); reply != tries.end()) {
    return Decide(delivery, PushEnd::kShown, *reply);
  }
  if (const auto acknowledgement = ended_by(TryEnd::kAcknowledged); acknowledgement != tries.end()) {
    return Decide(delivery, PushEnd::kAcknowledged, *acknowledgement);
  }
  if (delivery->try_number >= options_.tries) return Decide(delivery, PushEnd::kFailed, tries.back());
  // However early a try ended, the next one comes at its mark.
  const base::TimePoint mark = delivery->first + options_.try_timeout * delivery->try_number;
  ++delivery->try_number;
  delivery->timer = loop_.At(mark, [this, delivery] { StartTry(delivery); });
}

void WeChatSimulator::Decide(const std::shared_ptr<Delivery>& delivery, PushEnd end, const TryRecord& by) {
  PushOutcome& outcome = delivery->outcome;
  delivery->decided = true;
  outcome.end = end;
  outcome.try_number = by.number;
  outcome.after = by.ended;
  if (end == PushEnd::kShown) outcome.reply = *by.reply;
  if (!delivery->faults.late_push) return Finish(delivery);
  delivery->timer = loop_.After(*delivery->faults.late_push, [this, delivery] {
    delivery->timer = 0;
    SendRound(delivery, TryKind::kLate, TryFaults{});
  });
}

void WeChatSimulator::Finish(const std::shared_ptr<Delivery>& delivery) {
  deliveries_.erase(delivery->id);
  if (delivery->done) delivery->done(std::move(delivery->outcome));
  --in_flight_;  // last: whoever waits for zero finds every outcome told
}

wechat::PushBuilder::Stamp WeChatSimulator::NextStamp() {
  wechat::PushBuilder::Stamp stamp;
  stamp.timestamp = base::UnixSeconds(clock_.WallNow());
  stamp.nonce = std::to_string(random_() % 9'000'000'000 + 1'000'000'000);
  for (int i = 0; i < 16; ++i) stamp.random16.push_back(static_cast<char>('a' + random_() % 26));
  return stamp;
}

}  // namespace yingda::simulator
