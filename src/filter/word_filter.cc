// SPDX-License-Identifier: MIT
#include "filter/word_filter.h"

#include <algorithm>
#include <unordered_map>

#include "base/utf8.h"
#include "filter/fold.h"

namespace yingda::filter {
namespace {

constexpr uint8_t kHanGap = 3;     // 赌 - . - 博
constexpr uint8_t kAsciiGap = 1;   // f.u.c.k, but not "as so" for "asso": blanks separate words there
constexpr size_t kLongNumber = 5;  // shorter ones allow nothing inside: 6.9 is not 69

bool InOrder(const WordHit& a, const WordHit& b) {
  return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end < b.end : a.word < b.word;
}

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

// Gives every listed word its record and its place in one of the two indexes.
class WordFilter::Builder {
 public:
  explicit Builder(WordFilter& filter) : filter_(filter) {}

  void Add(const WordList& list) {
    filter_.files_.push_back(list.name);
    for (const ListedWord& listed : list.words) Add(listed, list.allow);
  }

  void Finish() {
    std::vector<Pattern> letters;
    std::vector<Pattern> literal;
    for (uint32_t id = 0; id < filter_.words_.size(); ++id) {
      const Word& word = filter_.words_[id];
      const std::string_view text = std::string_view(filter_.pool_).substr(word.text, word.length_bytes);
      (is_literal_[id] ? literal : letters).push_back({text, id});
      if (!is_literal_[id]) filter_.widest_gap_ = std::max<uint32_t>(filter_.widest_gap_, word.longest_gap);
    }
    filter_.letters_ = PatternIndex::Build(letters, FoldMode::kLetters);
    filter_.literal_ = PatternIndex::Build(literal, FoldMode::kLiteral);
    filter_.pool_.shrink_to_fit();
    filter_.words_.shrink_to_fit();
  }

 private:
  void Add(const ListedWord& listed, bool allow) {
    Word word;
    word.text = static_cast<uint32_t>(filter_.pool_.size());
    word.length_bytes = static_cast<uint16_t>(std::min<size_t>(listed.text.size(), UINT16_MAX));
    word.line = listed.line;
    word.file = static_cast<uint32_t>(filter_.files_.size() - 1);
    word.tags = TagsNumber(listed.tags);
    word.level = listed.level;
    word.boundary = listed.boundary;
    word.allow = allow;
    folded_.Fold(listed.text, FoldMode::kLetters);
    // A single letter is all of "V" but not all of "+V".
    const bool literal = folded_.size() < 2;
    if (!literal) MeasureGaps(word);
    is_literal_.push_back(literal);
    filter_.pool_.append(listed.text, 0, word.length_bytes);
    filter_.words_.push_back(word);
  }

  void MeasureGaps(Word& word) {
    const std::u32string_view codes(folded_.Codes(), folded_.size());
    word.ascii = std::all_of(codes.begin(), codes.end(), IsAsciiWord);
    word.blanks = !word.ascii;
    word.longest_gap = kHanGap;
    if (word.ascii) {
      const bool short_number = codes.size() < kLongNumber && std::all_of(codes.begin(), codes.end(), IsAsciiDigit);
      word.longest_gap = short_number ? 0 : kAsciiGap;
    }
    // An allow word that tolerated gaps would let 大麻，烦请联系 pass.
    if (word.allow) word.longest_gap = 0;
    if (word.allow) word.blanks = false;
    for (size_t at = 1; at < folded_.size(); ++at) {  // it must match itself, as it is written
      const Gap gap = folded_.GapBefore(at);
      word.longest_gap = static_cast<uint8_t>(std::clamp<size_t>(gap.visible, word.longest_gap, UINT8_MAX));
      word.blanks |= gap.blank;
    }
  }

  uint16_t TagsNumber(const std::string& tags) {
    if (const auto found = tag_numbers_.find(tags); found != tag_numbers_.end()) return found->second;
    if (filter_.tags_.size() > UINT16_MAX) return 0;  // tags are a help for people; words must not be lost for them
    const auto number = static_cast<uint16_t>(filter_.tags_.size());
    filter_.tags_.push_back(tags);
    tag_numbers_.emplace(tags, number);
    return number;
  }

