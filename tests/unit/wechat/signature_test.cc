// SPDX-License-Identifier: MIT
#include "wechat/signature.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "unit/wechat/vectors.h"

namespace yingda::wechat {
namespace {

TEST(SignatureTest, GivesTheSignaturesOfTheVectors) {
  size_t count = 0;
  const auto vectors = Vectors("signatures");
  for (const auto& test : vectors.at("cases")) {
    const std::string token = test.at("token"), timestamp = test.at("timestamp"), nonce = test.at("nonce");
    const std::string want = test.at("sha1");
    if (test.contains("encrypt")) {
      const std::string encrypt = test.at("encrypt");
      EXPECT_EQ(Signature(token, timestamp, nonce, encrypt), want) << test.at("id");
      EXPECT_TRUE(SignatureMatches(want, token, timestamp, nonce, encrypt)) << test.at("id");
      EXPECT_FALSE(SignatureMatches(want, token, timestamp, nonce)) << test.at("id");
    } else {
      EXPECT_EQ(Signature(token, timestamp, nonce), want) << test.at("id");
      EXPECT_TRUE(SignatureMatches(want, token, timestamp, nonce)) << test.at("id");
    }
    ++count;
  }
  EXPECT_GE(count, 20u);
}

TEST(SignatureTest, AcceptsAndRefusesWhatThePeersDo) {
  const auto vectors = Vectors("signatures");
  for (const auto& test : vectors.at("negative")) {
    EXPECT_EQ(SignatureMatches(test.at("signature").get<std::string>(), test.at("token").get<std::string>(),
                               test.at("timestamp").get<std::string>(), test.at("nonce").get<std::string>()),
              test.at("valid").get<bool>())
        << test.at("id");
  }
}

TEST(SignatureTest, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&count] {
      for (int i = 0; i < 2000; ++i) {
        count += Signature("AAAAA", "1714036504", "1514711492") != "f464b24fc39322e44b38aa78f5edd27bd1441696";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace yingda::wechat
