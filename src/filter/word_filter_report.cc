// SPDX-License-Identifier: MIT
// What people get to see of a verdict.
#include <algorithm>
#include <tuple>

#include "base/utf8.h"
#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

const char* WhatHappens(Level level) {
  switch (level) {
    case Level::kBlock:
      return "拦截";
    case Level::kMask:
      return "打码";
    case Level::kReview:
      return "照常通过，并记入日志";
    case Level::kPass:
      break;
  }
  return "照常通过";
}

}  // namespace

std::string WordInfo::Place() const { return line > 0 ? file + ":" + std::to_string(line) : file; }

WordInfo WordFilter::Info(uint32_t number) const {
  WordInfo info;
  if (number >= words_.size()) {
    const DetectorOptions& detector = DetectorOf(number);
    info.text = ChineseName(detector.kind);
    info.file = std::string("detectors/") + ToString(detector.kind);
    info.levels = detector.levels;
    info.detector = true;
    return info;
  }
  const Word& word = words_[number];
  info.text = pool_.substr(word.text, word.length_bytes);
  info.file = files_[word.file];
  info.line = word.line;
  info.levels = {word.inbound, word.outbound};
  info.allow = word.allow;
  if (word.replaced) info.replacement = replacements_.at(number);
  std::string_view tags = tags_[word.tags];
  while (!tags.empty()) {
    const size_t comma = std::min(tags.find(','), tags.size());
    const std::string_view tag = base::TrimBlanks(tags.substr(0, comma));
    if (!tag.empty()) info.tags.emplace_back(tag);
    tags.remove_prefix(std::min(comma + 1, tags.size()));
  }
  return info;
}

std::vector<Explanation> WordFilter::Explain(std::string_view text, Direction direction) const {
  Scratch scratch;
  std::vector<Explanation> explanations;
  Find(text, 0, scratch, &explanations);
  Settle(direction, scratch.parts_seen, scratch, &explanations);
  for (const WordHit& hit : scratch.denied) explanations.push_back({hit, Fate::kActs, 0});
  for (Explanation& each : explanations) {
    each.hit.level = LevelOf(each.hit.word, direction);
    if (each.fate == Fate::kActs && each.hit.level == Level::kPass) each.fate = Fate::kSwitchedOff;
  }
  std::sort(explanations.begin(), explanations.end(), [](const Explanation& a, const Explanation& b) {
    return std::tie(a.hit.begin, a.hit.end, a.hit.word) < std::tie(b.hit.begin, b.hit.end, b.hit.word);
  });
  return explanations;
}

std::string WordFilter::Describe(const Explanation& explanation, std::string_view text) const {
  const auto named = [this](uint32_t word) {
    const WordInfo info = Info(word);
    return info.Place() + " 的“" + info.text + "”";
  };
  const WordHit& hit = explanation.hit;
  std::string out = "“" + std::string(text.substr(hit.begin, hit.end - hit.begin)) + "”";
  const WordInfo info = Info(hit.word);
  out += info.detector ? "：检测到" + info.text + "，" : "对上 " + named(hit.word) + "：";
  switch (explanation.fate) {
    case Fate::kActs:
      out += WhatHappens(hit.level);
      if (info.replacement && hit.level == Level::kMask) out += "，换成“" + *info.replacement + "”";
      return out;
    case Fate::kInsideWord:
      return out + "不算，它连着别的字，是更长的词的一部分";
    case Fate::kInterrupted:
      return out + "不算，中间隔得太开";
    case Fate::kAllowed:
      return out + "不算，它在允许的词之内：" + named(explanation.allowed_by);
    case Fate::kSwitchedOff:
      return out + "不算，它的级别是 pass，或这个方向没有打开过滤";
    case Fate::kPartMissing:
      return out + "不算，&& 连接的另一个词没有出现";
  }
  return out;
}

}  // namespace yingda::filter
