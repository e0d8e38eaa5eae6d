// SPDX-License-Identifier: MIT
#include "wechat/callback.h"

#include <gtest/gtest.h>

#include "unit/wechat/vectors.h"
#include "wechat/passive_reply.h"
#include "wechat/push_builder.h"
#include "wechat/reply_parser.h"

namespace yingda::wechat {
namespace {

constexpr int64_t kSecond = 1717171717;
const base::WallTime kNow{std::chrono::seconds(kSecond)};

Callback::Options OptionsFor(CallbackMode mode) {
  return {.token = kToken,
          .app_id = kOwnAppId,
          .encoding_aes_key = kAesKey,
          .previous_encoding_aes_key = "",
          .mode = mode,
          .timestamp_window = std::chrono::minutes(10)};
}

Callback MakeCallback(Callback::Options options) {
  auto callback = Callback::Create(std::move(options));
  EXPECT_TRUE(callback) << callback.error().message;
  return std::move(*callback);
}
Callback MakeCallback(CallbackMode mode) { return MakeCallback(OptionsFor(mode)); }

BuiltPush Push(CallbackMode mode, bool json = false, std::string key = kAesKey, std::string app_id = kOwnAppId) {
  const auto builder = PushBuilder::Create({kToken, std::move(app_id), std::move(key), mode, json});
  return builder->Build(TextMessage("今天天气怎么样？"), {kSecond, "1234567890", kRandom16});
}

// "ok", or the name of the failure.
std::string Outcome(const Callback& callback, const BuiltPush& push, base::WallTime now = kNow) {
  const auto opened = callback.Open(push.query.View(), push.body, now);
  if (const auto* failure = std::get_if<CallbackFailure>(&opened)) return ToString(*failure);
  EXPECT_EQ(std::get<OpenedPush>(opened).message.content, "今天天气怎么样？");
  return "ok";
}

constexpr CallbackMode kModes[] = {CallbackMode::kPlain, CallbackMode::kCompatible, CallbackMode::kSafe};

TEST(CallbackTest, EachModeTakesWhatItShould) {
  const char* const want[3][3] = {
      // sent in:   plain            compatible                safe
      {"ok", "unexpectedly_encrypted", "unexpectedly_encrypted"},  // set to plain
      {"ok", "ok", "ok"},                                          // compatible
      {"not_encrypted", "ok", "ok"},                               // safe
  };
  for (size_t set = 0; set < 3; ++set) {
    for (size_t sent = 0; sent < 3; ++sent) {
      for (const bool json : {false, true}) {
        EXPECT_EQ(Outcome(MakeCallback(kModes[set]), Push(kModes[sent], json)), want[set][sent]) << set << sent << json;
      }
    }
  }
}

TEST(CallbackTest, EncryptedPartsWinOverThePartsInClear) {
  BuiltPush push = Push(CallbackMode::kCompatible);
  push.body.replace(push.body.find("今天"), 6, "明天");
  EXPECT_EQ(Outcome(MakeCallback(CallbackMode::kCompatible), push), "ok") << "the decrypted text is what counts";
  const auto opened = MakeCallback(CallbackMode::kCompatible).Open(push.query.View(), push.body, kNow);
  EXPECT_TRUE(std::get<OpenedPush>(opened).encrypted);
}

TEST(CallbackTest, DowngradesAreRefused) {
  struct Case {
    const char* name;
    CallbackMode mode;
    void (*change)(BuiltPush&);
    const char* want;
  };
  const Case cases[] = {
      {"no encrypt_type", CallbackMode::kSafe, [](BuiltPush& p) { p.query.encrypt_type.clear(); }, "not_encrypted"},
      {"encrypt_type raw", CallbackMode::kSafe, [](BuiltPush& p) { p.query.encrypt_type = "raw"; }, "not_encrypted"},
      {"no msg_signature", CallbackMode::kSafe, [](BuiltPush& p) { p.query.msg_signature.clear(); },
       "missing_parameter"},
      {"no msg_signature", CallbackMode::kCompatible, [](BuiltPush& p) { p.query.msg_signature.clear(); },
       "missing_parameter"},
      {"signature for msg_signature", CallbackMode::kSafe,
       [](BuiltPush& p) { p.query.msg_signature = p.query.signature; }, "message_signature"},
      {"wrong msg_signature, right signature", CallbackMode::kCompatible,
       [](BuiltPush& p) { p.query.msg_signature = std::string(40, 'a'); }, "message_signature"},
      {"no timestamp", CallbackMode::kSafe, [](BuiltPush& p) { p.query.timestamp.clear(); }, "missing_parameter"},
      {"no nonce", CallbackMode::kSafe, [](BuiltPush& p) { p.query.nonce.clear(); }, "missing_parameter"},
      {"other nonce", CallbackMode::kSafe, [](BuiltPush& p) { p.query.nonce = "1"; }, "message_signature"},
      {"body in clear", CallbackMode::kSafe, [](BuiltPush& p) { p.body = Push(CallbackMode::kPlain).body; },
       "not_encrypted"},
      {"empty Encrypt", CallbackMode::kSafe, [](BuiltPush& p) { p.body = "<xml><Encrypt></Encrypt></xml>"; },
       "not_encrypted"},
      {"no body", CallbackMode::kSafe, [](BuiltPush& p) { p.body.clear(); }, "bad_body"},
      {"nonsense", CallbackMode::kSafe, [](BuiltPush& p) { p.body = "<xml>"; }, "bad_body"},
      {"other signature", CallbackMode::kPlain, [](BuiltPush& p) { p.query.signature[0] ^= 1; }, "signature"},
      {"no signature", CallbackMode::kPlain, [](BuiltPush& p) { p.query.signature.clear(); }, "missing_parameter"},
      {"no signature", CallbackMode::kCompatible,
       [](BuiltPush& p) {
         p = Push(CallbackMode::kPlain);
         p.query.signature.clear();
       },
       "missing_parameter"},
      {"nonsense", CallbackMode::kPlain, [](BuiltPush& p) { p.body = "{\"a\":1}"; }, "bad_body"},
      {"Encrypt only, unannounced", CallbackMode::kPlain, [](BuiltPush& p) { p.body = Push(CallbackMode::kSafe).body; },
       "unexpectedly_encrypted"},
      {"Encrypt only, unannounced", CallbackMode::kCompatible,
       [](BuiltPush& p) {
         p.query.encrypt_type.clear();
         p.body = Push(CallbackMode::kSafe).body;
       },
       "unexpectedly_encrypted"},
  };
  for (const Case& test : cases) {
    BuiltPush push = Push(test.mode);
    test.change(push);
    EXPECT_EQ(Outcome(MakeCallback(test.mode), push), test.want) << test.name;
  }
}

TEST(CallbackTest, WrongKeysAreToldApartForTheLog) {
  const Callback callback = MakeCallback(CallbackMode::kSafe);
  EXPECT_EQ(Outcome(callback, Push(CallbackMode::kSafe, false, kOtherAesKey)), "decrypt");
  EXPECT_EQ(Outcome(callback, Push(CallbackMode::kSafe, false, kAesKey, "wxffffffffffffffff")), "app_id");
  Callback::Options other_token = OptionsFor(CallbackMode::kSafe);
  other_token.token = "other";
  EXPECT_EQ(Outcome(MakeCallback(other_token), Push(CallbackMode::kSafe)), "message_signature");
}

TEST(CallbackTest, ThePreviousKeyOpensAndSealsDuringARotation) {
  Callback::Options options = OptionsFor(CallbackMode::kSafe);
  options.encoding_aes_key = kOtherAesKey;
  options.previous_encoding_aes_key = kAesKey;
  const Callback callback = MakeCallback(options);
  for (const char* key : {kAesKey, kOtherAesKey}) {
    const BuiltPush push = Push(CallbackMode::kSafe, false, key);
    const auto opened = callback.Open(push.query.View(), push.body, kNow);
    ASSERT_TRUE(std::holds_alternative<OpenedPush>(opened));
    const std::string reply = PassiveReplyXml(TextReply{"好"}, "o1", "gh_1", kSecond);
    const std::string sealed = callback.Seal(reply, std::get<OpenedPush>(opened), kNow);
    const auto cipher = MessageCipher::Create(key, kOwnAppId);
    EXPECT_TRUE(OpenReply(sealed, {kToken, &*cipher, true})) << "sealed with the key WeChat used";
  }
}

TEST(CallbackTest, TheTimestampWindowIsOpenBothWays) {
  for (const CallbackMode mode : kModes) {
    const Callback callback = MakeCallback(mode);
    const BuiltPush push = Push(mode);
    for (const int seconds : {-600, -15, 0, 15, 600}) {
      EXPECT_EQ(Outcome(callback, push, kNow + std::chrono::seconds(seconds)), "ok") << seconds;
    }
    for (const int seconds : {-601, 601, 100'000'000}) {
      EXPECT_EQ(Outcome(callback, push, kNow + std::chrono::seconds(seconds)), "timestamp") << seconds;
    }
    Callback::Options off = OptionsFor(mode);
    off.timestamp_window = base::Duration(0);
    EXPECT_EQ(Outcome(MakeCallback(off), push, kNow + std::chrono::hours(24 * 365)), "ok");
  }
}

TEST(CallbackTest, SignedTimestampsThatAreNoTimesAreRefused) {
  const Callback callback = MakeCallback(CallbackMode::kPlain);
  const auto builder = PushBuilder::Create({kToken, kOwnAppId, kAesKey, CallbackMode::kPlain, false});
  for (const int64_t second : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}}) {
    EXPECT_EQ(Outcome(callback, builder->Build(TextMessage("x"), {second, "1", kRandom16})), "timestamp");
  }
}

