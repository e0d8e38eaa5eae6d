// SPDX-License-Identifier: MIT
#include "model/model_router.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace yingda::model {
namespace {

int64_t InMilliseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

ChatOutcome Failure(ChatFailure failure, std::string detail) {
  ChatOutcome outcome;
  outcome.failure = failure;
  outcome.detail = std::move(detail);
  return outcome;
}

}  // namespace

struct ModelRouter::Meters {
  Meters(base::Metrics& metrics, const std::string& account)
      : first(Steps(metrics, account, "first")),
        again(Steps(metrics, account, "retry")),
        fallback(Steps(metrics, account, "fallback")),
        hedge(Steps(metrics, account, "hedge")),
        wait(Steps(metrics, account, "wait")),
        given_up(Steps(metrics, account, "no_word_in_time")),
        failed(Steps(metrics, account, "out_of_upstreams")),
        hedge_won(Hedges(metrics, account, "won")),
        hedge_lost(Hedges(metrics, account, "lost")),
        hedge_refused(Hedges(metrics, account, "over_budget")) {}

  static base::Counter& Steps(base::Metrics& metrics, const std::string& account, const char* step) {
    return metrics.Counter("yingda_model_route_steps_total", "What questions went through to find their upstream.",
                           {{"account", account}, {"step", step}});
  }
  static base::Counter& Hedges(base::Metrics& metrics, const std::string& account, const char* outcome) {
    return metrics.Counter("yingda_model_hedges_total", "Second upstreams asked because the first was slow.",
                           {{"account", account}, {"outcome", outcome}});
  }

  base::Counter &first, &again, &fallback, &hedge, &wait, &given_up, &failed;
  base::Counter &hedge_won, &hedge_lost, &hedge_refused;
};

/// One call to one upstream.
struct ModelRouter::Attempt {
  size_t candidate = 0;
  bool hedge = false;
  UpstreamHealth::Ticket ticket;
  base::TimePoint started;
  std::optional<base::Duration> first_token;
  std::unique_ptr<ChatCall> call;
  bool ended = false;
};

/// One question, from Ask to its outcome.
struct ModelRouter::Routed {
  QuestionId id = 0;
  ChatRequest request;
  ChatEvents events;
  base::TimePoint asked;
  std::vector<size_t> order;                       // indexes into choices_
  std::vector<RouteCandidate> candidates;          // in that order
  std::vector<std::shared_ptr<Attempt>> attempts;  // those under way: one, or two while nobody has spoken
  int calls = 0;
  bool hedged = false;
  bool spoken = false;  // the first word is out: from now on nobody else is heard
  bool hedge_checked = false;
  net::EventLoop::TimerId timer = 0;
  ChatOutcome last_failure;
  int prompt_tokens = 0, completion_tokens = 0;  // of attempts that failed: they were paid for, too
  std::string way;                               // for the log
};

class ModelRouter::Handle final : public ChatCall {
 public:
  Handle(std::weak_ptr<ModelRouter*> router, QuestionId id) : router_(std::move(router)), id_(id) {}
  ~Handle() override {
    if (const auto router = router_.lock()) (*router)->Drop(id_);
  }

 private:
  const std::weak_ptr<ModelRouter*> router_;
  const QuestionId id_;
};

ModelRouter::ModelRouter(std::string account, const RouteOptions& options, const std::vector<Choice>& choices,
                         net::EventLoop& loop, base::Logger& log, base::Metrics& metrics)
    : account_(std::move(account)),
      options_(options),
      loop_(loop),
      log_(log),
      meters_(std::make_unique<Meters>(metrics, account_)),
      hedges_(options.hedge_share),
      self_(std::make_shared<ModelRouter*>(this)) {
  for (const Choice& choice : choices) {
    choices_.push_back({upstreams_.size(), choice.weight});
    upstreams_.push_back(choice.upstream);
  }
}

ModelRouter::~ModelRouter() {
  self_.reset();
  for (const auto& [id, routed] : questions_) {
    if (routed->timer != 0) loop_.Cancel(routed->timer);
    for (const auto& attempt : routed->attempts) attempt->call.reset();
  }
}

double ModelRouter::TokensPerEstimate() const {
  return upstreams_.empty() ? 1 : upstreams_.front()->model().TokensPerEstimate();
}

