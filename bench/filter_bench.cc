// SPDX-License-Identifier: MIT
// What the word filter costs, beside other ways to look for words, on one seeded synthetic list and message set. The
// engines take turns in every round, each round is timed in thread CPU time, and the median counts, because other work
// shares the machine. The references see raw bytes: they fold nothing, so they find less.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <memory>
#include <random>

#include "base/utf8.h"
#include "engines.h"
#include "filter/word_filter.h"
#include "search_references.h"

namespace yingda::filter {

using bench::Allocations;
using bench::Bench;
using bench::BytesOf;
using bench::CpuSeconds;
using bench::Messages;

namespace {

/// Chinese-looking text: 3,500 characters drawn by Zipf's law, as frequent ones are in real text.
class Writer {
 public:
  explicit Writer(uint64_t seed) : random_(seed) {
    std::vector<char32_t> han;
    for (char32_t code = 0x4E00; code < 0x9FA6; ++code) han.push_back(code);
    std::mt19937_64 order(7);  // the same characters for words and messages
    std::shuffle(han.begin(), han.end(), order);
    han_.assign(han.begin(), han.begin() + 3500);
    std::vector<double> weights;
    for (size_t rank = 0; rank < han_.size(); ++rank) weights.push_back(1.0 / (static_cast<double>(rank) + 18));
    draw_ = std::discrete_distribution<size_t>(weights.begin(), weights.end());
  }

  size_t Below(size_t limit) { return random_() % limit; }

  std::string Word() {
    static constexpr size_t kLengths[] = {2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 12};
    std::string word;
    for (size_t left = kLengths[Below(16)]; left > 0; --left) base::AppendUtf8(word, han_[draw_(random_)]);
    return word;
  }

  /// 20 to 1,840 bytes, log-uniform: mean about 400.
  std::string Message(const std::vector<std::string>& words, size_t bytes = 0) {
    static constexpr const char* kMarks[] = {"，", "。", "！", "、", " ", "\n", "http", "WeChat ", "2024", "😀"};
    const double power = std::uniform_real_distribution<double>(0, 1)(random_);
    if (bytes == 0) bytes = static_cast<size_t>(20 * std::pow(92.0, power));
    std::string text;
    while (text.size() < bytes) {
      base::AppendUtf8(text, han_[draw_(random_)]);
      if (Below(9) == 0) text += kMarks[Below(std::size(kMarks))];
    }
    if (Below(20) == 0) text += words[Below(words.size())];
    return text;
  }

 private:
  std::mt19937_64 random_;
  std::vector<char32_t> han_;
  std::discrete_distribution<size_t> draw_;
};

std::string ListOf(const std::vector<std::string>& words, size_t count) {
  std::string content;
  for (size_t at = 0; at < count; ++at) content += words[at] + "\n";
  return content;
}

std::string Repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t at = 0; at < times; ++at) out += text;
  return out;
}

struct Built {
  std::shared_ptr<const WordFilter> filter;
  double build_ms;
};

// Parsing the file's content included, reading the file not.
Built BuildFilter(const std::string& content) {
  const double start = CpuSeconds();
  auto filter = WordFilter::FromLists({ParseWordList(content, "deny/bench.txt", false)});
  return {filter, (CpuSeconds() - start) * 1e3};
}

void AddFilter(Bench& bench, const std::string& name, const Built& built, const Messages& messages) {
  auto scratch = std::make_shared<Scratch>();
  bench.Add({name, &messages,
             [filter = built.filter, scratch](const std::string& text) {
               return filter->Check(text, Direction::kInbound, *scratch).hits.size();
             },
             built.build_ms, static_cast<double>(built.filter->MemoryBytes()) / 1e6});
}

void AddMasking(Bench& bench, const std::string& name, const Built& built, const Messages& messages) {
  auto scratch = std::make_shared<Scratch>();
  bench.Add({name, &messages, [filter = built.filter, scratch](const std::string& text) {
               const Verdict verdict = filter->Check(text, Direction::kOutbound, *scratch);
               if (verdict.level >= Level::kMask) filter->Mask(text, verdict);
               return verdict.hits.size();
             }});
}

void AddIndex(Bench& bench, const std::string& name, const std::vector<std::string>& words, size_t count,
              const Messages& messages) {
  std::vector<Pattern> patterns;
  for (uint32_t id = 0; id < count; ++id) patterns.push_back({words[id], id});
  const double start = CpuSeconds();
  auto index = std::make_shared<PatternIndex>(PatternIndex::Build(patterns, FoldMode::kLetters));
  const double build_ms = (CpuSeconds() - start) * 1e3;
  auto scratch = std::make_shared<Scratch>();
  bench.Add({name, &messages,
             [index, scratch](const std::string& text) {
               scratch->letters.Fold(text, FoldMode::kLetters);
               scratch->hits.clear();
               index->Scan(scratch->letters, scratch->scan, scratch->hits);
               return scratch->hits.size();
             },
             build_ms, static_cast<double>(index->MemoryBytes()) / 1e6});
}

