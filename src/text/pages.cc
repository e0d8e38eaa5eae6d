// SPDX-License-Identifier: MIT
#include "text/pages.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/cuts.h"
#include "text/segments.h"

namespace yingda::text {
namespace {

// Inside something longer than a page: the last cluster that fits, else the last code point, else one code point.
size_t HardEnd(std::string_view text, size_t limit_bytes) {
  size_t end = 0;
  while (end < text.size()) {
    const size_t next = ClusterEnd(text, end);
    if (next > limit_bytes) break;
    end = next;
  }
  if (end > 0) return end;
  while (end < text.size()) {
    const size_t next = end + base::DecodeUtf8(text, end).length;
    if (next > limit_bytes) break;
    end = next;
  }
  return end > 0 || text.empty() ? end : base::DecodeUtf8(text, 0).length;
}

}  // namespace

size_t PageEnd(std::string_view text, size_t limit_bytes) {
  if (text.size() <= limit_bytes) return text.size();
  const size_t last_part = limit_bytes - limit_bytes / 5 * 2;
  size_t best_end = 0;
  Cut best = Cut::kNone;
  // Nothing beyond what a link may reach across the limit matters.
  for (CutFinder finder(text.substr(0, limit_bytes + kMaxLinkBytes), false); !finder.AtEnd();) {
    const Cut cut = finder.Next();
    if (finder.at() > limit_bytes) break;
    if (cut == Cut::kNone) continue;
    // Before the last part a later place is better, unless it is an ugly one; inside it the kind decides.
    if (cut >= best || (best_end < last_part && cut != Cut::kUgly)) {
      best = cut;
      best_end = finder.at();
    }
  }
  return best_end > 0 ? best_end : HardEnd(text, limit_bytes);
}

size_t WholeSentences(std::string_view text) {
  size_t end = 0;
  for (CutFinder finder(text, true); !finder.AtEnd();) {
    if (finder.Next() >= Cut::kSentence) end = finder.at();
  }
  return end;
}

}  // namespace yingda::text