std::unique_ptr<ChatCall> ModelRouter::Ask(const ChatRequest& request, ChatEvents events) {
  const auto routed = std::make_shared<Routed>();
  routed->id = next_id_++;
  routed->request = request;
  routed->events = std::move(events);
  routed->asked = loop_.clock().Now();
  routed->order = RouteOrder(choices_, request.follower);
  routed->candidates.resize(routed->order.size());
  const bool pictures = std::any_of(request.messages.begin(), request.messages.end(),
                                    [](const ChatMessage& message) { return !message.pictures.empty(); });
  const bool asked_about = pictures && !request.messages.back().pictures.empty();
  const bool anyone = std::any_of(upstreams_.begin(), upstreams_.end(),
                                  [](const Upstream* upstream) { return upstream->takes_pictures(); });
  for (size_t i = 0; i < routed->order.size(); ++i) {
    if (!pictures || !anyone || upstreams_[routed->order[i]]->takes_pictures()) continue;
    // A question about a picture is nothing without it; one that has a picture somewhere before it can do without.
    (asked_about ? routed->candidates[i].out : routed->candidates[i].others_first) = true;
  }
  hedges_.Asked();
  questions_.emplace(routed->id, routed);
  // An outcome at once must wait: whoever asks has not got the handle yet. A call to an upstream need not.
  Refresh(*routed);
  const RouteStep step = NextStep(routed->candidates, 0, routed->asked, routed->asked, request.deadline, options_);
  if (step.what == RouteStep::What::kAsk) {
    Begin(routed, step.candidate, false);
  } else {
    loop_.Post([weak = std::weak_ptr(self_), routed] {
      const auto router = weak.lock();
      if (router && (*router)->questions_.contains(routed->id)) (*router)->Step(routed);
    });
  }
  return std::make_unique<Handle>(self_, routed->id);
}

/// Brings what the question knows of the upstreams' health up to date.
void ModelRouter::Refresh(Routed& routed) const {
  const base::TimePoint now = loop_.clock().Now();
  for (size_t i = 0; i < routed.candidates.size(); ++i) {
    RouteCandidate& candidate = routed.candidates[i];
    candidate.ready_from = std::max(candidate.paused_until, upstreams_[routed.order[i]]->health().ReadyFrom(now));
  }
}

/// Why nobody could be asked, for the text that the follower reads: "too busy" sends them back later, and back for
/// nothing where an operator must act first.
ChatOutcome ModelRouter::NobodyToAsk(base::TimePoint now, base::TimePoint deadline) const {
  using State = UpstreamHealth::State;
  if (now + options_.least_time > deadline) return Failure(ChatFailure::kTimeout, "no time left to ask anyone");
  const auto in = [&](State state) {
    return std::count_if(upstreams_.begin(), upstreams_.end(),
                         [&](const Upstream* upstream) { return upstream->health().StateAt(now) == state; });
  };
  if (in(State::kParked) == static_cast<std::ptrdiff_t>(upstreams_.size())) {
    return Failure(ChatFailure::kRefused, "every upstream is parked");
  }
  if (in(State::kResting) > 0) return Failure(ChatFailure::kRateLimited, "the upstreams rest");
  return Failure(ChatFailure::kUnreachable, "no upstream is well");
}

/// None of its calls is under way: asks the next upstream, waits, or gives up.
void ModelRouter::Step(const RoutedPointer& routed) {
  // The patience with the call that has just failed; its timer would find no call to be impatient with.
  if (routed->timer != 0) loop_.Cancel(std::exchange(routed->timer, 0));
  Refresh(*routed);
  const base::TimePoint now = loop_.clock().Now();
  const RouteStep step =
      NextStep(routed->candidates, routed->calls, now, routed->asked, routed->request.deadline, options_);
  switch (step.what) {
    case RouteStep::What::kAsk:
      Begin(routed, step.candidate, false);
      return;
    case RouteStep::What::kWait:
      meters_->wait.Add();
      routed->way += " wait@" + std::to_string(InMilliseconds(now - routed->asked));
      routed->timer = loop_.At(step.until, [this, routed] {
        routed->timer = 0;
        Step(routed);
      });
      return;
    case RouteStep::What::kGiveUp:
      meters_->failed.Add();
      if (routed->calls == 0 && routed->last_failure.failure == ChatFailure::kNone) {
        routed->last_failure = NobodyToAsk(now, routed->request.deadline);
      }
      Finish(routed, routed->last_failure);
      return;
  }
}

