// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/snapshot.h"

namespace yingda::base {
namespace {

TEST(SnapshotTest, ReaderKeepsTheVersionItTook) {
  Snapshot<std::string> snapshot(std::make_shared<const std::string>("old"));
  const auto taken = snapshot.Get();
  snapshot.Set(std::make_shared<const std::string>("new"));
  EXPECT_EQ(*taken, "old");
  EXPECT_EQ(*snapshot.Get(), "new");
}

TEST(SnapshotTest, ReplacedVersionGoesWithItsLastReader) {
  auto first = std::make_shared<const std::string>("old");
  const std::weak_ptr<const std::string> watched = first;
  Snapshot<std::string> snapshot(std::move(first));
  auto reader = snapshot.Get();
  snapshot.Set(nullptr);
  EXPECT_FALSE(watched.expired());
  reader.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(snapshot.Get(), nullptr);
}

/// Looks into the snapshot that holds it while it is being destroyed.
struct Looker {
  Snapshot<Looker>* snapshot = nullptr;
  explicit Looker(Snapshot<Looker>* into) : snapshot(into) {}
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;
  ~Looker() {
    if (snapshot != nullptr) snapshot->Get();
  }
};

TEST(SnapshotTest, OldVersionIsDestroyedOutsideTheLock) {
  Snapshot<Looker> snapshot(nullptr);
  snapshot.Set(std::make_shared<const Looker>(&snapshot));
  snapshot.Set(std::make_shared<const Looker>(nullptr));  // would never return otherwise
  EXPECT_EQ(snapshot.Get()->snapshot, nullptr);
}

TEST(SnapshotTest, ReadersSeeWholeVersionsWhileAnotherThreadReplacesThem) {
  Snapshot<std::vector<int>> snapshot(std::make_shared<const std::vector<int>>(100, 0));
  std::atomic<bool> stop{false};
  std::vector<std::jthread> readers;
  std::atomic<int> torn{0};
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto version = snapshot.Get();
        if (version->front() != version->back()) ++torn;
      }
    });
  }
  for (int i = 1; i <= 2000; ++i) snapshot.Set(std::make_shared<const std::vector<int>>(100, i));
  stop = true;
  readers.clear();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(snapshot.Get()->front(), 2000);
}

TEST(GuardedTest, HandsOutTheValueAndWhatTheFunctionReturns) {
  Guarded<std::string> guarded("a");
  guarded.With([](std::string& value) { value += "b"; });
  EXPECT_EQ(guarded.With([](const std::string& value) { return value.size(); }), 2U);
  const Guarded<std::string>& constant = guarded;
  EXPECT_EQ(constant.With([](const std::string& value) { return value; }), "ab");
}

TEST(GuardedTest, ThreadsTakeTurns) {
  Guarded<int> guarded(0);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 10'000; ++round) guarded.With([](int& value) { value = value + 1; });
      });
    }
  }
  EXPECT_EQ(guarded.With([](int value) { return value; }), 40'000);
}

TEST(GuardedTest, ExceptionLeavesItUnlocked) {
  Guarded<int> guarded(1);
  EXPECT_THROW(guarded.With([](int&) { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_EQ(guarded.With([](int value) { return value; }), 1);
}

}  // namespace
}  // namespace yingda::base