  WordFilter& filter_;
  FoldedText folded_;
  std::vector<bool> is_literal_;
  std::unordered_map<std::string, uint16_t> tag_numbers_;
};

base::Result<std::shared_ptr<const WordFilter>> WordFilter::Load(const std::string& folder, LoadReport& report) {
  return Load(folder, Options{}, report);
}

base::Result<std::shared_ptr<const WordFilter>> WordFilter::Load(const std::string& folder, const Options& options,
                                                                 LoadReport& report) {
  report = LoadReport{};
  YINGDA_TRY(const std::vector<WordList> lists, ReadWordLists(folder));
  for (const WordList& list : lists) {
    report.words += list.words.size();
    report.files += 1;
    report.warnings.insert(report.warnings.end(), list.warnings.begin(), list.warnings.end());
  }
  return FromLists(lists, options);
}

std::shared_ptr<const WordFilter> WordFilter::FromLists(const std::vector<WordList>& lists, const Options& options) {
  auto filter = std::make_shared<WordFilter>();
  filter->options_ = options;
  Builder builder(*filter);
  for (const WordList& list : lists) builder.Add(list);
  builder.Finish();
  return filter;
}

bool WordFilter::Interrupted(const Word& word, const PatternHit& hit, const FoldedText& text) const {
  for (size_t at = hit.first + 1; at < hit.last; ++at) {
    const Gap gap = text.GapBefore(at);
    if (gap.newline || gap.visible > word.longest_gap || (gap.blank && !word.blanks)) return true;
  }
  return false;
}

// Whether the word stands where its file lets it count.
Fate WordFilter::Judge(const PatternHit& hit, const FoldedText& text) const {
  const Word& word = words_[hit.pattern];
  const bool alone = word.boundary == Boundary::kAlone;
  if (alone || (word.boundary == Boundary::kAuto && word.ascii && !word.allow)) {
    const auto touches = [&](size_t outside, size_t gap) {
      return (alone ? IsLetterOrDigit(text[outside]) : IsAsciiWord(text[outside])) && text.GapBefore(gap).visible == 0;
    };
    if (hit.first > 0 && touches(hit.first - 1, hit.first)) return Fate::kInsideWord;
    if (hit.last < text.size() && touches(hit.last, hit.last)) return Fate::kInsideWord;
  }
  return Interrupted(word, hit, text) ? Fate::kInterrupted : Fate::kActs;
}

void WordFilter::FindIn(const PatternIndex& index, FoldedText& text, size_t from, Scratch& scratch,
                        std::vector<Explanation>* refused) const {
  scratch.hits.clear();
  index.Scan(text, scratch.scan, scratch.hits);
  index.ScanStretched(text, scratch.hits);
  for (const PatternHit& hit : scratch.hits) {
    if (text.Begin(hit.first) < from) continue;
    const Word& word = words_[hit.pattern];
    const WordHit place{text.Begin(hit.first), text.EndWithInvisible(hit.last - 1), hit.pattern, word.level};
    const Fate fate = Judge(hit, text);
    if (fate == Fate::kActs) {
      (word.allow ? scratch.allowed : scratch.denied).push_back(place);
    } else if (refused != nullptr && !word.allow) {
      refused->push_back({place, fate, 0});
    }
  }
}

// Leaves in scratch.denied the words that stand, in order.
void WordFilter::Find(std::string_view text, size_t from, Scratch& scratch, std::vector<Explanation>* refused) const {
  scratch.denied.clear();
  scratch.allowed.clear();
  if (!letters_.Empty()) {
    scratch.letters.Fold(text, FoldMode::kLetters);
    FindIn(letters_, scratch.letters, from, scratch, refused);
  }
  if (!literal_.Empty()) {
    scratch.literal.Fold(text, FoldMode::kLiteral);
    FindIn(literal_, scratch.literal, from, scratch, refused);
  }
  std::sort(scratch.denied.begin(), scratch.denied.end(), InOrder);
  std::sort(scratch.allowed.begin(), scratch.allowed.end(), InOrder);
  // Of the allowed words that begin no later, the one that reaches farthest covers if any does.
  const WordHit* farthest = nullptr;
  size_t next = 0;
  const auto covered = [&](const WordHit& denied) {
    for (; next < scratch.allowed.size() && scratch.allowed[next].begin <= denied.begin; ++next) {
      if (farthest == nullptr || scratch.allowed[next].end > farthest->end) farthest = &scratch.allowed[next];
    }
    const bool is_covered = farthest != nullptr && farthest->end >= denied.end;
    if (is_covered && refused != nullptr) refused->push_back({denied, Fate::kAllowed, farthest->word});
    return is_covered;
  };
  size_t kept = 0;
  for (const WordHit& denied : scratch.denied) {
    if (!covered(denied)) scratch.denied[kept++] = denied;
  }
  scratch.denied.resize(kept);
}

const DirectionOptions& WordFilter::For(Direction direction) const {
  return direction == Direction::kInbound ? options_.inbound : options_.outbound;
}

Level WordFilter::LevelOf(uint32_t word, Direction direction) const {
  const DirectionOptions& options = For(direction);
  return options.enabled ? std::min(words_[word].level, options.maximum) : Level::kPass;
}

Verdict WordFilter::Check(std::string_view text, Direction direction, Scratch& scratch) const {
  Verdict verdict;
  if (!For(direction).enabled) return verdict;
  Find(text, 0, scratch, nullptr);
  verdict.hits.reserve(scratch.denied.size());
  for (WordHit hit : scratch.denied) {
    hit.level = LevelOf(hit.word, direction);
    if (hit.level == Level::kPass) continue;
    verdict.level = std::max(verdict.level, hit.level);
    verdict.hits.push_back(hit);
  }
  return verdict;
}

std::string WordFilter::Mask(std::string_view text, const Verdict& verdict) const {
  std::string out;
  out.reserve(text.size());
  size_t done = 0;
  for (const WordHit& hit : verdict.hits) {
    if (hit.level < Level::kMask || hit.end <= done) continue;
    const size_t begin = std::max(done, hit.begin);
    out.append(text.substr(done, begin - done));
    for (done = begin; done < hit.end; done += base::DecodeUtf8(text, done).length) out.push_back('*');
  }
  out.append(text.substr(done));
  return out;
}

WordInfo WordFilter::Info(uint32_t number) const {
  const Word& word = words_[number];
  WordInfo info{pool_.substr(word.text, word.length_bytes), files_[word.file], word.line, word.level, {}, word.allow};
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
  for (const WordHit& hit : scratch.denied) explanations.push_back({hit, Fate::kActs, 0});
  for (Explanation& each : explanations) {
    each.hit.level = LevelOf(each.hit.word, direction);
    if (each.fate == Fate::kActs && each.hit.level == Level::kPass) each.fate = Fate::kSwitchedOff;
  }
  std::sort(explanations.begin(), explanations.end(),
            [](const Explanation& a, const Explanation& b) { return InOrder(a.hit, b.hit); });
  return explanations;
}

std::string WordFilter::Describe(const Explanation& explanation, std::string_view text) const {
  const auto named = [this](uint32_t word) {
    const WordInfo info = Info(word);
    return info.file + ":" + std::to_string(info.line) + " 的“" + info.text + "”";
  };
  const WordHit& hit = explanation.hit;
  std::string out = "“" + std::string(text.substr(hit.begin, hit.end - hit.begin)) + "”对上 " + named(hit.word) + "：";
  switch (explanation.fate) {
    case Fate::kActs:
      return out + WhatHappens(hit.level);
    case Fate::kInsideWord:
      return out + "不算，它连着别的字，是更长的词的一部分";
    case Fate::kInterrupted:
      return out + "不算，中间隔得太开";
    case Fate::kAllowed:
      return out + "不算，它在允许的词之内：" + named(explanation.allowed_by);
    case Fate::kSwitchedOff:
      return out + "不算，它的级别是 pass，或这个方向没有打开过滤";
  }
  return out;
}

size_t WordFilter::MemoryBytes() const {
  return letters_.MemoryBytes() + literal_.MemoryBytes() + words_.capacity() * sizeof(Word) + pool_.capacity();
}

}  // namespace yingda::filter