TEST(CallbackTest, TriesWithTheSameNonceAreAllOpened) {
  const Callback callback = MakeCallback(CallbackMode::kSafe);
  const BuiltPush push = Push(CallbackMode::kSafe);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Outcome(callback, push), "ok");
}

TEST(CallbackTest, VerifiesTheUrlInEveryMode) {
  const auto builder = PushBuilder::Create({kToken, kOwnAppId, kAesKey, CallbackMode::kSafe, false});
  const PushQuery query = builder->BuildVerification("4375120948345356249", {kSecond, "99", kRandom16});
  for (const CallbackMode mode : kModes) {
    const Callback callback = MakeCallback(mode);
    EXPECT_EQ(std::get<std::string>(callback.VerifyUrl(query.View(), kNow)), "4375120948345356249");
    EXPECT_EQ(std::get<CallbackFailure>(callback.VerifyUrl(query.View(), kNow + std::chrono::hours(1))),
              CallbackFailure::kTimestamp);
    CallbackQuery changed = query.View();
    changed.echostr = "";
    EXPECT_EQ(std::get<CallbackFailure>(callback.VerifyUrl(changed, kNow)), CallbackFailure::kMissingParameter);
    changed = query.View();
    changed.nonce = "98";
    EXPECT_EQ(std::get<CallbackFailure>(callback.VerifyUrl(changed, kNow)), CallbackFailure::kSignature);
    EXPECT_EQ(std::get<CallbackFailure>(callback.VerifyUrl({}, kNow)), CallbackFailure::kMissingParameter);
  }
}

