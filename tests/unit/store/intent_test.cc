// SPDX-License-Identifier: MIT
#include "store/intent.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/store/model.h"
#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

JobRecord FullJob() {
  JobRecord job = MakeJob("main/1");
  job.json = true;
  job.tries = 3;
  job.finished = true;
  job.reply = std::string("re\0ply", 6);
  job.reply_text = "回复";
  job.delivery = Delivery::kClaimed;
  job.page_id = "page";
  job.picture_url = "http://mmbiz.qpic.cn/1";
  job.instruction = "简短";
  job.usage_day = -20'000;
  return job;
}

JobResult FullResult() {
  JobResult result = MakeResult(FullJob(), "answer");
  result.finished = false;
  result.delivery = Delivery::kDelivered;
  result.inbox = {MakeItem("alice", "first", 7, 2), MakeItem("alice", "", -1)};
  result.inbox[0].id = 12;
  result.inbox[0].page_id = "page";
  result.inbox[0].made_by_model = true;
  result.turns = {{"user", "问", 5, "http://p"}, {"assistant", "", 6}};
  result.page_id = "p";
  result.usage_day = 3;
  result.tokens = 1'000'000'000'000;
  result.messages = -1;
  return result;
}

std::string DescribeResult(const JobResult& result) {
  std::string all = result.key + "|" + result.reply + "|" + result.reply_text + "|" + std::to_string(result.finished) +
                    "|" + std::to_string(static_cast<int>(result.delivery)) + "|" + result.account + "|" +
                    result.open_id + "|" + result.page_id + "|" + std::to_string(result.usage_day) + "|" +
                    std::to_string(result.tokens) + "|" + std::to_string(result.messages);
  for (const InboxItem& item : result.inbox) all += "\n" + Describe(item);
  for (const Turn& turn : result.turns) all += "\n" + Describe(turn);
  return all;
}

std::string DescribeIntent(const Intent& intent) {
  const auto* const job = std::get_if<JobRecord>(&intent);
  if (const auto* const mark = std::get_if<DeliveryMark>(&intent)) {
    return mark->key + "|" + std::to_string(static_cast<int>(mark->delivery));
  }
  if (job == nullptr) return DescribeResult(std::get<JobResult>(intent));
  return Describe(*job) + "|" + std::to_string(job->json) + "|" + job->instruction + "|" +
         std::to_string(job->usage_day);
}

TEST(IntentTest, ComesBackWithEveryField) {
  for (const Intent& intent : {Intent(FullJob()), Intent(FullResult()), Intent(JobRecord()), Intent(JobResult()),
                               Intent(DeliveryMark{"main/1", Delivery::kClaimed})}) {
    const auto back = DecodeIntent(EncodeIntent(intent));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->index(), intent.index());
    EXPECT_EQ(DescribeIntent(*back), DescribeIntent(intent));
  }
}

/// Whoever has to change these numbers has changed the format: give the mark in intent_log.cc another number.
TEST(IntentTest, TheFormatIsTheOneThatTheMarkStandsFor) {
  const auto sum = [](const Intent& intent) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : EncodeIntent(intent)) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    return hash;
  };
  EXPECT_EQ(sum(FullJob()), 17660898385436920131U);
  EXPECT_EQ(sum(FullResult()), 6391672406060177459U);
  EXPECT_EQ(sum(DeliveryMark{"main/1", Delivery::kClaimed}), 317265868721485985U);
}

TEST(IntentTest, WhatIsCutOffOrGoesOnIsNoIntent) {
  for (const Intent& intent : {Intent(FullJob()), Intent(FullResult())}) {
    const std::string bytes = EncodeIntent(intent);
    for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeIntent(bytes.substr(0, size))) << size;
    EXPECT_FALSE(DecodeIntent(bytes + '\0'));
  }
}

TEST(IntentTest, AnyBytesAreDecodedOrRefusedWithoutHarm) {
  std::mt19937 random(20261122);
  const std::string good = EncodeIntent(FullResult());
  size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    const auto decoded = DecodeIntent(bytes);
    refused += decoded ? 0 : 1;
    // Whatever is taken is whole.
    if (decoded) {
      EXPECT_EQ(DescribeIntent(*DecodeIntent(EncodeIntent(*decoded))), DescribeIntent(*decoded));
    }
  }
  EXPECT_GT(refused, 1'000U);
}

}  // namespace
}  // namespace yingda::store
