// SPDX-License-Identifier: MIT
#include "filter/stream_filter.h"

#include <algorithm>
#include <utility>

namespace yingda::filter {
namespace {

size_t Passes(const std::shared_ptr<const WordFilter>& words, Direction direction) {
  return words && words->Masks(direction) ? kMaskPasses : 1;
}

}  // namespace

StreamFilter::StreamFilter(std::shared_ptr<const WordFilter> words, Direction direction)
    : StreamFilter(std::move(words), direction, Options{}) {}

StreamFilter::StreamFilter(std::shared_ptr<const WordFilter> words, Direction direction, const Options& options)
    : first_(words, direction, StreamPass::Replacing::kYes, options.most_held_bytes / Passes(words, direction)) {
  const size_t passes = Passes(words, direction);
  for (size_t pass = 1; pass < passes; ++pass) {
    again_.push_back({{words, direction, StreamPass::Replacing::kNo, options.most_held_bytes / passes}});
  }
}

Verdict StreamFilter::Append(std::string_view bytes, std::string& shown) { return Feed(bytes, false, shown); }

Verdict StreamFilter::Finish(std::string& shown) { return Feed({}, true, shown); }

Verdict StreamFilter::Feed(std::string_view bytes, bool whole, std::string& shown) {
  appended_ += bytes.size();
  std::string out;
  Verdict verdict = whole ? first_.Finish(out) : first_.Append(bytes, out);
  // What later looks find was not in the text: it is masked, but says nothing of the text.
  level_ = std::max(level_, verdict.level);
  size_t of_text = appended_ - first_.HeldBytes();
  for (Again& again : again_) {
    again.fed += out.size();
    if (again.marks.empty() || again.marks.back().shown < again.fed) again.marks.push_back({again.fed, of_text});
    again.marks.back().of_text = of_text;
    std::string next;
    again.pass.Append(out, next);
    if (whole) again.pass.Finish(next);
    const size_t done = again.fed - again.pass.HeldBytes();
    while (!again.marks.empty() && again.marks.front().shown <= done) {
      again.of_text = again.marks.front().of_text;
      again.marks.pop_front();
    }
    of_text = again.of_text;
    out = std::move(next);
  }
  shown_of_ = of_text;
  shown += out;
  return verdict;
}

}  // namespace yingda::filter
