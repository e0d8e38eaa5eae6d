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
#include "net/event_loop.h"
#include "store/store.h"

namespace yingda::bot {

/// The answer pages (网页): whole answers on the web, each under an address that nobody can guess, live while the model
/// still writes. Owner of what is live; what is finished is in the store.
/// Thread-safety: any thread for Url, NewId, Read, Watch, Unwatch and MarkRead (their callbacks run on the loop); the
/// rest on the loop.
class AnswerPages {
 public:
  struct Options {
    std::string public_url;                              // without a slash at its end; empty: no pages
    base::Duration keep = std::chrono::hours(24 * 7);    // after the question
    base::Duration between_updates = std::chrono::milliseconds(300);
    size_t max_readers = 2000;  // of pages that are being written, all together
    size_t max_readers_per_page = 20;
  };
  /// What a reader may see of a page.
  struct View {
    std::string question;
    std::string markdown;  // filtered; so far, if it is not finished
    bool finished = false;
    int64_t asked_ms = 0;
  };
  using Watcher = std::function<void(const View&)>;

  AnswerPages(Options options, net::EventLoop& loop, store::Store& store, base::Metrics& metrics);
  ~AnswerPages();

  bool Enabled() const { return !options_.public_url.empty(); }
  std::string Url(const std::string& id) const;
  static std::string NewId();

  /// An answer that is being made has a page from now on. `shown_so_far` gives what readers may see of it, whenever
  /// asked until Finish or Abandon. The row is written by the store's own order before what is asked of it later.
  void Begin(const store::AnswerPage& page, std::function<std::string()> shown_so_far);
  /// There is more to show. Cheap without readers, and bounded with them by `between_updates`.
  void Changed(const std::string& id);
  /// The page is what `page` says, for good; readers get it and are let go.
  void Finish(const store::AnswerPage& page);
  /// The page ends without an answer: its follower left.
  void Abandon(const std::string& id);

  /// Empty when there is no such page (any more).
  void Read(std::string id, std::function<void(std::optional<View>)> done);
  /// `watcher` is called with each change of a page that is being written, the last time with `finished`. An empty
  /// result: the page is not being written, or too many read already.
  void Watch(std::string id, Watcher watcher, std::function<void(std::optional<uint64_t>)> done);
  void Unwatch(std::string id, uint64_t watch);
  /// The follower has the whole answer before them: it need not be given in the chat any more.
  void MarkRead(std::string id);
  /// `function(account, open_id)` runs when MarkRead took something out of a follower's inbox; on the loop.
  void OnRead(std::function<void(const std::string&, const std::string&)> function);

 private:
  struct Live;
  struct Shared;

  const Options options_;
  net::EventLoop& loop_;
  store::Store& store_;
  std::unordered_map<std::string, std::shared_ptr<Live>> live_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace yingda::bot
