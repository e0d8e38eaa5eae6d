// SPDX-License-Identifier: MIT
#include "base/task.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace yingda::base {
namespace {

using Done = std::function<void(int)>;

/// Work that ends when the test says so.
class Later {
 public:
  Completion<int> Wait() {
    return Completion<int>([this](Done done) { waiting_.push_back(std::move(done)); });
  }
  void Complete(int value) {
    Done done = std::move(waiting_.front());
    waiting_.pop_front();
    done(value);
  }
  size_t waiting() const { return waiting_.size(); }

 private:
  std::deque<Done> waiting_;
};

Completion<int> AtOnce(int value) {
  return Completion<int>([value](const Done& done) { done(value); });
}

Task Add(Later& later, std::vector<int>& seen, std::shared_ptr<int> kept) {
  seen.push_back(*kept);
  seen.push_back(co_await later.Wait());
  seen.push_back(co_await later.Wait());
}

TEST(TaskTest, RunsAtOnceUpToItsFirstWait) {
  Later later;
  std::vector<int> seen;
  Add(later, seen, std::make_shared<int>(1));
  EXPECT_EQ(seen, std::vector<int>({1}));
  EXPECT_EQ(later.waiting(), 1U);
  later.Complete(2);
  later.Complete(3);
  EXPECT_EQ(seen, std::vector<int>({1, 2, 3}));
  EXPECT_EQ(later.waiting(), 0U);
}

TEST(TaskTest, FreesWhatItHeldAtItsEnd) {
  Later later;
  std::vector<int> seen;
  auto kept = std::make_shared<int>(1);
  Add(later, seen, kept);
  EXPECT_EQ(kept.use_count(), 2);
  later.Complete(2);
  EXPECT_EQ(kept.use_count(), 2);
  later.Complete(3);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(TaskTest, CompletionThatCameAtOnceDoesNotSuspend) {
  std::vector<int> seen;
  auto task = [](std::vector<int>& out) -> Task {
    out.push_back(co_await AtOnce(7));
    out.push_back(8);
  };
  task(seen);
  EXPECT_EQ(seen, std::vector<int>({7, 8}));
}

TEST(TaskTest, LongChainsOfCompletionsAtOnceDoNotGrowTheStack) {
  constexpr int kRounds = 300'000;
  int64_t sum = 0;
  auto task = [](int64_t& out) -> Task {
    for (int i = 0; i < kRounds; ++i) out += co_await AtOnce(1);
  };
  task(sum);
  EXPECT_EQ(sum, kRounds);
}

TEST(TaskTest, ChainOfWaitsOfBothKindsKeepsItsOrder) {
  Later later;
  std::string order;
  auto task = [](Later& work, std::string& out) -> Task {
    for (int i = 0; i < 3; ++i) {
      out += std::to_string(co_await AtOnce(i));
      out += std::to_string(co_await work.Wait());
    }
    out += 'e';
  };
  task(later, order);
  EXPECT_EQ(order, "0");
  later.Complete(7);
  EXPECT_EQ(order, "071");
  later.Complete(8);
  later.Complete(9);
  EXPECT_EQ(order, "071829e");
}

TEST(TaskTest, ManyWaitAtTheSameTimeAndEndInAnyOrder) {
  std::vector<Later> works(50);
  std::vector<std::vector<int>> seen(works.size());
  for (size_t i = 0; i < works.size(); ++i) Add(works[i], seen[i], std::make_shared<int>(0));
  for (size_t i = works.size(); i-- > 0;) works[i].Complete(1);
  for (Later& work : works) work.Complete(2);
  for (const auto& one : seen) EXPECT_EQ(one, std::vector<int>({0, 1, 2}));
}

TEST(TaskTest, CompletionHandsOverWhatCanOnlyBeMoved) {
  std::unique_ptr<int> got;
  auto task = [](std::unique_ptr<int>& out) -> Task {
    out = co_await Completion<std::unique_ptr<int>>(
        [](const std::function<void(std::unique_ptr<int>)>& done) { done(std::make_unique<int>(7)); });
  };
  task(got);
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(*got, 7);
}

TEST(TaskTest, WaitInsideAWaitedForTaskResumesBoth) {
  Later later;
  std::string order;
  auto inner = [](Later& work, std::string& out, std::function<void(int)> done) -> Task {
    out += 'i';
    const int value = co_await work.Wait();
    out += 'r';
    done(value);
  };
  auto outer = [&inner](Later& work, std::string& out) -> Task {
    const int value = co_await Completion<int>([&](Done done) { inner(work, out, std::move(done)); });
    out += std::to_string(value);
  };
  outer(later, order);
  EXPECT_EQ(order, "i");
  later.Complete(7);
  EXPECT_EQ(order, "ir7");
}

}  // namespace
}  // namespace yingda::base
