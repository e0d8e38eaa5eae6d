// SPDX-License-Identifier: MIT
#include "model/surrogates.h"

#include <gtest/gtest.h>

namespace yingda::model {
namespace {

TEST(SurrogatesTest, LeavesJsonWithoutLoneHalvesAlone) {
  for (const char* json :
       {"{}", R"("\ud83d\ude00")", R"("\\ud83d")", R"("\n\u4f60")", R"("\ufffe")", R"("\u12)", R"(\)"}) {
    EXPECT_EQ(MarkLoneSurrogates(json), "") << json;
  }
}

TEST(SurrogatesTest, MarksLoneHalvesAndWhatLooksLikeAMark) {
  EXPECT_EQ(MarkLoneSurrogates(R"("a\ud83d")"), R"("a\ufffed83d")");
  EXPECT_EQ(MarkLoneSurrogates(R"("\uDE00\ud83d\ude00")"), R"("\ufffeDE00\ud83d\ude00")");
  EXPECT_EQ(MarkLoneSurrogates(R"("\ud83d\ud83d\ude00")"), R"("\ufffed83d\ud83d\ude00")");
  EXPECT_EQ(MarkLoneSurrogates(R"("\\\ud83d\\ude00")"), R"("\\\ufffed83d\\ude00")");
  EXPECT_EQ(MarkLoneSurrogates("\"\\ud83d\xEF\xBF\xBE\\uFFFE\""), R"("\ufffed83d\ufffefffe\ufffefffe")");
}

TEST(SurrogatesTest, JoinsHalvesAcrossPieces) {
  const std::string high =
      "\xEF\xBF\xBE"
      "d83d";
  const std::string low =
      "\xEF\xBF\xBE"
      "de00";
  struct Case {
    std::vector<std::string> pieces;
    std::string want;
  };
  for (const Case& c : std::vector<Case>{{{high, low}, "😀"},
                                         {{"a" + high, "", low + "b"}, "a😀b"},
                                         {{high + low}, "😀"},
                                         {{high}, "\uFFFD"},
                                         {{low}, "\uFFFD"},
                                         {{high, "x", low}, "\uFFFDx\uFFFD"},
                                         {{high, high, low}, "\uFFFD😀"},
                                         {{"\xEF\xBF\xBE"
                                           "fffe"},
                                          "\xEF\xBF\xBE"}}) {
    SurrogateJoiner joiner;
    std::string out;
    for (const std::string& piece : c.pieces) joiner.Feed(piece, true, out);
    joiner.Finish(out);
    EXPECT_EQ(out, c.want);
  }
}

TEST(SurrogatesTest, UnmarkedTextIsTakenAsItIs) {
  SurrogateJoiner joiner;
  std::string out;
  joiner.Feed(
      "\xEF\xBF\xBE"
      "d83d",
      false, out);
  EXPECT_EQ(out,
            "\xEF\xBF\xBE"
            "d83d");
}

}  // namespace
}  // namespace yingda::model
