// SPDX-License-Identifier: MIT
#include "base/base64.h"

#include <gtest/gtest.h>

namespace yingda::base {
namespace {

TEST(Base64Test, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(DecodeBase64(EncodeBase64(bytes)), bytes) << i;
    bytes.push_back(static_cast<char>(i * 37));
  }
}

TEST(Base64Test, EncodesTheTestVectorsOfRfc4648) {
  EXPECT_EQ(EncodeBase64(""), "");
  EXPECT_EQ(EncodeBase64("f"), "Zg==");
  EXPECT_EQ(EncodeBase64("fo"), "Zm8=");
  EXPECT_EQ(EncodeBase64("foo"), "Zm9v");
  EXPECT_EQ(EncodeBase64("foobar"), "Zm9vYmFy");
}

TEST(Base64Test, SkipsBlanksAndLineEnds) { EXPECT_EQ(DecodeBase64(" Zm9v\r\nYmE=\n"), "fooba"); }

TEST(Base64Test, IgnoresUnusedBits) { EXPECT_EQ(DecodeBase64("Zh=="), "f"); }

TEST(Base64Test, RefusesEverythingElse) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zm9", "Z=g=", "=Zg=", "Zm9v====", "Zm-v", "Zm9v\x80", "@@@@"}) {
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace yingda::base
