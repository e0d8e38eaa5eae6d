// SPDX-License-Identifier: MIT
#include "bot/answer_pages.h"

#include <algorithm>
#include <utility>

#include "base/secret.h"
#include "text/markdown.h"

namespace yingda::bot {

struct AnswerPages::Instruments {
  explicit Instruments(base::Metrics& metrics)
      : readers(metrics.Gauge("yingda_page_readers", "Readers of answer pages that are being written")),
        refused(metrics.Counter("yingda_page_readers_refused_total",
                                "Readers who came while too many read already and were left to reloading")),
        reads(metrics.Counter("yingda_pages_read_total", "Answers that a follower has read to the end on their page")),
        spared(metrics.Counter("yingda_pages_spared_total",
                               "Unread answers taken out of the inbox because they were read on their page")),
        lost(metrics.Counter("yingda_pages_lost_total", "Finished pages that the store could not take in time")) {}

  base::Gauge& readers;
  base::Counter& refused;
  base::Counter& reads;
  base::Counter& spared;
  base::Counter& lost;
};

struct AnswerPages::Live {
  struct Reader {
    uint64_t watch = 0;
    Watcher watcher;
  };

  store::AnswerPage page;
  std::function<std::string()> shown_so_far;
  // What every reader has before them: all get the same updates, and who comes later begins with all of it.
  std::vector<std::string> shown;
  std::vector<Reader> readers;
  base::TimePoint next_update;
  net::EventLoop::TimerId timer = 0;
};

AnswerPages::AnswerPages(Options options, net::EventLoop& loop, store::Store& store, base::Metrics& metrics)
    : options_(std::move(options)),
      loop_(loop),
      store_(store),
      instruments_(std::make_unique<Instruments>(metrics)),
      cache_(options_.cache_bytes) {}

AnswerPages::~AnswerPages() = default;

std::string AnswerPages::NewId() { return base::RandomHex(16); }

bool AnswerPages::IsId(std::string_view text) {
  return text.size() == kIdBytes && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

int64_t AnswerPages::NowMs() const { return base::UnixMilliseconds(loop_.clock().WallNow()); }

bool AnswerPages::GivenUp(const store::AnswerPage& page) const {
  const int64_t keep_ms = std::chrono::duration_cast<std::chrono::milliseconds>(options_.keep_unfinished).count();
  return !page.finished && page.asked_ms + keep_ms <= NowMs();
}

void AnswerPages::SetExpiry(store::AnswerPage& page) const {
  if (page.expires_ms != 0) return;
  page.expires_ms = page.asked_ms + std::chrono::duration_cast<std::chrono::milliseconds>(options_.keep).count();
}

void AnswerPages::Begin(store::AnswerPage page, std::function<std::string()> shown_so_far) {
  SetExpiry(page);
  page.finished = false;
  LivePointer& live = live_[page.id];
  if (!live) live = std::make_shared<Live>();
  if (live->page.finished) --unsaved_;
  live->page = page;
  live->shown_so_far = std::move(shown_so_far);
  store_.SavePage(std::move(page), {});
}

void AnswerPages::Changed(const std::string& id) {
  const auto at = live_.find(id);
  if (at == live_.end()) return;
  const LivePointer& live = at->second;
  if (live->readers.empty() || live->timer != 0 || live->page.finished) return;
  if (loop_.clock().Now() >= live->next_update) return Show(LivePointer(live));
  live->timer = loop_.At(live->next_update, [this, weak = std::weak_ptr<Live>(live)] {
    const LivePointer due = weak.lock();
    if (!due) return;
    due->timer = 0;
    Show(due);
  });
}

/// Gives all readers what changed since the last time.
void AnswerPages::Show(const LivePointer& live) {
  live->next_update = loop_.clock().Now() + options_.between_updates;
  std::vector<std::string> blocks = text::HtmlBlocks(live->page.finished ? live->page.markdown : live->shown_so_far());
  const auto [was, is] = std::mismatch(live->shown.begin(), live->shown.end(), blocks.begin(), blocks.end());
  const bool same = was == live->shown.end() && is == blocks.end();
  Update update;
  update.from = static_cast<size_t>(is - blocks.begin());
  update.blocks.assign(is, blocks.end());
  if (live->page.finished) update.state = Update::State::kFinished;
  live->shown = std::move(blocks);
  if (!same || live->page.finished) Tell(live, update);
}

void AnswerPages::Tell(const LivePointer& live, const Update& update) {
  const size_t before = live->readers.size();
  std::erase_if(live->readers, [&](const Live::Reader& reader) { return !reader.watcher(update); });
  if (update.state != Update::State::kWriting) live->readers.clear();
  const size_t left = before - live->readers.size();
  readers_ -= left;
  instruments_->readers.Add(-static_cast<double>(left));
}

void AnswerPages::EndLive(const LivePointer& live) {
  if (live->timer != 0) loop_.Cancel(std::exchange(live->timer, 0));
  live->shown_so_far = nullptr;  // the caller's; it must not be asked again
}

void AnswerPages::Finish(store::AnswerPage page) {
  SetExpiry(page);
  page.finished = true;
  LivePointer& entry = live_[page.id];
  if (!entry) entry = std::make_shared<Live>();
  const LivePointer live = entry;
  if (!live->page.finished) ++unsaved_;
  EndLive(live);
  live->page = std::move(page);
  if (!live->readers.empty()) Show(live);
  // Readers find it here until the store has it: a read of the store might still see the unfinished row.
  Save(live);
}

void AnswerPages::Save(const LivePointer& live) {
  store_.SavePage(live->page, [this, live](const base::Result<void>& saved) {
    const auto at = live_.find(live->page.id);
    if (at == live_.end() || at->second != live || !live->page.finished) return;  // abandoned or begun anew meanwhile
    if (!saved && unsaved_ <= options_.max_unsaved) {
      loop_.After(options_.save_again_after, [this, live] {
        if (stopping_) return;
        const auto still = live_.find(live->page.id);
        if (still != live_.end() && still->second == live && live->page.finished) Save(live);
      });
      return;
    }
    if (!saved) instruments_->lost.Add();
    --unsaved_;
    live_.erase(at);
  });
}

void AnswerPages::Abandon(const std::string& id) {
  const auto at = live_.find(id);
  if (at == live_.end()) return;
  const LivePointer live = at->second;
  if (live->page.finished) --unsaved_;
  live_.erase(at);
  EndLive(live);
  Tell(live, {.from = 0, .blocks = {}, .state = Update::State::kGone});
}

AnswerPages::View AnswerPages::ViewOf(store::AnswerPage page) {
  View view;
  view.finished = page.finished;
  view.asked_ms = page.asked_ms;
  view.expires_ms = page.expires_ms;
  const Account* const account = account_of_ ? account_of_(page.account) : nullptr;
  if (page.finished) {
    const std::shared_ptr<const ShownPage> shown = cache_.Show(account, std::move(page));
    view.question = shown->question;
    view.markdown = shown->markdown;
    view.blocks = {shown, &shown->blocks};
    return view;
  }
  view.question = account == nullptr ? std::move(page.question) : account->Passed(page.question).value_or("");
  view.markdown = std::move(page.markdown);  // filtered by who writes it
  return view;
}

void AnswerPages::Read(std::string id, std::function<void(base::Result<View>)> done) {
  loop_.Post([this, id = std::move(id), done = std::move(done)]() mutable {
    if (const auto at = live_.find(id); at != live_.end()) {
      store::AnswerPage page = at->second->page;
      if (!page.finished) page.markdown = at->second->shown_so_far();
      return done(ViewOf(std::move(page)));
    }
    store_.LoadPage(std::move(id), NowMs(),
                    [this, done = std::move(done)](base::Result<std::optional<store::AnswerPage>> page) {
                      if (!page) return done(page.error());
                      if (!*page || GivenUp(**page))
                        return done(base::Error{base::ErrorCode::kNotFound, "there is no such page"});
                      done(ViewOf(**std::move(page)));
                    });
  });
}

void AnswerPages::Watch(std::string id, Watcher watcher, std::function<void(std::optional<uint64_t>)> done) {
  loop_.Post([this, id = std::move(id), watcher = std::move(watcher), done = std::move(done)]() mutable {
    const auto at = live_.find(id);
    if (at == live_.end() || at->second->page.finished) return done(std::nullopt);
    const LivePointer live = at->second;
    if (readers_ >= options_.max_readers || live->readers.size() >= options_.max_readers_per_page) {
      instruments_->refused.Add();
      return done(std::nullopt);
    }
    if (live->readers.empty()) {
      live->shown = text::HtmlBlocks(live->shown_so_far());
      live->next_update = loop_.clock().Now() + options_.between_updates;
    }
    const uint64_t watch = next_watch_++;
    done(watch);
    if (!watcher({.from = 0, .blocks = live->shown, .state = Update::State::kWriting})) return;
    live->readers.push_back({watch, std::move(watcher)});
    ++readers_;
    instruments_->readers.Add(1);
  });
}

void AnswerPages::Unwatch(std::string id, uint64_t watch) {
  loop_.Post([this, id = std::move(id), watch] {
    const auto at = live_.find(id);
    if (at == live_.end()) return;
    const size_t gone =
        std::erase_if(at->second->readers, [watch](const auto& reader) { return reader.watch == watch; });
    readers_ -= gone;
    instruments_->readers.Add(-static_cast<double>(gone));
  });
}

void AnswerPages::MarkRead(std::string id) {
  Read(id, [this, id](const base::Result<View>& view) {
    if (view && view->finished) DropUnread(id);
  });
}

void AnswerPages::DropUnread(const std::string& id) {
  instruments_->reads.Add();
  store_.DropUnreadOfPage(id, [this](const base::Result<std::optional<store::FollowerName>>& follower) {
    if (!follower || !*follower) return;
    instruments_->spared.Add();
    if (on_read_) on_read_((*follower)->account, (*follower)->open_id);
  });
}

}  // namespace yingda::bot
