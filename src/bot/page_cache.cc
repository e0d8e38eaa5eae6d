// SPDX-License-Identifier: MIT
#include "bot/page_cache.h"

#include <utility>

#include "bot/answer_filter.h"
#include "text/markdown.h"

namespace yingda::bot {

std::shared_ptr<const ShownPage> PageCache::Show(const Account* account, store::AnswerPage page) {
  const auto files = account == nullptr ? nullptr : account->files.Get();
  const auto settings = account == nullptr ? nullptr : account->settings.Get();
  if (const auto known = by_id_.find(page.id); known != by_id_.end()) {
    const Place entry = known->second;
    if (entry->markdown == page.markdown && entry->question == page.question && entry->files.lock() == files &&
        entry->settings.lock() == settings) {
      entries_.splice(entries_.begin(), entries_, entry);
      return entry->shown;
    }
    Drop(entry);
  }

  ++made_;
  Entry entry{page.id, page.question, page.markdown, files, settings, nullptr, 0};
  if (account != nullptr) page = ShownNow(*account, settings->texts, std::move(page));
  const auto shown = std::make_shared<ShownPage>();
  shown->blocks = text::HtmlBlocks(page.markdown);
  shown->question = std::move(page.question);
  shown->markdown = std::move(page.markdown);
  entry.shown = shown;
  entry.bytes = 2 * (entry.markdown.size() + entry.question.size()) + sizeof(Entry);
  for (const std::string& block : shown->blocks) entry.bytes += block.size() + sizeof(block);
  if (entry.bytes > max_bytes_) return shown;

  bytes_ += entry.bytes;
  entries_.push_front(std::move(entry));
  by_id_[entries_.front().id] = entries_.begin();
  while (bytes_ > max_bytes_) Drop(std::prev(entries_.end()));
  return shown;
}

void PageCache::Drop(Place entry) {
  bytes_ -= entry->bytes;
  by_id_.erase(entry->id);
  entries_.erase(entry);
}

}  // namespace yingda::bot
