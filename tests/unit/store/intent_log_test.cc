// SPDX-License-Identifier: MIT
#include "store/intent_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "support/temp_dir.h"

namespace yingda::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kSize = 2 * IntentLog::kMostBytes;

class IntentLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<IntentLog> Open(size_t size = kSize) {
    auto log = IntentLog::Open(path_, size);
    EXPECT_TRUE(log) << log.error().message;
    return log ? *std::move(log) : nullptr;
  }
  std::unique_ptr<IntentLog> Begun(int64_t applied = 0) {
    auto log = Open();
    log->Begin(42, applied);
    return log;
  }
  /// As a process finds the file whose predecessor was killed.
  std::vector<std::string> Left() {
    std::filesystem::copy_file(path_, path_ + "-copy", std::filesystem::copy_options::overwrite_existing);
    auto log = IntentLog::Open(path_ + "-copy", kSize);
    std::vector<std::string> left;
    for (const IntentLog::Left& each : (*log)->left()) left.push_back(std::to_string(each.number) + each.bytes);
    return left;
  }
  std::string Bytes() {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  testing::TempDir dir_;
  const std::string path_ = dir_.File("log");
};

TEST_F(IntentLogTest, WhatWasAppendedIsFoundByTheNextProcessInOrder) {
  const auto log = Begun(6);
  EXPECT_EQ(log->Append("a"), 7);
  EXPECT_EQ(log->Append(""), 8);
  EXPECT_EQ(log->Append("ccccccccc"), 9);
  EXPECT_THAT(Left(), ::testing::ElementsAre("7a", "8", "9ccccccccc"));
  EXPECT_EQ(Open()->store_id(), 42);
}