TEST(CallbackTest, TheOfficialSampleVerifies) {
  Callback::Options options = OptionsFor(CallbackMode::kPlain);
  options.token = "AAAAA";
  options.timestamp_window = base::Duration(0);
  const CallbackQuery query{.signature = "f464b24fc39322e44b38aa78f5edd27bd1441696",
                            .timestamp = "1714036504",
                            .nonce = "1514711492",
                            .msg_signature = {},
                            .encrypt_type = {},
                            .echostr = "4375120948345356249"};
  EXPECT_EQ(std::get<std::string>(MakeCallback(options).VerifyUrl(query, kNow)), "4375120948345356249");
}

TEST(CallbackTest, TheOfficialSafeModePushOpens) {
  const auto vectors = Vectors("crypto");
  const auto& sample = vectors.at("cases").at(0);
  ASSERT_EQ(sample.at("id"), "official_json_push");
  const Callback callback = MakeCallback({.token = "AAAAA",
                                          .app_id = sample.at("appid"),
                                          .encoding_aes_key = sample.at("encoding_aes_key"),
                                          .previous_encoding_aes_key = "",
                                          .mode = CallbackMode::kSafe});
  const CallbackQuery query{.signature = "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
                            .timestamp = "1714112445",
                            .nonce = "415670741",
                            .msg_signature = "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
                            .encrypt_type = "aes",
                            .echostr = {}};
  const std::string body = nlohmann::json{{"ToUserName", "gh_97417a04a28d"}, {"Encrypt", sample.at("encrypt")}}.dump();
  const auto opened = callback.Open(query, body, kNow);
  ASSERT_TRUE(std::holds_alternative<OpenedPush>(opened)) << ToString(std::get<CallbackFailure>(opened));
  const auto& push = std::get<OpenedPush>(opened);
  EXPECT_EQ(push.message.event, EventType::kDebugDemo);
  EXPECT_EQ(push.message.Get("debug_str"), "hello world");
  EXPECT_TRUE(push.json);
  EXPECT_TRUE(push.encrypted);
}

