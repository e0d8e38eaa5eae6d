// SPDX-License-Identifier: MIT
#include "model/repeat_cache.h"

#include <utility>

namespace yingda::model {
namespace {

/// About what the containers take for an entry besides its texts.
constexpr size_t kEntryBytes = 320;

size_t BytesOf(std::string_view key, std::string_view text) { return key.size() + text.size() + kEntryBytes; }

base::Counter& Repeats(base::Metrics& metrics, const std::string& account, const char* outcome) {
  return metrics.Counter("yingda_model_repeats_total",
                         "First questions by whether the answer to the same one was still remembered.",
                         {{"account", account}, {"outcome", outcome}});
}

/// All of the messages, so that no two lists of them have the same key; empty for what is not to be remembered.
std::string KeyOf(const std::vector<ChatMessage>& messages) {
  const bool with_system = messages.size() == 2 && messages.front().role == "system";
  if (messages.empty() || messages.back().role != "user" || (messages.size() != 1 && !with_system)) return {};
  std::string key;
  for (const ChatMessage& message : messages) {
    if (!message.pictures.empty()) return {};
    key.append(message.role).append(" ").append(std::to_string(message.content.size())).append(" ");
    key.append(message.content);
  }
  return key;
}

}  // namespace

/// An answer from memory, told as soon as whoever asked has got the call.
class RepeatCache::Hit final : public ChatCall {
 public:
  static std::unique_ptr<ChatCall> Make(const Entry& entry, ChatEvents events, net::EventLoop& loop) {
    auto answer = std::make_shared<Answer>();
    answer->events = std::move(events);
    answer->text = entry.text;
    answer->outcome.finish_reason = entry.finish_reason;  // and no tokens: none were spent
    answer->outcome.unsent = true;
    loop.Post([weak = std::weak_ptr(answer)] { Tell(weak); });
    return std::make_unique<Hit>(std::move(answer));
  }

  struct Answer {
    ChatEvents events;
    std::string text;
    ChatOutcome outcome;
  };
  explicit Hit(std::shared_ptr<Answer> answer) : answer_(std::move(answer)) {}

 private:
  static void Tell(const std::weak_ptr<Answer>& weak) {
    auto answer = weak.lock();
    if (!answer) return;
    if (answer->events.on_text) answer->events.on_text(answer->text);
    if (answer.use_count() == 1) return;  // the text was enough: the call was dropped over it
    if (answer->events.on_done) answer->events.on_done(answer->outcome);
  }

  const std::shared_ptr<Answer> answer_;
};

/// What the model says to a question whose answer is not known. Owned by the events that the model holds, so it goes
/// with the call.
struct RepeatCache::Listener : std::enable_shared_from_this<Listener> {
  void OnText(std::string_view piece) {
    const auto self = shared_from_this();          // the event may drop the call
    if (text.size() <= most_bytes) text += piece;  // one that is over the limit will not be remembered
    if (events.on_text) events.on_text(piece);
  }
  void OnDone(const ChatOutcome& outcome) {
    const auto self = shared_from_this();
    const bool whole = outcome.failure == ChatFailure::kNone && !outcome.truncated && !text.empty();
    if (const auto alive = cache.lock(); alive && whole) {
      (*alive)->Remember(std::move(key), std::move(text), outcome);
    }
    if (events.on_done) events.on_done(outcome);
  }

  std::weak_ptr<RepeatCache*> cache;
  std::string key;
  std::string text;
  size_t most_bytes = 0;
  ChatEvents events;
};

RepeatCache::RepeatCache(const std::string& account, const Options& options, ChatModel& model, net::EventLoop& loop,
                         base::Metrics& metrics)
    : options_(options),
      model_(model),
      loop_(loop),
      hits_(Repeats(metrics, account, "hit")),
      misses_(Repeats(metrics, account, "miss")),
      self_(std::make_shared<RepeatCache*>(this)) {}

RepeatCache::~RepeatCache() = default;

std::unique_ptr<ChatCall> RepeatCache::Ask(const ChatRequest& request, ChatEvents events) {
  std::string key = options_.ttl > base::Duration::zero() ? KeyOf(request.messages) : std::string();
  if (key.empty()) return model_.Ask(request, std::move(events));
  ForgetExpired();
  if (const Entry* const entry = Find(key)) {
    hits_.Add();
    return Hit::Make(*entry, std::move(events), loop_);
  }
  misses_.Add();
  const auto listener = std::make_shared<Listener>();
  listener->cache = self_;
  listener->key = std::move(key);
  listener->most_bytes = options_.max_bytes;
  listener->events = std::move(events);
  return model_.Ask(request, {[listener](std::string_view text) { listener->OnText(text); },
                              [listener](const ChatOutcome& outcome) { listener->OnDone(outcome); }});
}

RepeatCache::Entry* RepeatCache::Find(const std::string& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return nullptr;
  Entry& entry = *at->second;
  by_use_.splice(by_use_.end(), by_use_, entry.by_use);
  return &entry;
}

void RepeatCache::Remember(std::string key, std::string text, const ChatOutcome& outcome) {
  const size_t bytes = BytesOf(key, text);
  if (bytes > options_.max_bytes || options_.max_entries == 0) return;
  ForgetExpired();
  if (Entry* const same = Find(key)) Forget(*same);  // asked twice at the same time: the newer answer stays
  while (!by_use_.empty() && (entries_.size() >= options_.max_entries || bytes_ + bytes > options_.max_bytes)) {
    Forget(*by_use_.front());
  }
  auto entry = std::make_unique<Entry>();
  entry->key = std::move(key);
  entry->text = std::move(text);
  entry->finish_reason = outcome.finish_reason;
  entry->expires = loop_.clock().Now() + options_.ttl;
  entry->by_use = by_use_.insert(by_use_.end(), entry.get());
  entry->by_age = by_age_.insert(by_age_.end(), entry.get());
  bytes_ += bytes;
  const std::string_view name = entry->key;
  entries_.emplace(name, std::move(entry));
}

/// The time to live is the same for all, so the oldest expire first.
void RepeatCache::ForgetExpired() {
  const base::TimePoint now = loop_.clock().Now();
  while (!by_age_.empty() && by_age_.front()->expires <= now) Forget(*by_age_.front());
}

void RepeatCache::Forget(Entry& entry) {
  bytes_ -= BytesOf(entry.key, entry.text);
  by_use_.erase(entry.by_use);
  by_age_.erase(entry.by_age);
  entries_.erase(entries_.find(entry.key));
}

}  // namespace yingda::model
