// SPDX-License-Identifier: MIT
#include "search_references.h"

#include <re2/set.h>

#include <cstdio>
#include <memory>
#ifdef YINGDA_BENCH_VECTORSCAN
#include <hs/hs.h>
#endif
#ifdef YINGDA_BENCH_ICU
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#endif

namespace yingda::bench {
namespace {

[[maybe_unused]] void Missing(const std::string& name, const char* package) {
  std::printf("not run: %s (built without %s; tools/dependencies.sh bench installs it)\n", name.c_str(), package);
}

#ifdef YINGDA_BENCH_VECTORSCAN
struct Vectorscan {
  hs_database_t* database = nullptr;
  hs_scratch_t* scratch = nullptr;
  double build_ms = 0;
  size_t bytes = 0;

  ~Vectorscan() {
    hs_free_scratch(scratch);
    hs_free_database(database);
  }
  size_t Scan(const std::string& text) const {
    size_t hits = 0;
    const auto count_hit = [](unsigned, unsigned long long, unsigned long long, unsigned, void* counter) {
      ++*static_cast<size_t*>(counter);
      return 0;
    };
    hs_scan(database, text.data(), static_cast<unsigned>(text.size()), 0, scratch, count_hit, &hits);
    return hits;
  }
};

/// `literal`: as they are, else as expressions in any case, each reported once.
std::shared_ptr<const Vectorscan> Compile(const std::vector<std::string>& words, size_t count, bool literal = true) {
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  std::vector<unsigned> flags(count, literal ? 0 : HS_FLAG_CASELESS | HS_FLAG_UTF8 | HS_FLAG_SINGLEMATCH);
  std::vector<unsigned> ids;
  for (size_t at = 0; at < count; ++at) {
    texts.push_back(words[at].c_str());
    lengths.push_back(words[at].size());
    ids.push_back(static_cast<unsigned>(at));
  }
  auto built = std::make_shared<Vectorscan>();
  hs_compile_error_t* error = nullptr;
  const double start = CpuSeconds();
  const auto patterns = static_cast<unsigned>(count);
  const hs_error_t result = literal ? hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(),
                                                           patterns, HS_MODE_BLOCK, nullptr, &built->database, &error)
                                    : hs_compile_multi(texts.data(), flags.data(), ids.data(), patterns, HS_MODE_BLOCK,
                                                       nullptr, &built->database, &error);
  if (result != HS_SUCCESS) {
    std::printf("vectorscan: %s\n", error->message);
    hs_free_compile_error(error);
    return nullptr;
  }
  built->build_ms = (CpuSeconds() - start) * 1e3;
  hs_database_size(built->database, &built->bytes);
  hs_alloc_scratch(built->database, &built->scratch);
  return built;
}
#endif

void AddSet(Bench& bench, const std::string& name, RE2::Options options, const std::vector<std::string>& patterns,
            const Messages& messages) {
  options.set_log_errors(false);
  options.set_max_mem(64 << 20);
  const double start = CpuSeconds();
  auto set = std::make_shared<RE2::Set>(options, RE2::UNANCHORED);
  for (const std::string& pattern : patterns) set->Add(pattern, nullptr);
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

#ifdef YINGDA_BENCH_ICU
void NfkcCasefold(const std::string& text, std::string& out) {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* const normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  out.clear();
  icu::StringByteSink<std::string> sink(&out);
  normalizer->normalizeUTF8(0, text, sink, nullptr, error);
}
#endif

}  // namespace

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
  AddSet(bench, name, options, {words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count)}, messages);
}

void AddRe2SetOfExpressions(Bench& bench, const std::string& name, const std::vector<std::string>& expressions,
                            const Messages& messages) {
  RE2::Options options;
  options.set_case_sensitive(false);
  AddSet(bench, name, options, expressions, messages);
}

void AddVectorscan([[maybe_unused]] Bench& bench, const std::string& name,
                   [[maybe_unused]] const std::vector<std::string>& words, [[maybe_unused]] size_t count,
                   [[maybe_unused]] const Messages& messages) {
#ifdef YINGDA_BENCH_VECTORSCAN
  const auto built = Compile(words, count);
  if (!built) return;
  bench.Add({name, &messages, [built](const std::string& text) { return built->Scan(text); }, built->build_ms,
             static_cast<double>(built->bytes) / 1e6});
#else
  Missing(name, "libvectorscan-dev");
#endif
}

void AddIcuVectorscan([[maybe_unused]] Bench& bench, const std::string& name,
                      [[maybe_unused]] const std::vector<std::string>& words, [[maybe_unused]] size_t count,
                      [[maybe_unused]] const Messages& messages) {
#if defined(YINGDA_BENCH_VECTORSCAN) && defined(YINGDA_BENCH_ICU)
  std::vector<std::string> folded(count);
  for (size_t at = 0; at < count; ++at) NfkcCasefold(words[at], folded[at]);
  const auto built = Compile(folded, count);
  if (!built) return;
  const auto normal = std::make_shared<std::string>();
  bench.Add({name, &messages,
             [built, normal](const std::string& text) {
               NfkcCasefold(text, *normal);
               return built->Scan(*normal);
             },
             built->build_ms, static_cast<double>(built->bytes) / 1e6});
#else
  Missing(name, "libvectorscan-dev and libicu-dev");
#endif
}

void AddIcu([[maybe_unused]] Bench& bench, const std::string& name, [[maybe_unused]] const Messages& messages) {
#ifdef YINGDA_BENCH_ICU
  const auto normal = std::make_shared<std::string>();
  bench.Add({name, &messages, [normal](const std::string& text) {
               NfkcCasefold(text, *normal);
               return size_t{0};
             }});
#else
  Missing(name, "libicu-dev");
#endif
}

void AddVectorscanOfExpressions([[maybe_unused]] Bench& bench, const std::string& name,
                                [[maybe_unused]] const std::vector<std::string>& expressions,
                                [[maybe_unused]] const Messages& messages) {
#ifdef YINGDA_BENCH_VECTORSCAN
  const auto built = Compile(expressions, expressions.size(), false);
  if (!built) return;
  bench.Add({name, &messages, [built](const std::string& text) { return built->Scan(text); }, built->build_ms,
             static_cast<double>(built->bytes) / 1e6});
#else
  Missing(name, "libvectorscan-dev");
#endif
}

}  // namespace yingda::bench