void ModelRouter::Begin(const RoutedPointer& routed, size_t candidate, bool hedge) {
  const base::TimePoint now = loop_.clock().Now();
  Upstream& upstream = *upstreams_[routed->order[candidate]];
  const auto attempt = std::make_shared<Attempt>();
  attempt->candidate = candidate;
  attempt->hedge = hedge;
  attempt->started = now;
  attempt->ticket = upstream.Began(now);
  base::Counter& step = hedge                                         ? meters_->hedge
                        : routed->calls == 0                          ? meters_->first
                        : routed->candidates[candidate].failures == 0 ? meters_->fallback
                                                                      : meters_->again;
  step.Add();
  ++routed->calls;
  routed->candidates[candidate].under_way = true;
  routed->way += (hedge ? " +" : " ") + upstream.name() + "@" + std::to_string(InMilliseconds(now - routed->asked));
  routed->attempts.push_back(attempt);

  ChatEvents events;
  events.on_text = [this, routed, attempt](std::string_view text) { OnText(routed, attempt, text); };
  events.on_done = [this, routed, attempt](const ChatOutcome& outcome) { OnDone(routed, attempt, outcome); };
  attempt->call = upstream.model().Ask(routed->request, std::move(events));
  ArmPatience(routed);
}

/// From when on a second upstream may be asked beside this attempt.
base::TimePoint ModelRouter::HedgeTime(const Routed& routed, const Attempt& attempt) const {
  if (options_.hedge_after <= base::Duration::zero()) return base::TimePoint::max();
  const auto usual = upstreams_[routed.order[attempt.candidate]]->health().UsualFirstToken();
  return attempt.started + std::max(options_.hedge_after, usual.value_or(base::Duration::zero()));
}

/// How long an attempt may be silent while another upstream is ready: one that usually takes longer, longer.
base::Duration ModelRouter::Patience(const Routed& routed, const Attempt& attempt) const {
  const auto usual = upstreams_[routed.order[attempt.candidate]]->health().UsualFirstToken();
  return std::max(options_.give_up_after, usual.value_or(base::Duration::zero()));
}

/// When to look whether the attempt under way is worth waiting for.
void ModelRouter::ArmPatience(const RoutedPointer& routed) {
  if (routed->timer != 0) loop_.Cancel(std::exchange(routed->timer, 0));
  if (routed->spoken || routed->attempts.empty() || routed->candidates.size() < 2) return;
  // Of two, the one that has been silent longer.
  const Attempt& attempt = *routed->attempts.front();
  const base::TimePoint now = loop_.clock().Now();
  base::TimePoint when = routed->hedge_checked ? base::TimePoint::max() : HedgeTime(*routed, attempt);
  if (options_.give_up_after > base::Duration::zero()) {
    // Later ones, too: another upstream may be well by then.
    const base::Duration patience = Patience(*routed, attempt);
    const int64_t times = (now - attempt.started) / patience + 1;
    when = std::min(when, attempt.started + patience * times);
  }
  if (when >= routed->request.deadline) return;
  routed->timer = loop_.At(when, [this, routed] {
    routed->timer = 0;
    OnPatienceOver(routed);
  });
}

void ModelRouter::OnPatienceOver(const RoutedPointer& routed) {
  const auto slow = routed->attempts.front();
  const base::TimePoint now = loop_.clock().Now();
  Refresh(*routed);
  const size_t second = SecondCandidate(routed->candidates, now);
  const bool may = second < routed->candidates.size() && routed->calls < options_.most_calls &&
                   now + options_.least_time <= routed->request.deadline;
  const bool long_silent =
      options_.give_up_after > base::Duration::zero() && now - slow->started >= Patience(*routed, *slow);
  // Whether to ask a second one is considered once.
  const bool hedge_due = !routed->hedge_checked && now >= HedgeTime(*routed, *slow);
  routed->hedge_checked = routed->hedge_checked || hedge_due;
  if (may && long_silent) {
    meters_->given_up.Add();
    const ChatOutcome silent = Failure(ChatFailure::kTimeout, "no word in time, and another upstream is ready");
    Close(routed, slow, silent);
    NoteFailure(routed->candidates[slow->candidate], silent, now, options_);
    routed->last_failure = silent;
    Begin(routed, second, false);
    return;
  }
  if (may && hedge_due && routed->attempts.size() == 1) {
    if (hedges_.Take()) {
      routed->hedged = true;
      Begin(routed, second, true);
      return;
    }
    meters_->hedge_refused.Add();
  }
  ArmPatience(routed);
}

/// Who was asked first and is still silent has failed as far as the upstream's health goes: else one that hangs would
/// cost every follower the time until the hedge. Who was only asked as the second has done nothing wrong.
ChatOutcome ModelRouter::OutcomeOfLoser(const Attempt& loser, const Attempt& winner) {
  const bool slow = winner.hedge && !loser.hedge;
  return slow ? Failure(ChatFailure::kTimeout, "no word before a second upstream had one")
              : Failure(ChatFailure::kCancelled, "another upstream spoke first");
}