void AddFolding(Bench& bench, const std::string& name, const Messages& messages) {
  auto folded = std::make_shared<FoldedText>();
  bench.Add({name, &messages, [folded](const std::string& text) {
               folded->Fold(text, FoldMode::kLetters);
               return size_t{0};
             }});
}

/// The list with a word in twenty changed to one with a wildcard, and one in twenty to one of two parts.
std::string ListWithForms(const std::vector<std::string>& words, size_t count) {
  std::string content;
  for (size_t at = 0; at < count; ++at) {
    std::string word = words[at];
    if (at % 20 == 0 && word.size() > 6) word.insert(6, "?");
    if (at % 20 == 1) word += " && " + words[at + 1];
    content += word + "\n";
  }
  return content;
}

Built BuildWithDetectors(const std::string& content) {
  Options options;
  for (const DetectorKind kind : {DetectorKind::kUrl, DetectorKind::kEmail, DetectorKind::kPhone, DetectorKind::kDigits,
                                  DetectorKind::kWechatId}) {
    options.detectors.push_back({kind, {}, 8});
  }
  return {WordFilter::FromLists({ParseWordList(content, "deny/bench.txt", false)}, options), 0};
}

/// 5,000 words that have a part in common, and a text that repeats it: what each occurrence costs must not grow with
/// them.
void AddSharedParts(Bench& bench, const std::string& form, const Messages& repeats) {
  std::string content;
  for (uint32_t k = 0; k < 5'000; ++k) {
    content += "微信" + form;
    base::AppendUtf8(content, 0x4E00 + k);
    base::AppendUtf8(content, 0x4E00 + k * 7 % 5'000);
    content += '\n';
  }
  AddFilter(bench, "filter, 5,000 words 微信" + form + "… on 2,000 bytes", BuildFilter(content), repeats);
}

/// Texts in which nothing is found: those must not touch the heap.
size_t AllocationsWithoutHit(const Built& built, const Messages& messages) {
  Scratch scratch;
  Messages innocent;
  for (const std::string& message : messages) {
    if (built.filter->Check(message, Direction::kInbound, scratch).hits.empty()) innocent.push_back(message);
  }
  const size_t before = Allocations();
  for (const std::string& message : innocent) built.filter->Check(message, Direction::kInbound, scratch);
  const size_t used = Allocations() - before;
  std::printf("%zu messages without a hit: %zu allocations\n", innocent.size(), used);
  return used;
}

int Main() {
  Writer writer(20240601);
  std::vector<std::string> words;
  for (size_t at = 0; at < 100'000; ++at) words.push_back(writer.Word());
  Messages hot;
  Messages distinct;
  Messages few;
  Messages chat;
  while (hot.size() < 2'000) hot.push_back(writer.Message(words));
  while (distinct.size() < 20'000) distinct.push_back(writer.Message(words));
  while (few.size() < 200) few.push_back(writer.Message(words));
  while (chat.size() < 2'000) chat.push_back(writer.Message(words, 60));
  // Every start walks as deep as patterns may be, and finds nothing.
  std::vector<std::string> ladder;
  for (size_t length = 2; length < PatternIndex::kMaxCodes; ++length) ladder.push_back(Repeated("啊", length) + "吧");
  const Messages worst(20, Repeated("啊", 700));

  std::printf("%zu messages of %zu bytes on average, %zu distinct ones of %zu\n", hot.size(), BytesOf(hot) / hot.size(),
              distinct.size(), BytesOf(distinct) / distinct.size());

  Bench bench;
  const Built sixty = BuildFilter(ListOf(words, 60'000));
  const Built hundred = BuildFilter(ListOf(words, 100'000));
  AddFolding(bench, "folding alone", hot);
  AddFilter(bench, "filter 1k", BuildFilter(ListOf(words, 1'000)), hot);
  AddFilter(bench, "filter 10k", BuildFilter(ListOf(words, 10'000)), hot);
  AddFilter(bench, "filter 60k", sixty, hot);
  AddFilter(bench, "filter 100k", hundred, hot);
  AddFilter(bench, "filter 60k, 20,000 distinct", sixty, distinct);
  AddFilter(bench, "filter 100k, 20,000 distinct", hundred, distinct);
  AddMasking(bench, "filter 60k, 20,000 distinct, masked", sixty, distinct);
  AddFilter(bench, "filter 60k, 60-byte chat lines", sixty, chat);
  AddFilter(bench, "filter 60k, a tenth with ? or &&", BuildFilter(ListWithForms(words, 60'000)), hot);
  AddFilter(bench, "filter 60k and all detectors", BuildWithDetectors(ListOf(words, 60'000)), hot);
  AddFilter(bench, "filter, worst case of 2,100 bytes", BuildFilter(ListOf(ladder, ladder.size())), worst);
  AddIndex(bench, "fold + index 60k (no verdicts)", words, 60'000, hot);
  AddIndex(bench, "fold + index 100k (no verdicts)", words, 100'000, hot);
  AddFindLoop(bench, "find loop 1k, raw", words, 1'000, few);
  AddRe2Set(bench, "RE2::Set 1k, raw", words, 1'000, hot);
  AddRe2Set(bench, "RE2::Set 10k, raw", words, 10'000, hot);
  AddRe2Set(bench, "RE2::Set 60k, raw", words, 60'000, few);
  AddVectorscan(bench, "vectorscan 1k, raw", words, 1'000, hot);
  AddVectorscan(bench, "vectorscan 10k, raw", words, 10'000, hot);
  AddVectorscan(bench, "vectorscan 60k, raw", words, 60'000, hot);
  AddVectorscan(bench, "vectorscan 60k, raw, 20,000 distinct", words, 60'000, distinct);
  AddVectorscan(bench, "vectorscan 100k, raw", words, 100'000, hot);
  AddIcu(bench, "ICU NFKC casefold alone", hot);
  AddIcuVectorscan(bench, "ICU NFKC casefold + vectorscan 60k", words, 60'000, hot);
  bench.Run(15);
  // By themselves: what they leave in the caches is nothing that the others should pay for.
  Bench shared;
  const Messages repeats(20, Repeated("微信", 333));
  AddSharedParts(shared, "?", repeats);
  AddSharedParts(shared, " && 外", repeats);
  shared.Run(5);
  std::printf("\n");
  for (const char* size : {"1k", "10k", "60k", "100k"}) {
    bench.Ratio(std::string("filter ") + size, std::string("vectorscan ") + size + ", raw");
    bench.Ratio(std::string("filter ") + size, std::string("RE2::Set ") + size + ", raw");
  }
  bench.Ratio("filter 60k", "ICU NFKC casefold + vectorscan 60k");
  bench.Ratio("filter 60k, 20,000 distinct", "vectorscan 60k, raw, 20,000 distinct");
  bench.Ratio("folding alone", "ICU NFKC casefold alone");
  bench.Ratio("filter 60k", "folding alone");
  bench.Ratio("filter 60k, a tenth with ? or &&", "filter 60k");
  bench.Ratio("filter 60k and all detectors", "filter 60k");
  std::printf("\n");
  Bench::Goal("60k words, hot", bench.Named("filter 60k")->Median(), 2.0, "us");
  Bench::Goal("60k words, distinct", bench.Named("filter 60k, 20,000 distinct")->Median(), 3.0, "us");
  Bench::Goal("1k words, hot", bench.Named("filter 1k")->Median(), 1.2, "us");
  Bench::Goal("100k words, hot", bench.Named("filter 100k")->Median(), 2.5, "us");
  Bench::Goal("60k words, distinct, masked", bench.Named("filter 60k, 20,000 distinct, masked")->Median(), 3.6, "us");
  Bench::Goal("60k words, 60 bytes", bench.Named("filter 60k, 60-byte chat lines")->Median(), 0.5, "us");
  Bench::Goal("worst case", bench.Named("filter, worst case of 2,100 bytes")->Median(), 200, "us");
  for (const char* form : {"?", " && 外"}) {
    const std::string name = std::string("filter, 5,000 words 微信") + form + "… on 2,000 bytes";
    Bench::Goal("5,000 words with a shared part", shared.Named(name)->Median(), 200, "us");
  }
  Bench::Goal("60k words, built", sixty.build_ms, 250, "ms");
  Bench::Goal("100k words, built", hundred.build_ms, 400, "ms");
  Bench::Goal("60k words, memory", static_cast<double>(sixty.filter->MemoryBytes()) / 1e6, 8, "MB");
  Bench::Goal("allocations", static_cast<double>(AllocationsWithoutHit(sixty, hot)), 0, "");
  return 0;
}

}  // namespace
}  // namespace yingda::filter

int main() { return yingda::filter::Main(); }
