// SPDX-License-Identifier: MIT
#include "model/json_write.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace yingda::model {
namespace {

std::string ByTheLibrary(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Written(std::string_view text) {
  std::string json = "[";
  AppendJsonString(text, json);
  EXPECT_EQ(json.front(), '[') << "what was there stays";
  return json.substr(1);
}

TEST(JsonWriteTest, EveryPairOfBytesComesOutAsTheLibraryWritesIt) {
  EXPECT_EQ(Written(""), "\"\"");
  for (int first = 0; first < 256; ++first) {
    const std::string one(1, static_cast<char>(first));
    EXPECT_EQ(Written(one), ByTheLibrary(one)) << first;
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      ASSERT_EQ(Written(text), ByTheLibrary(text)) << first << " " << second;
    }
  }
}

TEST(JsonWriteTest, WholeAndBrokenCharactersComeOutAsTheLibraryWritesThem) {
  // Around each bound of what is a character, and far enough into it to be cut.
  const std::string pieces[] = {"a",
                                "\"",
                                "\\",
                                "\n",
                                "\x01",
                                "\x7f",
                                "\xc2\x80",
                                "\xc1",
                                "\x80",
                                "\xe0\x9f",
                                "\xe0\xa0\x80",
                                "\xe4\xbd\xa0",
                                "\xed\x9f\xbf",
                                "\xed\xa0\x80",
                                "\xe4",
                                "\xbd",
                                "\xef\xbf\xbf",
                                "\xf0\x8f\xbf\xbf",
                                "\xf0\x9f\x98\x80",
                                "\xf4\x8f\xbf\xbf",
                                "\xf4\x90\x80\x80",
                                "\xf5",
                                "\xff",
                                std::string(1, '\0')};
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t left = random() % 6; left > 0; --left) text += pieces[random() % std::size(pieces)];
    ASSERT_EQ(Written(text), ByTheLibrary(text)) << ::testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace yingda::model
