// SPDX-License-Identifier: MIT
#include "platform/errcodes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "platform/customer_service.h"

namespace yingda::platform {
namespace {

using Action = ErrcodeAction;

nlohmann::json Cases() {
  std::ifstream in(std::string(YINGDA_TEST_DATA) + "/vectors/errcodes.json");
  return nlohmann::json::parse(in, nullptr, false)["cases"];
}

const std::map<std::string, ErrcodeClass> kClasses = {
    {"ok", ErrcodeClass::kOk},           {"busy", ErrcodeClass::kBusy},   {"token", ErrcodeClass::kToken},
    {"config", ErrcodeClass::kConfig},   {"ip", ErrcodeClass::kAddress},  {"permission", ErrcodeClass::kPermission},
    {"banned", ErrcodeClass::kBanned},   {"user", ErrcodeClass::kUser},   {"window", ErrcodeClass::kWindow},
    {"quota", ErrcodeClass::kQuota},     {"rate", ErrcodeClass::kRate},   {"input", ErrcodeClass::kInput},
    {"content", ErrcodeClass::kContent}, {"state", ErrcodeClass::kState}, {"ok-ish", ErrcodeClass::kState}};

// The words of the vector's actions; "" and "no retry" leave it to the class.
const std::map<std::string, Action> kActions = {
    {"retry with backoff, max 3", Action::kRetry},
    {"wait 60 s", Action::kWaitAMinute},
    {"refresh token once, retry once", Action::kRefreshToken},
    {"refresh, retry once", Action::kRefreshToken},
    {"stop this API until 00:00 Beijing or clear_quota", Action::kStopForToday},
    {"ignore", Action::kIgnore},
    {"treat as empty", Action::kIgnore},
    {"no retry; wait for the user", Action::kWaitForUser},
    {"split and resend", Action::kShorten},
    {"cut to 1", Action::kShorten},
    {"re-upload, retry once", Action::kUploadAgain},
    {"fall back to plain text", Action::kPlainText},
    {"disable the feature, alert", Action::kDisable},
    {"disable, alert", Action::kDisable},
    {"no retry, alert", Action::kAlert},
    {"no retry, alert with the IP in errmsg", Action::kAlert},
    {"alert", Action::kAlert},
    {"stop", Action::kAlert},
    {"send raw UTF-8", Action::kGiveUp},
    {"re-authorise", Action::kGiveUp},
    {"create default first", Action::kGiveUp},
    {"block", Action::kGiveUp}};

Action Wanted(const nlohmann::json& entry) {
  const std::string action = entry["action"], about = entry["klass"];
  if (!action.empty() && action != "no retry") return kActions.at(action);
  if (about == "ok") return Action::kNone;
  if (about == "config") return Action::kAlert;
  if (about == "permission") return Action::kDisable;
  return Action::kGiveUp;
}

TEST(ErrcodesTest, EveryCodeOfTheVectorHasItsClassAndAction) {
  const nlohmann::json cases = Cases();
  ASSERT_GT(cases.size(), 50U);
  EXPECT_EQ(cases.size(), KnownErrcodes().size());
  for (const auto& entry : cases) {
    const Errcode known = FindErrcode(entry["errcode"]);
    EXPECT_EQ(known.about, kClasses.at(entry["klass"])) << entry;
    EXPECT_EQ(known.action, Wanted(entry)) << entry;
    EXPECT_EQ(ErrcodeLabel(entry["errcode"]), std::to_string(entry["errcode"].get<int>()));
  }
}

TEST(ErrcodesTest, CodesThatNobodyKnowsAreGivenUpAndShareALabel) {
  for (const int code : {-2, 1, 39999, 99999999}) {
    EXPECT_EQ(FindErrcode(code).action, Action::kGiveUp);
    EXPECT_EQ(FindErrcode(code).code, code);
    EXPECT_EQ(ErrcodeLabel(code), "other");
  }
}

TEST(ErrcodesTest, EveryCodeEndsAMessageInOneWay) {
  const std::map<int, SendEnd> wanted = {
      {0, SendEnd::kDelivered},       {-1, SendEnd::kUnavailable},    {40001, SendEnd::kUnavailable},
      {42001, SendEnd::kUnavailable}, {45011, SendEnd::kUnavailable}, {45009, SendEnd::kUnavailable},
      {40164, SendEnd::kUnavailable}, {40013, SendEnd::kUnavailable}, {45015, SendEnd::kClosed},
      {45047, SendEnd::kClosed},      {40003, SendEnd::kClosed},      {43004, SendEnd::kClosed},
      {43019, SendEnd::kClosed},      {46004, SendEnd::kClosed},      {48002, SendEnd::kClosed},
      {50002, SendEnd::kClosed},      {50005, SendEnd::kClosed},      {48001, SendEnd::kNotAllowed},
      {48004, SendEnd::kNotAllowed},  {45002, SendEnd::kRejected},    {45008, SendEnd::kRejected},
      {40007, SendEnd::kRejected},    {40033, SendEnd::kRejected},    {40200, SendEnd::kRejected},
      {47001, SendEnd::kRejected},    {87014, SendEnd::kRejected},    {12345, SendEnd::kRejected}};
  for (const auto& [code, end] : wanted) EXPECT_EQ(EndOf(code), end) << code;
}

}  // namespace
}  // namespace yingda::platform
