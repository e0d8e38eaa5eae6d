// SPDX-License-Identifier: MIT
#include "model/upstream_error.h"

#include <gtest/gtest.h>

namespace yingda::model {
namespace {

struct Case {
  int status;
  const char* body;
  ChatFailure want;
  const char* detail;
};

TEST(UpstreamErrorTest, ClassifiesWhatProvidersSay) {
  const Case cases[] = {
      {401,
       R"({"error":{"message":"Incorrect API key sk-123","type":"invalid_request_error","code":"invalid_api_key"}})",
       ChatFailure::kRefused, "status 401, code invalid_api_key"},
      {402, R"({"error":{"message":"Insufficient Balance","type":"unknown_error","code":null}})", ChatFailure::kRefused,
       "status 402, code unknown_error"},
      {404, "404 page not found", ChatFailure::kRefused, "status 404"},
      {429, "", ChatFailure::kRateLimited, "status 429"},
      {429, R"({"error":{"message":"m","type":"rate_limit_error"}})", ChatFailure::kRateLimited,
       "status 429, code rate_limit_error"},
      {429, R"({"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}})",
       ChatFailure::kRefused, "status 429, code insufficient_quota"},
      {429, R"({"error":{"code":"1113","message":"欠费"}})", ChatFailure::kRefused, "status 429, code 1113"},
      {429, R"({"error":{"code":"1302","message":"并发"}})", ChatFailure::kRateLimited, "status 429, code 1302"},
      {429, R"({"error":{"type":"engine_overloaded_error","message":"m"}})", ChatFailure::kOverloaded,
       "status 429, code engine_overloaded_error"},
      {400, R"({"error":{"code":"1301","message":"敏感"}})", ChatFailure::kContentPolicy, "status 400, code 1301"},
      {400, R"({"error":{"code":"data_inspection_failed","message":"m"}})", ChatFailure::kContentPolicy,
       "status 400, code data_inspection_failed"},
      {400, R"({"error":{"code":"SensitiveContentDetected.SevereViolation","message":"m"}})",
       ChatFailure::kContentPolicy, "status 400, code SensitiveContentDetected.SevereViolation"},
      {400, R"({"error":{"code":null,"message":"m","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
       ChatFailure::kContentPolicy, "status 400, code ResponsibleAIPolicyViolation"},
      {400, R"({"code":20012,"message":"Model does not exist","data":null})", ChatFailure::kRefused,
       "status 400, code 20012"},
      {400, R"({"error":"just words of the upstream"})", ChatFailure::kRefused, "status 400"},
      {422, R"({"detail":[{"loc":["body"]}]})", ChatFailure::kRefused, "status 422"},
      {500, "<html>oops</html>", ChatFailure::kOverloaded, "status 500"},
      {502, "", ChatFailure::kOverloaded, "status 502"},
      {503, R"({"error":{"message":"Loading model","code":503}})", ChatFailure::kOverloaded, "status 503, code 503"},
      {301, "", ChatFailure::kRefused, "status 301"},
      {408, "", ChatFailure::kOverloaded, "status 408"},
  };
  for (const Case& c : cases) {
    const UpstreamError error = ErrorFromBody(c.status, c.body);
    EXPECT_EQ(Classify(error), c.want) << c.status << c.body << ToString(Classify(error));
    EXPECT_EQ(Describe(error), c.detail);
  }
}

TEST(UpstreamErrorTest, ProseIsNeverACode) {
  EXPECT_EQ(CleanCode("rate_limit.v1-a"), "rate_limit.v1-a");
  EXPECT_EQ(CleanCode("two words"), "");
  EXPECT_EQ(CleanCode("欠费"), "");
  EXPECT_EQ(CleanCode(std::string(65, 'a')), "");
}

}  // namespace
}  // namespace yingda::model
