// SPDX-License-Identifier: MIT
#include "model/openai_chat_model.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "model/conversation.h"

namespace yingda::model {
namespace {

constexpr size_t kFailures = static_cast<size_t>(ChatFailure::kCancelled) + 1;

const std::vector<double>& SecondsBuckets() {
  static const std::vector<double> kBuckets = {0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4.5, 6, 10, 14, 20, 30, 60, 120, 300};
  return kBuckets;
}

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }
int64_t Milliseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// Each member that may be refused, once.
constexpr int kMostSaidAgain = 4;
// How fast what is learnt follows what is seen.
constexpr double kNewTokensWeight = 0.2;
constexpr int kNewTimeWeight = 8;
constexpr double kLeastTokensPerEstimate = 0.3, kMostTokensPerEstimate = 4;

int Estimate(const std::vector<ChatMessage>& messages) {
  int tokens = 0;
  for (const ChatMessage& message : messages) {
    if (!message.pictures.empty()) return 0;
    tokens += EstimateTokens(message);
  }
  return tokens;
}

/// Models whose prompt templates already hold the opening tag of their reasoning, so that only the closing one comes.
bool LeavesOutOpeningTag(std::string model) {
  for (char& c : model) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  for (const char* part : {"deepseek-r1", "deepseek_r1", "qwq", "-thinking"}) {
    if (model.find(part) != model.npos) return true;
  }
  return false;
}

}  // namespace

struct OpenAiChatModel::Meters {
  Meters(base::Metrics& metrics, const std::string& upstream)
      : first_token(metrics.Histogram("yingda_model_first_token_seconds",
                                      "From asking the model to the first piece of its answer.", SecondsBuckets(),
                                      {{"upstream", upstream}})),
        seconds(metrics.Histogram("yingda_model_seconds", "From asking the model to the end of its answer.",
                                  SecondsBuckets(), {{"upstream", upstream}})),
        prompt_tokens(Tokens(metrics, upstream, "prompt")),
        completion_tokens(Tokens(metrics, upstream, "completion")),
        said_again(
            metrics.Counter("yingda_model_said_again_total",
                            "Questions asked once more because the upstream does not know a member of the request.",
                            {{"upstream", upstream}})),
        in_flight(metrics.Gauge("yingda_model_in_flight", "Calls open to the upstream.", {{"upstream", upstream}})) {
    for (size_t i = 0; i < kFailures; ++i) {
      const std::string failure = ToString(static_cast<ChatFailure>(i));
      outcomes[i] = &Requests(metrics, upstream, failure == "none" ? "ok" : failure);
    }
    truncated = &Requests(metrics, upstream, "truncated");
  }

  static base::Counter& Requests(base::Metrics& metrics, const std::string& upstream, const std::string& outcome) {
    return metrics.Counter("yingda_model_requests_total", "Questions to the model by how they ended.",
                           {{"upstream", upstream}, {"outcome", outcome}});
  }
  static base::Counter& Tokens(base::Metrics& metrics, const std::string& upstream, const std::string& kind) {
    return metrics.Counter("yingda_model_tokens_total", "Tokens as the upstream counted them.",
                           {{"upstream", upstream}, {"kind", kind}});
  }

  base::Histogram& first_token;
  base::Histogram& seconds;
  base::Counter& prompt_tokens;
  base::Counter& completion_tokens;
  base::Counter& said_again;
  base::Gauge& in_flight;
  std::array<base::Counter*, kFailures> outcomes{};
  base::Counter* truncated = nullptr;
};

/// One question, from Ask until its connection is free again.
struct OpenAiChatModel::Asked {
  ChatEvents events;
  std::string request_id;
  std::vector<ChatMessage> messages;  // until the answer begins: they may have to be said once more
  int estimated_tokens = 0;           // 0: they hold what cannot be estimated
  RequestChanges changes;             // as it was said
  std::optional<base::Duration> first_token_within;
  int said_again = 0;
  bool say_again = false;
  base::TimePoint start;
  base::TimePoint sent;
  base::TimePoint deadline;
  std::optional<base::Duration> first_token;
  net::EventLoop::TimerId queue_timer = 0;
  std::shared_ptr<UpstreamCall> upstream;  // null while it waits
  bool done = false;
};

class OpenAiChatModel::Handle final : public ChatCall {
 public:
  Handle(std::weak_ptr<OpenAiChatModel*> model, CallId id) : model_(std::move(model)), id_(id) {}
  ~Handle() override {
    if (const auto model = model_.lock()) (*model)->Drop(id_);
  }

 private:
  const std::weak_ptr<OpenAiChatModel*> model_;
  const CallId id_;
};

