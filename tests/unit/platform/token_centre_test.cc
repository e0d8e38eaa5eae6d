// SPDX-License-Identifier: MIT
#include "platform/token_centre.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stage.h"

namespace yingda::platform {
namespace {

using namespace std::chrono_literals;

/// A token centre on a stage, and what it gave.
class TokenCentreTest : public ::testing::Test {
 protected:
  TokenCentreTest() {
    options_.account = "main";
    options_.credentials = {"https://api.example", "wx7", "SECRETsecret"};
    options_.random = [] { return 0.5; };
    Begin();
  }
  ~TokenCentreTest() override { End(); }

  void Begin() {
    centre_ = std::make_unique<TokenCentre>(options_, stage_.client, stage_.loop, stage_.store(), stage_.logger,
                                            stage_.metrics);
  }
  void End() {
    stage_.Settle();
    stage_.On([&] { centre_.reset(); });
  }
  void Restart() {
    End();
    Begin();
  }
  /// Asks, and waits until the answer has come or WeChat has been asked.
  void Get() {
    size_t before = 0;
    stage_.On([&] {
      before = got_.size();
      centre_->Get([&](base::Result<AccessToken> token) { got_.push_back(std::move(token)); });
    });
    EXPECT_TRUE(stage_.Until([&] { return got_.size() > before || !stage_.client.calls.empty(); }));
  }
  void Refused(int64_t generation) {
    stage_.On([&] { centre_->Refused(generation); });
  }
  /// Has a token with this value from WeChat.
  void Obtain(const std::string& value, int expires_in = 7200) {
    Get();
    stage_.Answer(Token(value, expires_in));
    stage_.Settle();
    ASSERT_FALSE(got_.empty());
    ASSERT_TRUE(got_.back()) << got_.back().error().message;
    ASSERT_EQ(got_.back()->value, value);
  }
  /// What the next Get gives without asking WeChat; empty: an error, or nothing.
  std::string AtHand() {
    const size_t before = got_.size(), calls = stage_.Started();
    Get();
    if (got_.size() == before || stage_.Started() != calls) return {};
    return got_.back() ? got_.back()->value : std::string();
  }
  bool Forced() { return nlohmann::json::parse(stage_.Request().body)["force_refresh"].get<bool>(); }

