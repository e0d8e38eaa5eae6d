// SPDX-License-Identifier: MIT
#include "wechat/message_cipher.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "unit/wechat/vectors.h"

namespace yingda::wechat {
namespace {

MessageCipher Cipher(const std::string& key = kAesKey, const std::string& app_id = kOwnAppId) {
  auto cipher = MessageCipher::Create(key, app_id);
  EXPECT_TRUE(cipher) << key;
  return std::move(*cipher);
}

TEST(MessageCipherTest, EncryptsAndDecryptsTheVectorsByteForByte) {
  const auto vectors = Vectors("crypto");
  ASSERT_GE(vectors.at("cases").size(), 13u);
  for (const auto& test : vectors.at("cases")) {
    const MessageCipher cipher = Cipher(test.at("encoding_aes_key"), test.at("appid"));
    const std::string message = test.at("msg"), encrypt = test.at("encrypt");
    EXPECT_EQ(cipher.Encrypt(message, test.at("random16").get<std::string>()), encrypt) << test.at("id");
    const auto decrypted = cipher.Decrypt(encrypt);
    ASSERT_TRUE(decrypted) << test.at("id");
    EXPECT_EQ(*decrypted, message) << test.at("id");
  }
}

TEST(MessageCipherTest, RefusesTheNegativeVectorsWithOneError) {
  const auto vectors = Vectors("crypto");
  ASSERT_GE(vectors.at("negative").size(), 15u);
  for (const auto& test : vectors.at("negative")) {
    const MessageCipher cipher = Cipher(test.at("encoding_aes_key"), test.at("appid"));
    const auto decrypted = cipher.Decrypt(test.at("encrypt").get<std::string>());
    ASSERT_FALSE(decrypted) << test.at("id");
    EXPECT_EQ(decrypted.error().code, base::ErrorCode::kUnauthenticated);
    EXPECT_EQ(decrypted.error().message, "the message cannot be decrypted") << test.at("id");
  }
}

TEST(MessageCipherTest, TellsAWrongAppIdFromDamageForTheLog) {
  const std::string encrypt = Cipher().Encrypt("<xml/>", kRandom16);
  EXPECT_EQ(std::get<DecryptFailure>(Cipher(kAesKey, "wxffffffffffffffff").Open(encrypt)), DecryptFailure::kAppId);
  EXPECT_EQ(std::get<DecryptFailure>(Cipher(kOtherAesKey).Open(encrypt)), DecryptFailure::kCorrupt);
}

TEST(MessageCipherTest, ToleratesLineEndsInsideTheBase64) {
  std::string encrypt = Cipher().Encrypt("你好", kRandom16);
  encrypt.insert(64, "\r\n").append(" \n");
  EXPECT_EQ(*Cipher().Decrypt(encrypt), "你好");
}

TEST(MessageCipherTest, EveryTruncationIsRefused) {
  const std::string encrypt = Cipher().Encrypt(std::string(200, 'x'), kRandom16);
  for (size_t size = 0; size < encrypt.size(); ++size) EXPECT_FALSE(Cipher().Decrypt(encrypt.substr(0, size))) << size;
}

TEST(MessageCipherTest, RoundTripsEveryLengthAndLargeMessages) {
  const MessageCipher cipher = Cipher();
  for (size_t size = 0; size < 130; ++size) {
    const std::string message(size, 'm');
    EXPECT_EQ(*cipher.Decrypt(cipher.Encrypt(message, kRandom16)), message);
  }
  const std::string large(64 * 1024, '\xE5');
  EXPECT_EQ(*cipher.Decrypt(cipher.Encrypt(large, kRandom16)), large);
}

TEST(MessageCipherTest, NamesWhatIsWrongWithTheKeyWithoutShowingIt) {
  const std::string key(42, 'k');
  const auto is_short = MessageCipher::Create(key, kOwnAppId);
  ASSERT_FALSE(is_short);
  EXPECT_NE(is_short.error().message.find("encoding_aes_key"), std::string::npos);
  EXPECT_NE(is_short.error().message.find("43"), std::string::npos);
  EXPECT_NE(is_short.error().message.find("42"), std::string::npos);
  EXPECT_EQ(is_short.error().message.find("kkk"), std::string::npos);
  EXPECT_FALSE(MessageCipher::Create(std::string(43, '-'), kOwnAppId));
  EXPECT_FALSE(MessageCipher::Create(std::string(42, 'A') + "=", kOwnAppId));
  EXPECT_FALSE(MessageCipher::Create(std::string(kAesKey) + "=", kOwnAppId));
  const auto without_app = MessageCipher::Create(kAesKey, "");
  ASSERT_FALSE(without_app);
  EXPECT_EQ(without_app.error().message.rfind("app_id", 0), 0u);
}

TEST(MessageCipherTest, OneCipherServesManyThreads) {
  const MessageCipher cipher = Cipher();
  const std::string encrypt = cipher.Encrypt("你好", kRandom16);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        count += *cipher.Decrypt(encrypt) != "你好";
        count += cipher.Encrypt("你好", kRandom16) != encrypt;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace yingda::wechat
