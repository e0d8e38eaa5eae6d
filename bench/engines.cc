// SPDX-License-Identifier: MIT
#include "engines.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>

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

namespace yingda::bench {

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

size_t Allocations() { return allocations; }

double Engine::Median() {
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2] / static_cast<double>(messages->size()) * 1e6;
}

size_t BytesOf(const Messages& messages) {
  size_t bytes = 0;
  for (const std::string& message : messages) bytes += message.size();
  return bytes;
}

void Bench::Run(size_t rounds) {
  for (size_t round = 0; round < rounds; ++round) {
    for (Engine& engine : engines_) {
      // The caches are warm with this engine's data, not with the one's before it.
      for (const std::string& message : *engine.messages) engine.run(message);
      const size_t before = Allocations();
      const double start = CpuSeconds();
      engine.hits = 0;
      for (const std::string& message : *engine.messages) engine.hits += engine.run(message);
      engine.seconds.push_back(CpuSeconds() - start);
      engine.allocated = Allocations() - before;
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

Engine* Bench::Named(const std::string& name) {
  for (Engine& engine : engines_) {
    if (engine.name == name) return &engine;
  }
  return nullptr;
}

void Bench::Ratio(const std::string& ours, const std::string& reference) {
  Engine* const a = Named(ours);
  Engine* const b = Named(reference);
  if (a == nullptr || b == nullptr) return;
  std::printf("%-42s %5.2fx the time of %s\n", ours.c_str(), a->Median() / b->Median(), reference.c_str());
}

void Bench::Goal(const std::string& what, double value, double goal, const char* unit) {
  std::printf("%-42s %8.2f %s, goal %.1f: %s\n", what.c_str(), value, unit, goal, value <= goal ? "kept" : "missed");
}

}  // namespace yingda::bench
