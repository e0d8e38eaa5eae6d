// SPDX-License-Identifier: MIT
// A binary of its own: it counts every allocation of the program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "unit/rules/rules_from_text.h"

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

namespace yingda::rules {
namespace {

std::string ThousandRules() {
  static constexpr const char* kKinds[] = {"exact", "prefix", "suffix", "all_of", "contains"};
  std::string yaml;
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    yaml += "- {keywords: [词" + number + "号, 另" + number + "个], match: " + kKinds[i % 5] + ", reply: x";
    if (i % 10 == 0) yaml += ", hours: 9-18, exclude: [不要], cooldown: 1h";
    yaml += "}\n- {keywords: ['退货" + number + ".*运费', '^\\d{" + std::to_string(i % 50 + 1) +
            "}[a-z]$'], match: regex, reply: x}\n";
  }
  return yaml;
}

TEST(RuleAllocationTest, MessageThatMatchesNothingAllocatesNothing) {
  const auto set = SetFrom(ThousandRules());
  const std::string messages[] = {"你好，请问你们几点开门？", "词一号",
                                  "这是一条比较长的消息，" + std::string(900, 'x'), "另外再问一个", "退货和运费"};
  RuleSet::Scratch scratch;
  size_t matches = 0;
  for (const std::string& message : messages) set->Match(TextInput(message), scratch);
  const size_t before = allocations;
  for (const std::string& message : messages) matches += set->Match(TextInput(message), scratch).has_value();
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(matches, 0U);
  EXPECT_TRUE(set->Match(TextInput("词4号"), scratch).has_value()) << "the rules are there";
  EXPECT_GT(allocations - before, 0U) << "and allocations are counted";
}

}  // namespace
}  // namespace yingda::rules
