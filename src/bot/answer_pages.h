// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "bot/account.h"
#include "bot/page_cache.h"
#include "net/event_loop.h"
#include "store/store.h"

namespace yingda::bot {

/// The answer pages (网页): whole answers on the web, each under an address that nobody can guess, live while the model
/// still writes. Owner of what is live; what is finished is in the store, or waits here until the store takes it.
/// Thread-safety: any thread for Enabled, Url, NewId, Read, Watch, Unwatch and MarkRead (what they call runs on the
/// loop); the rest on the loop. Lifetime: until the loop has stopped.
class AnswerPages {
 public:
  struct Options {
    std::string public_url;                            // without a slash at its end; empty: no pages
    base::Duration keep = std::chrono::hours(24 * 7);  // after the question, unless the page says when it expires
    // After the question. Nobody takes an answer up again that was left unfinished for so long; its page is gone.
    base::Duration keep_unfinished = std::chrono::hours(48);
    base::Duration between_updates = std::chrono::milliseconds(300);
    size_t max_readers = 2000;  // of pages that are being written, all together
    size_t max_readers_per_page = 20;
    base::Duration save_again_after = std::chrono::seconds(5);  // when the store could not take a finished page
    size_t max_unsaved = 1000;                                  // finished pages that wait for the store; more are lost
    size_t cache_bytes = size_t{4} << 20;                       // of finished pages as they are shown
  };
  /// What a reader may see of a page.
  struct View {
    std::string question;
    std::string markdown;                                    // filtered; so far, if it is not finished
    std::shared_ptr<const std::vector<std::string>> blocks;  // of a finished page: the same as text::HtmlBlocks
    bool finished = false;
    int64_t asked_ms = 0;
    int64_t expires_ms = 0;
  };
  /// What changed on a page that is being written: its top-level blocks of safe HTML from number `from` on.
  struct Update {
    enum class State { kWriting, kFinished, kGone };
    size_t from = 0;
    std::vector<std::string> blocks;  // replace all that stood there; there is nothing behind them
    State state = State::kWriting;    // kGone: the page ended without an answer
  };
  /// False: it wants no more.
  using Watcher = std::function<bool(const Update&)>;

  AnswerPages(Options options, net::EventLoop& loop, store::Store& store, base::Metrics& metrics);
  ~AnswerPages();

  bool Enabled() const { return !options_.public_url.empty(); }
  std::string Url(const std::string& id) const { return Addresses() + id; }
  /// What the addresses of all pages begin with; empty: there are no pages.
  std::string Addresses() const { return Enabled() ? options_.public_url + "/a/" : std::string(); }
  static constexpr size_t kIdBytes = 32;
  /// 128 bits of randomness as 32 lower-case hexadecimal digits.
  static std::string NewId();
  static bool IsId(std::string_view text);

  /// An answer that is being made has a page from now on; a page begun again (after a restart) starts anew.
  /// `shown_so_far` gives the filtered Markdown that readers may see, whenever asked until Finish or Abandon. The row
  /// is written by the store's own order before what is asked of it later.
  void Begin(store::AnswerPage page, std::function<std::string()> shown_so_far);
  /// There is more to show. Cost: a look-up without readers; with them, one conversion per `between_updates`.
  void Changed(const std::string& id);
  /// The page is what `page` says, for good; readers get it and are let go. Also for a page that never began.
  void Finish(store::AnswerPage page);
  /// The page ends without an answer: its follower left. Its row is the store's to forget.
  void Abandon(const std::string& id);

  /// Errors: kNotFound when there is no such page (any more), and what the store says.
  void Read(std::string id, std::function<void(base::Result<View>)> done);
  /// `watcher` is called with the whole page so far, right after `done`, then with each change, the last time with
  /// another state than kWriting. An empty result: the page is not being written here, or too many read already.
  void Watch(std::string id, Watcher watcher, std::function<void(std::optional<uint64_t>)> done);
  void Unwatch(std::string id, uint64_t watch);
  /// The follower has the whole answer before them: it need not be given in the chat any more. Nothing while the page
  /// is not finished.
  void MarkRead(std::string id);
  /// Pages are read through the words of their account: they may have changed since it was written. Set before the
  /// first Read; null for an account that there is no more, whose pages are shown as they are.
  void ShowThrough(std::function<const Account*(const std::string&)> account_of) {
    account_of_ = std::move(account_of);
  }
  /// `function(account, open_id)` runs when MarkRead took something out of a follower's inbox; on the loop.
  void OnRead(std::function<void(const std::string&, const std::string&)> function) { on_read_ = std::move(function); }
  /// Nothing is tried again from now on: the store is about to end.
  void Stop() { stopping_ = true; }

 private:
  struct Live;
  struct Instruments;
  using LivePointer = std::shared_ptr<Live>;

  int64_t NowMs() const;
  View ViewOf(store::AnswerPage page);
  bool GivenUp(const store::AnswerPage& page) const;
  void SetExpiry(store::AnswerPage& page) const;
  void Show(const LivePointer& live);
  void Tell(const LivePointer& live, const Update& update);
  void EndLive(const LivePointer& live);
  void Save(const LivePointer& live);
  void DropUnread(const std::string& id);

  const Options options_;
  net::EventLoop& loop_;
  store::Store& store_;
  const std::unique_ptr<Instruments> instruments_;
  // Being written, or finished and not yet in the store.
  std::unordered_map<std::string, LivePointer> live_;
  size_t readers_ = 0;
  size_t unsaved_ = 0;
  uint64_t next_watch_ = 1;
  bool stopping_ = false;
  std::function<const Account*(const std::string&)> account_of_;
  PageCache cache_;
  std::function<void(const std::string&, const std::string&)> on_read_;
};

}  // namespace yingda::bot
