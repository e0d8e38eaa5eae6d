// SPDX-License-Identifier: MIT
#include "platform/ability_probe.h"

#include <gtest/gtest.h>

#include <map>

#include "stage.h"

namespace yingda::platform {
namespace {

ApiAnswer Answered(int errcode, const std::string& errmsg = "no") {
  return {200, "application/json", Refusal(errcode, errmsg), true, true, errcode, errmsg};
}

TEST(AbilityProbeTest, OnlyAnAnswerAboutRightsMeansNo) {
  const std::map<int, CanPush> wanted = {
      {0, CanPush::kYes},         {40003, CanPush::kYes},     {45080, CanPush::kYes},     {45081, CanPush::kYes},
      {45015, CanPush::kYes},     {45047, CanPush::kYes},     {46004, CanPush::kYes},     {48001, CanPush::kNo},
      {50001, CanPush::kNo},      {-1, CanPush::kUnknown},    {40001, CanPush::kUnknown}, {40164, CanPush::kUnknown},
      {40013, CanPush::kUnknown}, {45009, CanPush::kUnknown}, {45011, CanPush::kUnknown}, {48004, CanPush::kUnknown},
      {47001, CanPush::kUnknown}, {12345, CanPush::kUnknown}};
  for (const auto& [errcode, can_push] : wanted) {
    const AbilityFinding finding = AbilityFrom(Answered(errcode));
    EXPECT_EQ(finding.can_push, can_push) << errcode;
    EXPECT_EQ(finding.errcode, errcode);
    EXPECT_FALSE(finding.why.empty());
  }
}

TEST(AbilityProbeTest, WhatKeepsItFromKnowingIsSaid) {
  const AbilityFinding network = AbilityFrom(base::Error{base::ErrorCode::kUnavailable, "cannot resolve api.example"});
  EXPECT_EQ(network.can_push, CanPush::kUnknown);
  EXPECT_EQ(network.why, "cannot resolve api.example");
  EXPECT_NE(AbilityFrom(Answered(40164, "invalid ip 1.2.3.4")).why.find("1.2.3.4"), std::string::npos);
  EXPECT_NE(AbilityFrom(ApiAnswer{404, "text/html", "<html>", false, false, 0, ""}).why.find("404"), std::string::npos);
}

TEST(AbilityProbeTest, AsksForNothingThatAnybodyWouldNotice) {
  Stage stage;
  std::unique_ptr<WeChatApi> api;
  AbilityFinding found;
  stage.On([&] {
    WeChatApi::Options options;
    options.account = "main";
    options.api_base = "https://hub.example/wxapi/main";
    options.api_key = "key";
    api = std::make_unique<WeChatApi>(options, nullptr, stage.client, stage.loop, stage.logger, stage.metrics);
    ProbeAbility(*api, [&](const AbilityFinding& finding) { found = finding; });
  });
  EXPECT_EQ(stage.Request().url, "https://hub.example/wxapi/main/cgi-bin/message/custom/typing");
  stage.Answer(Refusal(48001));
  EXPECT_EQ(found.can_push, CanPush::kNo);
  stage.On([&] { api.reset(); });
}

}  // namespace
}  // namespace yingda::platform
