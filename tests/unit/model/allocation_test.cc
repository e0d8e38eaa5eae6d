// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "model/chat_stream.h"
#include "pathologies.h"

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

namespace yingda::model {
namespace {

TEST(AllocationTest, ACommonChunkIsReadWithoutAllocating) {
  const std::string events[] = {
      Event(Delta("今天")),
      Event(Delta("\\u5929\\u6c14\\n")),
      Event(Reasoning("先想一想，这个问题到底是什么意思呢，再来回答它")),
      ": keep-alive\n\n",
      Event(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})"),
  };
  ChatStream stream;
  std::string text;
  text.reserve(4096);
  const auto feed_all = [&](size_t piece_bytes) {
    for (const std::string& event : events) {
      for (size_t at = 0; at < event.size(); at += piece_bytes) {
        stream.Feed(std::string_view(event).substr(at, piece_bytes), text);
      }
    }
  };
  feed_all(1000);
  feed_all(100);  // its buffers have grown now
  const size_t before = allocations;
  for (int round = 0; round < 100; ++round) feed_all(round % 2 == 0 ? 1000 : 100);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(text.size(), 102 * std::string("今天天气\n").size());
  EXPECT_FALSE(stream.done());
}

}  // namespace
}  // namespace yingda::model
