// SPDX-License-Identifier: MIT
#include "model/reasoning_filter.h"

#include <algorithm>
#include <array>

namespace yingda::model {
namespace {

struct Tag {
  std::string_view open;
  std::string_view close;
};
constexpr std::array<Tag, 2> kTags = {Tag{"<think>", "</think>"}, Tag{"<thinking>", "</thinking>"}};
constexpr size_t kLongestTag = 11;

void TrimStart(std::string& text) { text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size())); }

struct Place {
  size_t at = std::string_view::npos;
  size_t size = 0;
};

Place FindClosingTag(std::string_view text) {
  Place first;
  for (const Tag& tag : kTags) {
    const size_t at = text.find(tag.close);
    if (at < first.at) first = {at, tag.close.size()};
  }
  return first;
}

}  // namespace

void ReasoningFilter::Feed(std::string_view text, std::string& out) {
  if (leaked_ || text.empty()) return;
  if (state_ == State::kAnswer && pending_.empty() && text.find('<') == text.npos) {  // nothing of a tag
    out += text;
    progress_ += text.size();
    line_start_ = text.back() == '\n';
    return;
  }
  pending_ += text;
  // Each step decides as much as it can and says whether there is more to decide.
  for (bool again = true; again && !pending_.empty() && !leaked_;) {
    switch (state_) {
      case State::kStart:
        again = Start();
        break;
      case State::kInside:
        again = Inside();
        break;
      case State::kHeld:
        again = Held();
        break;
      case State::kAnswer:
        again = Answer(out);
        break;
    }
  }
}

bool ReasoningFilter::Start() {
  TrimStart(pending_);
  if (pending_.empty()) return false;
  for (const Tag& tag : kTags) {
    const bool opens = pending_.starts_with(tag.open);
    // A closing tag first of all: the opening one was in the prompt, and no thought was had.
    if (opens || (!opened_ && pending_.starts_with(tag.close))) {
      pending_.erase(0, opens ? tag.open.size() : tag.close.size());
      closing_tag_ = tag.close;
      if (opens) state_ = State::kInside;
      opened_ = reasoning_seen_ = true;
      return true;
    }
  }
  for (const Tag& tag : kTags) {
    if (tag.open.starts_with(pending_) || (!opened_ && tag.close.starts_with(pending_))) return false;
  }
  state_ = options_.hold_back && !opened_ ? State::kHeld : State::kAnswer;
  return true;
}

bool ReasoningFilter::Inside() {
  const size_t end = pending_.find(closing_tag_);
  if (end == pending_.npos) {
    // Only what may be the beginning of the tag is worth keeping.
    if (pending_.size() >= closing_tag_.size()) pending_.erase(0, pending_.size() - closing_tag_.size() + 1);
    return false;
  }
  pending_.erase(0, end + closing_tag_.size());
  state_ = State::kStart;  // some models think twice
  return true;
}

bool ReasoningFilter::Held() {
  const Place tag = FindClosingTag(pending_);
  if (tag.size != 0) {
    pending_.erase(0, tag.at + tag.size);
    opened_ = reasoning_seen_ = true;
    state_ = State::kStart;
    return true;
  }
  progress_ = std::max(progress_, pending_.size());
  if (pending_.size() > options_.max_held_bytes) {
    closing_tag_ = kTags.front().close;
    opened_ = reasoning_seen_ = true;
    state_ = State::kInside;
    return true;
  }
  return false;
}

bool ReasoningFilter::Answer(std::string& out) {
  const auto give = [&](size_t size) {
    out.append(pending_, 0, size);
    progress_ += size;
    if (size > 0) line_start_ = pending_[size - 1] == '\n';
    pending_.erase(0, size);
  };
  if (opened_) {
    give(pending_.size());
    return false;
  }
  // Only a tag that stands alone on its line is the end of reasoning; in a sentence or in backticks it is talk.
  for (size_t from = 0;;) {
    const size_t at = pending_.find("</think", from);
    if (at == pending_.npos) break;
    const std::string_view rest = std::string_view(pending_).substr(at);
    const bool alone_before = at == 0 ? line_start_ : pending_[at - 1] == '\n';
    const Place tag = FindClosingTag(rest);
    if (alone_before && tag.at == 0 && rest.size() > tag.size && (rest[tag.size] == '\n' || rest[tag.size] == '\r')) {
      give(at);
      leaked_ = reasoning_seen_ = true;
      return false;
    }
    if (alone_before && rest.size() <= kLongestTag) {
      give(at);  // undecided: the tag or the line end behind it may still come
      return false;
    }
    from = at + 1;
  }
  // The tail may be the beginning of a tag at the start of a line.
  size_t keep = 0;
  const size_t line_end = pending_.rfind('\n');
  const size_t line = line_end == pending_.npos ? 0 : line_end + 1;
  const std::string_view tail = std::string_view(pending_).substr(line);
  if ((line > 0 || line_start_) && !tail.empty() && std::string_view("</think").starts_with(tail)) keep = tail.size();
  give(pending_.size() - keep);
  return false;
}

void ReasoningFilter::Finish(bool cut, std::string& out) {
  if (leaked_) return;
  if (state_ != State::kInside && !(cut && state_ == State::kStart)) {
    // At its very end, too, a closing tag alone on its line ends reasoning.
    const bool tag_alone = state_ == State::kAnswer && !opened_ && line_start_ && FindClosingTag(pending_).at == 0 &&
                           FindClosingTag(pending_).size == pending_.size();
    if (tag_alone) {
      leaked_ = reasoning_seen_ = true;
    } else {
      out += pending_;
      progress_ += pending_.size();
    }
  }
  pending_.clear();
}

}  // namespace yingda::model