TEST(CallbackTest, RepliesAreSealedAsThePushCame) {
  for (const CallbackMode mode : kModes) {
    for (const bool json : {false, true}) {
      const Callback callback = MakeCallback(mode);
      const BuiltPush push = Push(mode, json);
      const auto opened = std::get<OpenedPush>(callback.Open(push.query.View(), push.body, kNow));
      EXPECT_EQ(opened.json, json);
      const std::string reply = json ? PassiveReplyJson(TextReply{"好"}, "o1", "gh_1", kSecond)
                                     : PassiveReplyXml(TextReply{"好"}, "o1", "gh_1", kSecond);
      const std::string sealed = callback.Seal(reply, opened, kNow);
      const auto cipher = MessageCipher::Create(kAesKey, kOwnAppId);
      const auto read = OpenReply(sealed, {kToken, &*cipher, mode == CallbackMode::kSafe});
      ASSERT_TRUE(read) << sealed;
      EXPECT_EQ(read->encrypted, mode != CallbackMode::kPlain);
      EXPECT_EQ(std::get<TextReply>(read->reply).content, "好");
      EXPECT_EQ(callback.Seal("success", opened, kNow), "success");
      EXPECT_EQ(callback.Seal("", opened, kNow), "");
      EXPECT_EQ(callback.Seal(reply, opened, kNow) == sealed, mode == CallbackMode::kPlain) << "fresh random bytes";
    }
  }
}

TEST(CallbackTest, OptionsThatCannotWorkAreNamed) {
  const auto message = [](void (*change)(Callback::Options&)) {
    Callback::Options options = OptionsFor(CallbackMode::kSafe);
    change(options);
    const auto callback = Callback::Create(options);
    return callback ? "created" : callback.error().message.substr(0, callback.error().message.find(':'));
  };
  EXPECT_EQ(message([](auto&) {}), "created");
  EXPECT_EQ(message([](auto& o) { o.token.clear(); }), "token");
  EXPECT_EQ(message([](auto& o) { o.token += "\n"; }), "token");
  EXPECT_EQ(message([](auto& o) { o.app_id.clear(); }), "app_id");
  EXPECT_EQ(message([](auto& o) { o.app_id += " "; }), "app_id");
  EXPECT_EQ(message([](auto& o) { o.encoding_aes_key.clear(); }), "encoding_aes_key");
  EXPECT_EQ(message([](auto& o) { o.encoding_aes_key += "x"; }), "encoding_aes_key");
  EXPECT_EQ(message([](auto& o) { o.previous_encoding_aes_key = "x"; }), "previous_encoding_aes_key");
  EXPECT_EQ(message([](auto& o) { o.timestamp_window = std::chrono::seconds(-1); }), "timestamp_window");
  EXPECT_EQ(message([](auto& o) {
              o.mode = CallbackMode::kPlain;
              o.app_id.clear();
              o.encoding_aes_key.clear();
            }),
            "created");
}

}  // namespace
}  // namespace yingda::wechat
