// SPDX-License-Identifier: MIT
#include "model/keep_warm.h"

#include <utility>

namespace yingda::model {
namespace {

constexpr base::Duration kBetweenComplaints = std::chrono::hours(1);
constexpr const char* kQuestion = "好";

base::Counter& Calls(base::Metrics& metrics, const std::string& upstream, const char* outcome) {
  return metrics.Counter("yingda_model_keep_warm_total", "Questions that only keep the model loaded.",
                         {{"upstream", upstream}, {"outcome", outcome}});
}

/// An answer without text, of a model that thinks for example, shows as well that it is loaded.
bool IsLoaded(const ChatOutcome& outcome) {
  return outcome.failure == ChatFailure::kNone || outcome.failure == ChatFailure::kEmpty;
}

}  // namespace

class KeepWarm::Handle final : public ChatCall {
 public:
  /// Shared with the events that the model holds.
  struct Use : std::enable_shared_from_this<Use> {
    void OnText(std::string_view text) {
      const auto self = shared_from_this();  // the event may drop the call
      if (events.on_text) events.on_text(text);
    }
    void OnDone(const ChatOutcome& outcome) {
      const auto self = shared_from_this();
      End();
      if (events.on_done) events.on_done(outcome);
    }
    void End() {
      if (std::exchange(ended, true)) return;
      if (const auto alive = model.lock()) (*alive)->CallEnded();
    }

    std::weak_ptr<KeepWarm*> model;
    ChatEvents events;
    bool ended = false;
  };

  explicit Handle(std::shared_ptr<Use> use) : use_(std::move(use)) {}
  ~Handle() override {
    call.reset();
    use_->End();
  }

  std::unique_ptr<ChatCall> call;

 private:
  const std::shared_ptr<Use> use_;
};

KeepWarm::KeepWarm(Options options, std::unique_ptr<ChatModel> model, net::EventLoop& loop, base::Logger& log,
                   base::Metrics& metrics)
    : options_(std::move(options)),
      model_(std::move(model)),
      loop_(loop),
      log_(log),
      warm_(Calls(metrics, options_.upstream, "ok")),
      failed_(Calls(metrics, options_.upstream, "failed")),
      self_(std::make_shared<KeepWarm*>(this)) {}

KeepWarm::~KeepWarm() {
  Stop();
  self_.reset();
}

void KeepWarm::Start() {
  if (running_ || options_.every <= base::Duration::zero()) return;
  running_ = true;
  Warm();
}

void KeepWarm::Stop() {
  running_ = false;
  if (timer_ != 0) loop_.Cancel(std::exchange(timer_, 0));
  own_call_.reset();
}

std::unique_ptr<ChatCall> KeepWarm::Ask(const ChatRequest& request, ChatEvents events) {
  const auto use = std::make_shared<Handle::Use>();
  use->model = self_;
  use->events = std::move(events);
  auto handle = std::make_unique<Handle>(use);
  ++calls_;
  handle->call = model_->Ask(request, {[use](std::string_view text) { use->OnText(text); },
                                       [use](const ChatOutcome& outcome) { use->OnDone(outcome); }});
  return handle;
}

void KeepWarm::CallEnded() {
  --calls_;
  last_used_ = loop_.clock().Now();
  if (running_ && timer_ == 0 && !own_call_) LookAfter(options_.every);
}

void KeepWarm::LookAfter(base::Duration delay) {
  timer_ = loop_.After(delay, [weak = std::weak_ptr(self_)] {
    if (const auto alive = weak.lock()) (*alive)->Look();
  });
}

/// The timer is not moved with every call; it looks when the last one was instead.
void KeepWarm::Look() {
  timer_ = 0;
  if (!running_ || calls_ > 0) return;  // the end of the call sets the timer again
  const base::Duration unused = loop_.clock().Now() - last_used_;
  if (unused < options_.every) {
    LookAfter(options_.every - unused);
  } else {
    Warm();
  }
}

void KeepWarm::Warm() {
  if (may_ask_ && !may_ask_()) {
    LookAfter(options_.every);
    return;
  }
  ChatRequest request;
  request.messages = {{"user", kQuestion}};
  request.deadline = loop_.clock().Now() + options_.deadline;
  request.first_token_within = options_.deadline;  // loading takes longer than answering
  request.request_id = "keep_warm";
  own_call_ = model_->Ask(request, {[this](std::string_view) { Warmed(std::nullopt); },
                                    [this](const ChatOutcome& outcome) {
                                      Warmed(IsLoaded(outcome) ? std::nullopt : std::optional(outcome));
                                    }});
}

void KeepWarm::Warmed(const std::optional<ChatOutcome>& failure) {
  const base::TimePoint now = loop_.clock().Now();
  last_used_ = now;
  (failure ? failed_ : warm_).Add();
  if (failure && (!last_complaint_ || now - *last_complaint_ >= kBetweenComplaints)) {
    last_complaint_ = now;
    log_.Warning(
        "keep_warm_failed",
        {{"upstream", options_.upstream}, {"outcome", ToString(failure->failure)}, {"detail", failure->detail}});
  }
  LookAfter(options_.every);
  own_call_.reset();  // last: it may hold what runs now
}

}  // namespace yingda::model