void ModelRouter::OnText(const RoutedPointer& routed, const std::shared_ptr<Attempt>& attempt, std::string_view text) {
  if (attempt->ended) return;
  if (!routed->spoken) {
    routed->spoken = true;
    if (routed->timer != 0) loop_.Cancel(std::exchange(routed->timer, 0));
    attempt->first_token = loop_.clock().Now() - attempt->started;
    routed->request.messages = {};  // nobody else will be asked
    const auto attempts = routed->attempts;
    for (const auto& other : attempts) {
      if (other != attempt) Close(routed, other, OutcomeOfLoser(*other, *attempt));
    }
    if (routed->hedged) (attempt->hedge ? meters_->hedge_won : meters_->hedge_lost).Add();
  }
  if (routed->events.on_text) routed->events.on_text(text);
}

void ModelRouter::OnDone(const RoutedPointer& routed, const std::shared_ptr<Attempt>& attempt,
                         const ChatOutcome& outcome) {
  if (attempt->ended) return;
  Close(routed, attempt, outcome);
  if (routed->spoken || IsFinal(outcome.failure)) {
    // A refusal of the content is the answer, whatever the other one might say.
    const auto attempts = routed->attempts;
    for (const auto& other : attempts) Close(routed, other, Failure(ChatFailure::kCancelled, "answered"));
    Finish(routed, outcome);
    return;
  }
  NoteFailure(routed->candidates[attempt->candidate], outcome, loop_.clock().Now(), options_);
  if (outcome.unsent) --routed->calls;  // it cost nothing
  routed->last_failure = outcome;
  routed->prompt_tokens += outcome.prompt_tokens;
  routed->completion_tokens += outcome.completion_tokens;
  if (!routed->attempts.empty()) {
    ArmPatience(routed);
    return;
  }
  Step(routed);
}

void ModelRouter::Close(const RoutedPointer& routed, const std::shared_ptr<Attempt>& attempt,
                        const ChatOutcome& outcome) {
  attempt->ended = true;
  routed->candidates[attempt->candidate].under_way = false;
  std::erase(routed->attempts, attempt);
  const base::TimePoint now = loop_.clock().Now();
  if (outcome.failure != ChatFailure::kNone) {
    routed->way += std::string("!") + ToString(outcome.failure);
  }
  upstreams_[routed->order[attempt->candidate]]->Ended(now, attempt->ticket, outcome, attempt->first_token);
  // Not from within the call's own event.
  loop_.Post([call = std::shared_ptr<ChatCall>(std::move(attempt->call))] {});
}

void ModelRouter::Finish(const RoutedPointer& routed, ChatOutcome outcome) {
  if (questions_.erase(routed->id) == 0) return;
  if (outcome.failure != ChatFailure::kNone && !routed->spoken && !IsFinal(outcome.failure)) {
    outcome.prompt_tokens = outcome.completion_tokens = 0;  // among those that failed
  }
  outcome.prompt_tokens += routed->prompt_tokens;
  outcome.completion_tokens += routed->completion_tokens;
  outcome.unsent = routed->calls == 0;
  if (routed->timer != 0) loop_.Cancel(std::exchange(routed->timer, 0));
  Report(*routed, outcome);
  if (routed->events.on_done) routed->events.on_done(outcome);
}

/// Whoever asked has dropped the call.
void ModelRouter::Drop(QuestionId id) {
  const auto node = questions_.extract(id);
  if (node.empty()) return;
  const RoutedPointer routed = node.mapped();
  if (routed->timer != 0) loop_.Cancel(std::exchange(routed->timer, 0));
  const ChatOutcome dropped = Failure(ChatFailure::kCancelled, "dropped");
  const auto attempts = routed->attempts;
  for (const auto& attempt : attempts) {
    attempt->call.reset();
    Close(routed, attempt, dropped);
  }
  Report(*routed, dropped);
}

void ModelRouter::Report(const Routed& routed, const ChatOutcome& outcome) const {
  log_.Debug("model_route", {{"account", account_},
                             {"request_id", routed.request.request_id},
                             {"outcome", ToString(outcome.failure)},
                             {"calls", routed.calls},
                             {"way", routed.way},
                             {"ms", InMilliseconds(loop_.clock().Now() - routed.asked)}});
}

}  // namespace yingda::model
