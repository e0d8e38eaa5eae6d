// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bot/account.h"
#include "store/store.h"

namespace yingda::bot {

/// A finished answer page as its readers see it: filtered, and its top-level blocks as safe HTML.
struct ShownPage {
  std::string question, markdown;
  std::vector<std::string> blocks;
};

/// Finished pages as they were last shown, so that whoever loads one again and again costs no conversion. An entry
/// holds for the same page under the same words and texts of its account. Thread-safety: none. Limits: about
/// `max_bytes`; the page that was read least recently goes first.
class PageCache {
 public:
  explicit PageCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Null: shown as it is.
  std::shared_ptr<const ShownPage> Show(const Account* account, store::AnswerPage page);

  /// How many pages were made because they were not there.
  size_t Made() const { return made_; }
  size_t Bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string id, question, markdown;  // as stored
    std::weak_ptr<const AccountFiles> files;
    std::weak_ptr<const AccountSettings> settings;
    std::shared_ptr<const ShownPage> shown;
    size_t bytes = 0;
  };
  using Place = std::list<Entry>::iterator;

  void Drop(Place entry);

  const size_t max_bytes_;
  std::list<Entry> entries_;  // the last read first
  std::unordered_map<std::string, Place> by_id_;
  size_t bytes_ = 0;
  size_t made_ = 0;
};

}  // namespace yingda::bot