  Stage stage_;
  TokenCentre::Options options_;
  std::unique_ptr<TokenCentre> centre_;
  std::vector<base::Result<AccessToken>> got_;
};

TEST_F(TokenCentreTest, OneCallFetchesForAllWhoWait) {
  for (int i = 0; i < 100; ++i) Get();
  EXPECT_EQ(stage_.Started(), 1U);
  EXPECT_FALSE(Forced());
  stage_.Answer(Token("t1"));
  ASSERT_EQ(got_.size(), 100U);
  for (const auto& token : got_) {
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value, "t1");
    EXPECT_EQ(token->generation, 1);
  }
}

TEST_F(TokenCentreTest, ATokenThatIsThereCostsNoCall) {
  Obtain("t1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(AtHand(), "t1");
  EXPECT_EQ(stage_.Started(), 1U);
}

TEST_F(TokenCentreTest, ARestartFetchesNothing) {
  Obtain("t1");
  stage_.Advance(1h);
  Restart();
  EXPECT_EQ(AtHand(), "t1");
  EXPECT_EQ(got_.back()->generation, 1);
  EXPECT_EQ(got_.back()->expires - stage_.clock.Now(), 1h);
  EXPECT_EQ(stage_.Started(), 1U);
}

TEST_F(TokenCentreTest, AnotherSecretsTokenIsNotTaken) {
  Obtain("t1");
  options_.credentials.app_id = "wx8";
  Restart();
  EXPECT_EQ(AtHand(), "");
  EXPECT_EQ(stage_.Open(), 1U);
}

TEST_F(TokenCentreTest, AnExpiredTokenOfTheStoreIsNotUsedButItsGenerationCounts) {
  Obtain("t1");
  End();
  stage_.Advance(3h);
  Begin();
  Obtain("t2");
  EXPECT_EQ(got_.back()->generation, 2);
}

TEST_F(TokenCentreTest, ATokenFromAFutureThatCannotBeIsNotTaken) {
  store::TokenRecord record{"main", "wx7", "stable", "t1", 5, 0, 0};
  record.expires_ms = base::UnixMilliseconds(stage_.clock.WallNow() + 24h * 365);
  stage_.store().SaveToken(record, {});
  stage_.Settle();
  EXPECT_EQ(AtHand(), "");
}

TEST_F(TokenCentreTest, HowEverManyCallsFailTogetherOneNewTokenIsFetched) {
  Obtain("t1");
  for (int i = 0; i < 100; ++i) {
    Refused(1);
    Get();
  }
  EXPECT_EQ(stage_.Started(), 2U);
  stage_.Answer(Token("t2"));
  ASSERT_EQ(got_.size(), 101U);
  EXPECT_EQ(got_.back()->value, "t2");
  EXPECT_EQ(got_.back()->generation, 2);
  // Those that failed with the first one, but heard of it late.
  for (int i = 0; i < 100; ++i) Refused(1);
  EXPECT_EQ(AtHand(), "t2");
  EXPECT_EQ(stage_.Started(), 2U);
}

TEST_F(TokenCentreTest, ARefusalAloneFetchesNothing) {
  Obtain("t1");
  Refused(1);
  stage_.Settle();
  EXPECT_EQ(stage_.Started(), 1U);
}

TEST_F(TokenCentreTest, ForceIsUsedOnlyForATokenThatWeChatStillHoldsForItsNewest) {
  Obtain("t1");
  Refused(1);
  Get();
  EXPECT_FALSE(Forced());
  stage_.Answer(Token("t1"));
  ASSERT_EQ(stage_.Open(), 1U) << "the refused one again: not given out";
  EXPECT_TRUE(Forced());
  stage_.Answer(Token("t2"));
  EXPECT_EQ(got_.back()->value, "t2");
  EXPECT_TRUE(stage_.HasMetric(R"(yingda_token_refresh_total{mode="forced",result="ok"} 1)"));
}

TEST_F(TokenCentreTest, ForceKeepsToWeChatsLimits) {
  Obtain("t0");
  int forced = 0;
  for (int64_t generation = 1; generation <= 30; ++generation) {
    stage_.Advance(40s);  // later than a quick refusal, and than the pause between two by force
    Refused(generation);
    Get();
    if (stage_.Open() == 0) break;
    stage_.Answer(Token("t" + std::to_string(generation - 1)));
    if (stage_.Open() == 0) break;
    EXPECT_TRUE(Forced());
    ++forced;
    stage_.Answer(Token("t" + std::to_string(generation)));
  }
  EXPECT_EQ(forced, 20) << "20 a day";
  EXPECT_FALSE(got_.back());
  EXPECT_EQ(got_.back().error().code, base::ErrorCode::kUnavailable);
}

TEST_F(TokenCentreTest, ForceThatChangesNothingIsNotTriedAgainAtOnce) {
  Obtain("t1");
  Refused(1);
  Get();
  stage_.Answer(Token("t1"));
  stage_.Answer(Token("t1"));
  EXPECT_FALSE(got_.back());
  EXPECT_EQ(stage_.Open(), 0U);
  EXPECT_EQ(AtHand(), "");
  EXPECT_EQ(stage_.Open(), 0U);
  stage_.Advance(61s);
  Get();
  EXPECT_EQ(stage_.Open(), 1U);
}

TEST_F(TokenCentreTest, WhenEachNewTokenIsRefusedFetchingPauses) {
  Obtain("t1");
  Refused(1);
  Obtain("t2");
  Refused(2);
  EXPECT_EQ(AtHand(), "");
  EXPECT_EQ(stage_.Open(), 0U) << "not a call for each refusal";
  EXPECT_NE(got_.back().error().message.find("another program"), std::string::npos);
  stage_.Advance(31s);
  Obtain("t3");
  Refused(3);
  stage_.Advance(31s);
  EXPECT_EQ(AtHand(), "");
  EXPECT_EQ(stage_.Open(), 0U) << "the pause grows";
}

TEST_F(TokenCentreTest, WhatIsUsedIsRenewedAheadWhileTheOldOneServes) {
  Obtain("t1");
  EXPECT_EQ(AtHand(), "t1");
  stage_.Advance(7200s - 290s + 29s);
  EXPECT_EQ(stage_.Open(), 0U);
  stage_.Advance(1s);
  ASSERT_EQ(stage_.Open(), 1U) << "290 s before its end, plus half the jitter";
  EXPECT_FALSE(Forced());
  EXPECT_EQ(AtHand(), "t1");
  stage_.Answer(Token("t2"));
  EXPECT_EQ(AtHand(), "t2");
}

TEST_F(TokenCentreTest, WhatNobodyUsesIsLeftToLapse) {
  Obtain("t1");
  stage_.Advance(7200s - 200s);
  stage_.Answer(Token("t2"));  // used when it was fetched, so renewed once
  stage_.Settle();
  for (int hour = 0; hour < 10; ++hour) stage_.Advance(1h);
  EXPECT_EQ(stage_.Started(), 2U);
  Obtain("t3");
}

TEST_F(TokenCentreTest, RenewalGivesTheSameTokenAgainWithoutANewGeneration) {
  Obtain("t1");
  stage_.Advance(7200s - 200s);
  stage_.Answer(Token("t1", 200));
  EXPECT_EQ(AtHand(), "t1");
  EXPECT_EQ(got_.back()->generation, 1);
  EXPECT_TRUE(stage_.HasMetric(R"(yingda_token_refresh_total{mode="stable",result="same"} 1)"));
}

TEST_F(TokenCentreTest, AFailedRenewalCostsNobodyAnything) {
  Obtain("t1");
  stage_.Advance(7200s - 200s);
  stage_.Fail(base::ErrorCode::kUnavailable);
  EXPECT_EQ(AtHand(), "t1");
  stage_.Advance(2s);
  ASSERT_EQ(stage_.Open(), 1U) << "tried again by itself";
  stage_.Answer(Token("t2"));
  EXPECT_EQ(AtHand(), "t2");
}

TEST_F(TokenCentreTest, ATokenThatIsAboutToEndIsNotGiven) {
  Obtain("t1");
  stage_.Advance(7200s - 200s);
  stage_.Fail(base::ErrorCode::kUnavailable);
  stage_.Advance(196s);
  Get();
  EXPECT_EQ(stage_.Open(), 1U);
  EXPECT_TRUE(got_.size() == 1 || got_.back()) << "no error either: it waits";
}

TEST_F(TokenCentreTest, AWrongSecretIsSaidOnceAndNotAskedInALoop) {
  Get();
  stage_.Answer(Refusal(40125, "invalid appsecret rid: 1"));
  ASSERT_EQ(got_.size(), 1U);
  EXPECT_EQ(got_.back().error().code, base::ErrorCode::kUnauthenticated);
  for (int i = 0; i < 100; ++i) {
    Get();
    EXPECT_FALSE(got_.back());
  }
  EXPECT_EQ(stage_.Started(), 1U);
  for (int minutes = 0; minutes < 60; ++minutes) {
    stage_.Advance(1min);
    Get();
    if (stage_.Open() > 0) stage_.Answer(Refusal(40125, "invalid appsecret rid: 2"));
  }
  EXPECT_EQ(stage_.Started(), 7U) << "every ten minutes";
  EXPECT_EQ(stage_.logger.Count("no_token"), 1);
  EXPECT_NE(stage_.logger.text.find("compare both with the WeChat console"), std::string::npos);
}

TEST_F(TokenCentreTest, AnAddressThatIsNotOnTheWhitelistIsNamed) {
  Get();
  stage_.Answer(Refusal(40164, "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 1"));
  EXPECT_NE(got_.back().error().message.find("1.2.3.4"), std::string::npos);
  EXPECT_EQ(stage_.logger.Count("1.2.3.4 is not on the account's IP whitelist"), 1);
  stage_.Advance(59s);
  EXPECT_EQ(AtHand(), "");
  EXPECT_EQ(stage_.Open(), 0U);
  stage_.Advance(1s);
  Get();
  stage_.Answer(Refusal(40164, "invalid ip 1.2.3.4, not in whitelist rid: 2"));
  EXPECT_EQ(stage_.logger.Count("whitelist"), 1) << "said once";
  stage_.Advance(1min);
  Get();
  stage_.Answer(Refusal(40164, "invalid ip 5.6.7.8, not in whitelist rid: 3"));
  EXPECT_EQ(stage_.logger.Count("5.6.7.8 is not on"), 1) << "another address is news";
  stage_.Advance(1min);
  Obtain("t1");
  EXPECT_EQ(stage_.logger.Count("token_works_again"), 1);
}

TEST_F(TokenCentreTest, PausesGrowWhileWeChatDoesNotAnswer) {
  std::vector<int64_t> seconds;
  base::TimePoint last = stage_.clock.Now();
  Get();
  while (stage_.Started() < 12) {
    if (stage_.Open() > 0) {
      stage_.Fail(base::ErrorCode::kUnavailable);
      seconds.push_back(std::chrono::duration_cast<std::chrono::seconds>(stage_.clock.Now() - last).count());
      last = stage_.clock.Now();
    }
    stage_.Advance(1s);
    Get();
  }
  EXPECT_EQ(seconds, (std::vector<int64_t>{0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60}));
  EXPECT_EQ(stage_.logger.Count("no_token"), 1);
}

TEST_F(TokenCentreTest, AnAnswerThatNeverComesEndsTheWait) {
  Get();
  stage_.Advance(10s);
  ASSERT_EQ(got_.size(), 1U);
  EXPECT_EQ(got_.back().error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(stage_.Open(), 0U);
}

TEST_F(TokenCentreTest, TheLegacyInterfaceIsUsedByChoice) {
  options_.endpoint = TokenEndpoint::kLegacy;
  Restart();
  Get();
  EXPECT_EQ(stage_.Request().method, "GET");
  stage_.Answer(Token("t1"));
  Refused(1);
  Get();
  EXPECT_EQ(stage_.Request().method, "GET") << "each of its tokens is new: no force needed";
  stage_.Answer(Token("t2"));
  EXPECT_EQ(got_.back()->value, "t2");
  stage_.Advance(7200s - 600s + 30s);
  EXPECT_EQ(stage_.Open(), 1U) << "ten minutes ahead, plus half the jitter";
}

TEST_F(TokenCentreTest, NoMoreThanTheLimitWaits) {
  options_.max_waiting = 3;
  Restart();
  for (int i = 0; i < 5; ++i) Get();
  ASSERT_EQ(got_.size(), 2U);
  EXPECT_EQ(got_[0].error().code, base::ErrorCode::kUnavailable);
  stage_.Answer(Token("t1"));
  EXPECT_EQ(got_.size(), 5U);
}

TEST_F(TokenCentreTest, NeitherTokensNorSecretsAreLogged) {
  Obtain("TOKENtoken1");
  Refused(1);
  Get();
  stage_.Fail(base::ErrorCode::kUnavailable);
  stage_.Advance(1min);
  Get();
  stage_.Answer(Refusal(40001));
  EXPECT_NE(stage_.logger.text, "");
  EXPECT_EQ(stage_.logger.text.find("TOKEN"), std::string::npos);
  EXPECT_EQ(stage_.logger.text.find("SECRET"), std::string::npos);
}

TEST_F(TokenCentreTest, TellsWhenTheTokenEnds) {
  Obtain("t1");
  const int64_t ends = base::UnixSeconds(stage_.clock.WallNow()) + 7200;
  EXPECT_TRUE(stage_.HasMetric("yingda_token_expires_seconds{account=\"main\"} " + std::to_string(ends)))
      << stage_.metrics.Text();
}

TEST_F(TokenCentreTest, WhoWaitsWhenItEndsIsNotTold) {
  Get();
  stage_.On([&] { centre_.reset(); });
  EXPECT_EQ(stage_.Open(), 0U) << "the call is dropped";
  EXPECT_TRUE(got_.empty());
}

}  // namespace
}  // namespace yingda::platform
