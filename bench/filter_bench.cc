// SPDX-License-Identifier: MIT
// What the word filter costs, beside other ways to look for words, on one seeded synthetic list and message set. The
// engines take turns in every round, each round is timed in thread CPU time, and the median counts, because other work
// shares the machine. The references see raw bytes: they fold nothing, so they find less.
#include <re2/set.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "filter/word_filter.h"
#ifdef YINGDA_BENCH_VECTORSCAN
#include <hs/hs.h>
#endif

namespace {
size_t allocations = 0;
}  // namespace

// Not inlined: GCC would take free() on what it sees come from new for a mistake.
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace yingda::filter {
namespace {

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

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

using Messages = std::vector<std::string>;

struct Engine {
  std::string name;
  const Messages* messages;
  std::function<size_t(const std::string&)> run;
  double build_ms = 0;
  double megabytes = 0;
  std::vector<double> seconds = {};
  size_t hits = 0;
  size_t allocated = 0;
  double Median() {
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2] / static_cast<double>(messages->size()) * 1e6;
  }
};

size_t BytesOf(const Messages& messages) {
  size_t bytes = 0;
  for (const std::string& message : messages) bytes += message.size();
  return bytes;
}

class Bench {
 public:
  void Add(Engine engine) { engines_.push_back(std::move(engine)); }

  void Run(size_t rounds) {
    for (size_t round = 0; round < rounds; ++round) {
      for (Engine& engine : engines_) {
        // The caches are warm with this engine's data, not with the one's before it.
        for (const std::string& message : *engine.messages) engine.run(message);
        const size_t before = allocations;
        const double start = CpuSeconds();
        engine.hits = 0;
        for (const std::string& message : *engine.messages) engine.hits += engine.run(message);
        engine.seconds.push_back(CpuSeconds() - start);
        engine.allocated = allocations - before;
        if (engine.seconds.size() == 1) engine.seconds.reserve(rounds);
      }
    }
    std::printf("%-46s %9s %7s %9s %7s %8s %7s\n", "engine", "us/msg", "MB/s", "build ms", "MB", "hits", "allocs");
    for (Engine& engine : engines_) {
      const double median = engine.Median();
      const double mean = static_cast<double>(BytesOf(*engine.messages)) / static_cast<double>(engine.messages->size());
      std::printf("%-46s %9.3f %7.0f %9.1f %7.2f %8zu %7zu\n", engine.name.c_str(), median, mean / median,
                  engine.build_ms, engine.megabytes, engine.hits, engine.allocated);
    }
  }

  void Ratio(const std::string& ours, const std::string& reference) {
    Engine* a = Named(ours);
    Engine* b = Named(reference);
    if (a != nullptr && b != nullptr) {
      std::printf("%s takes %.2fx the time of %s\n", ours.c_str(), a->Median() / b->Median(), reference.c_str());
    }
  }

 private:
  Engine* Named(const std::string& name) {
    for (Engine& engine : engines_) {
      if (engine.name == name) return &engine;
    }
    return nullptr;
  }
  std::vector<Engine> engines_;
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

void AddFindLoop(Bench& bench, const std::string& name, const std::vector<std::string>& words, size_t count,
                 const Messages& messages) {
  bench.Add({name, &messages, [&words, count](const std::string& text) {
               size_t hits = 0;
               for (size_t at = 0; at < count; ++at) hits += text.find(words[at]) != std::string::npos;
               return hits;
             }});
}

void AddRe2Set(Bench& bench, const std::string& name, const std::vector<std::string>& words, size_t count,
               const Messages& messages) {
  RE2::Options options;
  options.set_literal(true);
  options.set_log_errors(false);
  options.set_max_mem(64 << 20);
  const double start = CpuSeconds();
  auto set = std::make_shared<RE2::Set>(options, RE2::UNANCHORED);
  for (size_t at = 0; at < count; ++at) set->Add(words[at], nullptr);
  if (!set->Compile()) return;
  const double build_ms = (CpuSeconds() - start) * 1e3;
  auto found = std::make_shared<std::vector<int>>();
  bench.Add({name, &messages,
             [set, found](const std::string& text) {
               set->Match(text, found.get());
               return found->size();
             },
             build_ms});
}

void AddVectorscan([[maybe_unused]] Bench& bench, [[maybe_unused]] const std::string& name,
                   [[maybe_unused]] const std::vector<std::string>& words, [[maybe_unused]] size_t count,
                   [[maybe_unused]] const Messages& messages) {
#ifdef YINGDA_BENCH_VECTORSCAN
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  std::vector<unsigned> flags(count, 0);
  std::vector<unsigned> ids;
  for (size_t at = 0; at < count; ++at) {
    texts.push_back(words[at].c_str());
    lengths.push_back(words[at].size());
    ids.push_back(static_cast<unsigned>(at));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  hs_scratch_t* scratch = nullptr;
  const double start = CpuSeconds();
  if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(), static_cast<unsigned>(count),
                           HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    return;
  }
  const double build_ms = (CpuSeconds() - start) * 1e3;
  size_t bytes = 0;
  hs_database_size(database, &bytes);
  hs_alloc_scratch(database, &scratch);
  bench.Add({name, &messages,
             [database, scratch](const std::string& text) {
               size_t hits = 0;
               const auto count_hit = [](unsigned, unsigned long long, unsigned long long, unsigned, void* counter) {
                 ++*static_cast<size_t*>(counter);
                 return 0;
               };
               hs_scan(database, text.data(), static_cast<unsigned>(text.size()), 0, scratch, count_hit, &hits);
               return hits;
             },
             build_ms, static_cast<double>(bytes) / 1e6});
#endif
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

  Bench bench;
  const Built sixty = BuildFilter(ListOf(words, 60'000));
  AddFolding(bench, "folding alone", hot);
  AddFilter(bench, "filter 1k", BuildFilter(ListOf(words, 1'000)), hot);
  AddFilter(bench, "filter 10k", BuildFilter(ListOf(words, 10'000)), hot);
  AddFilter(bench, "filter 60k", sixty, hot);
  AddFilter(bench, "filter 100k", BuildFilter(ListOf(words, 100'000)), hot);
  AddFilter(bench, "filter 60k, 20,000 distinct", sixty, distinct);
  AddMasking(bench, "filter 60k, 20,000 distinct, masked", sixty, distinct);
  AddFilter(bench, "filter 60k, 60-byte chat lines", sixty, chat);
  AddFilter(bench, "filter, worst case of 2,100 bytes", BuildFilter(ListOf(ladder, ladder.size())), worst);
  AddIndex(bench, "fold + index 60k (no verdicts)", words, 60'000, hot);
  AddIndex(bench, "fold + index 100k (no verdicts)", words, 100'000, hot);
  AddFindLoop(bench, "find loop 1k, raw", words, 1'000, few);
  AddRe2Set(bench, "RE2::Set 10k, raw", words, 10'000, hot);
  AddVectorscan(bench, "vectorscan 10k, raw", words, 10'000, hot);
  AddVectorscan(bench, "vectorscan 60k, raw", words, 60'000, hot);
  std::printf("%zu messages of %zu bytes on average, %zu distinct ones of %zu\n", hot.size(), BytesOf(hot) / hot.size(),
              distinct.size(), BytesOf(distinct) / distinct.size());
  bench.Run(15);
  bench.Ratio("filter 1k", "find loop 1k, raw");
  bench.Ratio("filter 10k", "RE2::Set 10k, raw");
  bench.Ratio("filter 10k", "vectorscan 10k, raw");
  bench.Ratio("filter 60k", "vectorscan 60k, raw");
  bench.Ratio("filter 60k", "folding alone");
  return 0;
}

}  // namespace
}  // namespace yingda::filter

int main() { return yingda::filter::Main(); }