OpenAiChatModel::OpenAiChatModel(Options options, net::HttpClient& client, net::EventLoop& loop, base::Logger& log,
                                 base::Metrics& metrics)
    : options_(std::move(options)),
      client_(client),
      loop_(loop),
      log_(log),
      meters_(std::make_unique<Meters>(metrics, options_.name)),
      hold_back_reasoning_(LeavesOutOpeningTag(options_.model)),
      requests_(options_),
      self_(std::make_shared<OpenAiChatModel*>(this)) {}

OpenAiChatModel::~OpenAiChatModel() {
  self_.reset();
  for (const auto& [id, asked] : asked_) {
    if (asked->queue_timer != 0) loop_.Cancel(asked->queue_timer);
  }
  meters_->in_flight.Add(-static_cast<double>(running_));
}

std::unique_ptr<ChatCall> OpenAiChatModel::Ask(const ChatRequest& request, ChatEvents events) {
  const CallId id = next_id_++;
  const auto asked = std::make_shared<Asked>();
  asked->events = std::move(events);
  asked->request_id = request.request_id;
  asked->messages = request.messages;
  asked->first_token_within = request.first_token_within;
  asked->estimated_tokens = Estimate(request.messages);
  asked->start = loop_.clock().Now();
  asked->deadline = std::min(request.deadline, asked->start + options_.total_timeout);
  asked_.emplace(id, asked);
  auto handle = std::make_unique<Handle>(self_, id);

  const bool must_wait = running_ >= options_.max_calls_in_flight;
  const bool full = must_wait && queue_.size() >= options_.max_queued;
  if (full || (must_wait && WouldWaitTooLong(asked->deadline))) {
    // Posted, as every event: whoever asks has not got the handle yet.
    loop_.Post([weak = std::weak_ptr(self_), id, full] {
      const char* const why = full ? "the queue is full" : "the queue is longer than the deadline is away";
      if (const auto model = weak.lock()) (*model)->FailUnsent(id, ChatFailure::kOverloaded, why);
    });
    return handle;
  }
  if (must_wait) {
    queue_.insert(id);
    asked->queue_timer = loop_.At(
        asked->deadline, [this, id] { FailUnsent(id, ChatFailure::kTimeout, "deadline passed in the queue"); });
  } else {
    Run(id);
  }
  return handle;
}

void OpenAiChatModel::Run(CallId id) {
  const auto asked = asked_.at(id);
  queue_.erase(id);
  if (asked->queue_timer != 0) loop_.Cancel(std::exchange(asked->queue_timer, 0));
  ++running_;
  meters_->in_flight.Add(1);
  asked->sent = loop_.clock().Now();
  asked->changes = changes_;
  Send(id, *asked);
}

void OpenAiChatModel::Send(CallId id, Asked& asked) {
  asked.upstream = std::make_shared<UpstreamCall>(
      options_, hold_back_reasoning_, client_, loop_,
      UpstreamCall::Events{[this, id](std::string_view text) { OnText(id, text); },
                           [this, id](const ChatOutcome& outcome) { OnDone(id, outcome); },
                           [this, id] { Release(id); }});
  asked.upstream->Start(requests_.Make(asked.messages, asked.changes), asked.deadline,
                        asked.first_token_within.value_or(options_.first_token_timeout));
}

/// As calls go now, would one that joins the queue be sent in time?
bool OpenAiChatModel::WouldWaitTooLong(base::TimePoint deadline) const {
  const auto places = static_cast<int64_t>(options_.max_calls_in_flight);
  const auto ahead = static_cast<int64_t>(queue_.size()) + 1;
  return loop_.clock().Now() + usual_time_ * ahead / places > deadline;
}

/// The upstream does not know a member of the request: the same question without it.
bool OpenAiChatModel::SaysOtherwise(Asked& asked, const ChatOutcome& outcome) {
  if (outcome.refused_member.empty() || asked.first_token || asked.said_again >= kMostSaidAgain) return false;
  if (outcome.failure != ChatFailure::kBadRequest && outcome.failure != ChatFailure::kRefused) return false;
  if (!asked.changes.Learn(outcome.refused_member, options_)) return false;
  ++asked.said_again;
  meters_->said_again.Add();
  asked.say_again = true;  // as soon as this call's connection is out of the way
  return true;
}

/// What was said otherwise is remembered once that has helped: an upstream's complaint may be about something else.
void OpenAiChatModel::LearnChanges(const Asked& asked, const ChatOutcome& outcome) {
  const bool helped = outcome.failure == ChatFailure::kNone || outcome.truncated;
  if (asked.said_again == 0 || !helped || asked.changes == changes_) return;
  changes_ = asked.changes;
  log_.Info("model_request_changed", {{"upstream", options_.name},
                                      {"no_stream_options", changes_.no_stream_options},
                                      {"other_max_tokens", changes_.other_max_tokens},
                                      {"no_temperature", changes_.no_temperature},
                                      {"no_thinking_switch", changes_.no_thinking_switch}});
}

