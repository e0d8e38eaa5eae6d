// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "filter/word_filter.h"

namespace {
std::atomic<size_t> allocations{0};
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

TEST(AllocationTest, ACheckThatFindsNothingAllocatesNothingAfterWarmUp) {
  const auto filter = WordFilter::FromLists({ParseWordList("赌博平台\n+v\nfuck\n", "deny/a.txt", false),
                                             ParseWordList("远离赌博平台\n", "allow/a.txt", true)});
  const std::string texts[] = {"今天天气不错，適合出去走走。㎏ １２３", "大家远离赌博平台！", "嗯嗯嗯嗯嗯嗯嗯，好",
                               "Smoking 😀😀😀"};
  Scratch scratch;
  for (const std::string& text : texts) filter->Check(text, Direction::kInbound, scratch);
  const size_t before = allocations;
  for (int round = 0; round < 100; ++round) {
    for (const std::string& text : texts) {
      ASSERT_EQ(filter->Check(text, Direction::kInbound, scratch).level, Level::kPass);
    }
  }
  EXPECT_EQ(allocations - before, 0u);
}

}  // namespace
}  // namespace yingda::filter