TEST_F(IntentLogTest, AFreshFileIsNobodysAndEmptyAndOnlyItsOwnersToRead) {
  const auto log = Open();
  EXPECT_EQ(log->store_id(), 0);
  EXPECT_THAT(log->left(), IsEmpty());
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(IntentLogTest, AllAppliedItStartsOverAndWhatLiesBehindIsOfNoMeaning) {
  const auto log = Begun();
  for (int i = 0; i < 5; ++i) log->Append("an intent of the first round");
  EXPECT_TRUE(log->Pending());
  log->Applied(4);
  EXPECT_TRUE(log->Pending());
  log->Applied(5);
  EXPECT_FALSE(log->Pending());
  EXPECT_EQ(log->Append("second"), 6);
  EXPECT_THAT(Left(), ::testing::ElementsAre("6second"));
}

TEST_F(IntentLogTest, WhatDoesNotFitIsRefusedUntilAllIsApplied) {
  const auto log = Begun();
  EXPECT_EQ(log->Append(std::string(IntentLog::kMostBytes + 1, 'x')), 0);
  EXPECT_EQ(log->Append(std::string(IntentLog::kMostBytes, 'x')), 1);
  EXPECT_EQ(log->Append(std::string(IntentLog::kMostBytes, 'x')), 0);
  EXPECT_EQ(log->Append("small"), 2);
  log->Applied(2);
  EXPECT_EQ(log->Append(std::string(IntentLog::kMostBytes, 'y')), 3);
}

TEST_F(IntentLogTest, WhatBeginsLeavesRoomForWhatFollows) {
  const auto log = Begun();
  int64_t begun = 0;
  while (log->Append(std::string(1000, 'q'), true) != 0) ++begun;
  EXPECT_NEAR(static_cast<double>(begun), static_cast<double>(kSize) / 16 / 1016, 1);
  for (int64_t i = 0; i < begun; ++i) ASSERT_NE(log->Append(std::string(13'000, 'a')), 0);
}

TEST_F(IntentLogTest, NothingIsTakenOrWipedBeforeItIsKnownWhoseItIs) {
  Begun()->Append("left");
  {
    const auto log = Open();
    log->Wipe();
    EXPECT_EQ(log->Append("new"), 0);
  }
  EXPECT_THAT(Left(), ::testing::ElementsAre("1left"));
}

TEST_F(IntentLogTest, AWipeLeavesNoTextAndWaitsForWhatIsNotApplied) {
  const auto log = Begun();
  log->Append("secret one");
  log->Append("secret two");
  log->Wipe();
  EXPECT_THAT(Bytes(), HasSubstr("secret one"));
  log->Applied(2);
  log->Append("third");  // the wipe was due
  EXPECT_THAT(Bytes(), Not(HasSubstr("secret")));
  log->Applied(3);
  log->Wipe();
  EXPECT_THAT(Bytes(), Not(HasSubstr("third")));
  EXPECT_EQ(log->Append("fourth"), 4);
  EXPECT_THAT(Left(), ::testing::ElementsAre("4fourth"));
}

TEST_F(IntentLogTest, ALongerFileStaysAsLongAndAShorterOneGrows) {
  Begun()->Append("kept");
  EXPECT_EQ(Open(8 * kSize)->left().size(), 1U);
  EXPECT_EQ(std::filesystem::file_size(path_), 8 * kSize);
  EXPECT_EQ(Open(kSize)->left().size(), 1U);
  EXPECT_EQ(std::filesystem::file_size(path_), 8 * kSize);
}

TEST_F(IntentLogTest, OneOfAnotherFormatIsRefusedWithWhatToDo) {
  Begun();
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(7).put('2');
  const auto log = IntentLog::Open(path_, kSize);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_THAT(log.error().message, HasSubstr(path_));
  EXPECT_THAT(log.error().message, HasSubstr("another version of yingda"));
}

TEST_F(IntentLogTest, APlaceThatCannotBeUsedIsNamed) {
  const auto nowhere = IntentLog::Open(dir_.File("no/such/folder"), kSize);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(nowhere.error().message, HasSubstr("no/such/folder"));
}

/// Any damage: what comes before it is found, what is damaged is not.
TEST_F(IntentLogTest, DamageEndsWhatIsFoundAndNeverChangesIt) {
  std::mt19937 random(4711);
  for (int round = 0; round < 300; ++round) {
    std::filesystem::remove(path_);
    std::vector<std::string> written;
    {
      const auto log = Begun();
      for (int i = 1; i <= 8; ++i) {
        const std::string bytes(random() % 200, static_cast<char>('a' + i));
        written.push_back(std::to_string(log->Append(bytes)) + bytes);
      }
    }
    std::string bytes = Bytes();
    const size_t used = bytes.find_last_not_of('\0') + 1;
    for (int i = 0; i < 3; ++i) bytes[16 + random() % (used - 16)] ^= static_cast<char>(1U << (random() % 8));
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    const auto left = Left();
    ASSERT_LE(left.size(), written.size());
    ASSERT_TRUE(std::equal(left.begin(), left.end(), written.begin())) << round;
  }
}

/// Against a queue: what a killed process would leave is, at any time, what was appended last, with all that is not
/// applied at its end.
TEST_F(IntentLogTest, AtAnyTimeAllThatIsNotAppliedIsThere) {
  std::mt19937 random(99);
  const auto log = Begun();
  std::deque<std::string> pending;
  int64_t applied = 0;
  for (int step = 0; step < 3'000; ++step) {
    if (random() % 100 < 55) {
      const std::string bytes(random() % 3'000, static_cast<char>('a' + step % 26));
      const int64_t number = log->Append(bytes);
      if (number != 0) pending.push_back(std::to_string(number) + bytes);
      ASSERT_TRUE(number != 0 || !pending.empty());
    } else if (!pending.empty()) {
      for (size_t count = 1 + random() % pending.size(); count > 0; --count, ++applied) pending.pop_front();
      log->Applied(applied);
    } else {
      log->Wipe();
    }
    EXPECT_EQ(log->Pending(), !pending.empty());
    if (step % 20 != 0) continue;
    const auto left = Left();
    ASSERT_GE(left.size(), pending.size());
    ASSERT_TRUE(std::equal(pending.rbegin(), pending.rend(), left.rbegin())) << step;
  }
}

}  // namespace
}  // namespace yingda::store