void OpenAiChatModel::LearnTokens(const Asked& asked, const ChatOutcome& outcome) {
  if (outcome.prompt_tokens <= 0 || asked.estimated_tokens <= 0) return;
  const double seen = static_cast<double>(outcome.prompt_tokens) / asked.estimated_tokens;
  const double sane = std::clamp(seen, kLeastTokensPerEstimate, kMostTokensPerEstimate);
  tokens_per_estimate_ += kNewTokensWeight * (sane - tokens_per_estimate_);
}

void OpenAiChatModel::OnText(CallId id, std::string_view text) {
  const auto at = asked_.find(id);
  if (at == asked_.end()) return;
  const std::shared_ptr<Asked> asked = at->second;  // the event may drop it
  if (!asked->first_token) {
    asked->first_token = loop_.clock().Now() - asked->start;
    meters_->first_token.Observe(Seconds(*asked->first_token));
    asked->messages = {};
  }
  if (asked->events.on_text) asked->events.on_text(text);
}

void OpenAiChatModel::OnDone(CallId id, const ChatOutcome& outcome) {
  const auto at = asked_.find(id);
  if (at == asked_.end()) return;
  const std::shared_ptr<Asked> asked = at->second;
  if (SaysOtherwise(*asked, outcome)) return;
  asked->done = true;
  LearnTokens(*asked, outcome);
  LearnChanges(*asked, outcome);
  if (asked->upstream && !outcome.unsent) {
    const base::Duration took = loop_.clock().Now() - asked->sent;
    usual_time_ += (took - usual_time_) / kNewTimeWeight;
  }
  if (asked->upstream && asked->upstream->reasoning_leaked()) hold_back_reasoning_ = true;
  Report(*asked, outcome);
  if (asked->events.on_done) asked->events.on_done(outcome);
}

/// The upstream call is over for good; its place is free.
void OpenAiChatModel::Release(CallId id) {
  if (const auto at = asked_.find(id); at != asked_.end() && std::exchange(at->second->say_again, false)) {
    at->second->upstream.reset();
    Send(id, *at->second);
    return;
  }
  const auto node = asked_.extract(id);
  if (node.empty() || !node.mapped()->upstream) return;
  // Closed before the next one opens. In the middle of its own event the call holds itself until that is through.
  node.mapped()->upstream.reset();
  --running_;
  meters_->in_flight.Add(-1);
  RunQueued();
}

void OpenAiChatModel::RunQueued() {
  while (!queue_.empty() && running_ < options_.max_calls_in_flight) Run(*queue_.begin());
}

/// Whoever asked has dropped the call. An answer that is complete may still be draining; that goes on.
void OpenAiChatModel::Drop(CallId id) {
  const auto at = asked_.find(id);
  if (at == asked_.end() || at->second->done) return;
  const std::shared_ptr<Asked> asked = at->second;
  asked->done = true;
  if (asked->queue_timer != 0) loop_.Cancel(asked->queue_timer);
  queue_.erase(id);
  ChatOutcome outcome;
  outcome.failure = ChatFailure::kCancelled;
  outcome.detail = "dropped";
  Report(*asked, outcome);
  Release(id);
}

void OpenAiChatModel::FailUnsent(CallId id, ChatFailure failure, const char* detail) {
  const auto at = asked_.find(id);
  if (at == asked_.end()) return;
  at->second->queue_timer = 0;
  queue_.erase(id);
  ChatOutcome outcome;
  outcome.failure = failure;
  outcome.detail = detail;
  outcome.unsent = true;
  OnDone(id, outcome);
  Release(id);
}

void OpenAiChatModel::Report(const Asked& asked, const ChatOutcome& outcome) {
  const base::Duration took = loop_.clock().Now() - asked.start;
  const bool cut = outcome.failure == ChatFailure::kNone && outcome.truncated;
  (cut ? meters_->truncated : meters_->outcomes[static_cast<size_t>(outcome.failure)])->Add();
  meters_->seconds.Observe(Seconds(took));
  meters_->prompt_tokens.Add(outcome.prompt_tokens);
  meters_->completion_tokens.Add(outcome.completion_tokens);
  const bool fine = outcome.failure == ChatFailure::kNone || outcome.failure == ChatFailure::kCancelled;
  const std::initializer_list<base::LogField> fields = {
      {"upstream", options_.name},
      {"request_id", asked.request_id},
      {"outcome", ToString(outcome.failure)},
      {"detail", outcome.detail},
      {"finish_reason", outcome.finish_reason},
      {"truncated", outcome.truncated},
      {"first_token_ms", asked.first_token ? Milliseconds(*asked.first_token) : int64_t{-1}},
      {"ms", Milliseconds(took)},
      {"prompt_tokens", outcome.prompt_tokens},
      {"completion_tokens", outcome.completion_tokens},
  };
  if (fine) {
    log_.Info("model_call", fields);
  } else {
    log_.Warning("model_call", fields);
  }
}

}  // namespace yingda::model
