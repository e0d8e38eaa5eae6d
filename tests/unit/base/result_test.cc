// SPDX-License-Identifier: MIT
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

namespace yingda::base {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::kInvalidArgument, "odd"};
  return number / 2;
}

Result<std::string> QuarterAsText(int number) {
  YINGDA_TRY(const int half, Half(number));
  YINGDA_TRY(const int quarter, Half(half));
  return std::to_string(quarter);
}

TEST(ResultTest, HoldsAValueOrAnError) {
  const Result<int> good = Half(8);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 4);
  const Result<int> bad = Half(7);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(bad.error().message, "odd");
}

TEST(ResultTest, AValueThatIsAnErrorIsStillAValue) {
  struct Holder {
    Error last;
  };
  const Result<Holder> result = Holder{{ErrorCode::kInternal, "kept"}};
  ASSERT_TRUE(result);
  EXPECT_EQ(result->last.message, "kept");
}

TEST(ResultTest, TryGoesOnWithValuesAndReturnsTheFirstError) {
  EXPECT_EQ(QuarterAsText(12).value(), "3");
  EXPECT_EQ(QuarterAsText(7).error().message, "odd");
  EXPECT_EQ(QuarterAsText(6).error().message, "odd");
}

TEST(ResultTest, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> out = *std::move(result);
  EXPECT_EQ(*out, 7);
}

TEST(ResultTest, OfNothingIsGoodUnlessItHoldsAnError) {
  const Result<void> good;
  EXPECT_TRUE(good);
  const Result<void> bad = Error{ErrorCode::kNotFound, "gone"};
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "gone");
}

TEST(ErrorTest, PrefixKeepsTheCode) {
  const Error error = Error{ErrorCode::kCorrupt, "bad page"}.Prefixed("store a.db: ");
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_EQ(error.message, "store a.db: bad page");
}

TEST(ErrorTest, EveryCodeHasANameOfItsOwnFitForLabels) {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    const std::string name = ToString(static_cast<ErrorCode>(code));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
    EXPECT_NE(name, "unknown");
  }
}

}  // namespace
}  // namespace yingda::base
