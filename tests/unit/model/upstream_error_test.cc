// SPDX-License-Identifier: MIT
#include "model/upstream_error.h"

#include <gtest/gtest.h>

namespace yingda::model {
namespace {

struct ErrorCase {
  int status;
  const char* body;
  ChatFailure want;
  const char* detail;
};

void Check(const std::vector<ErrorCase>& cases) {
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(std::to_string(c.status) + " " + c.body);
    const UpstreamError error = ErrorFromBody(c.status, c.body);
    EXPECT_EQ(Classify(error), c.want) << ToString(Classify(error));
    EXPECT_EQ(Describe(error), c.detail);
  }
}

TEST(UpstreamErrorTest, KnowsWhatOnlyAnOperatorCanMend) {
  Check({
      {401, "", ChatFailure::kRefused, "status 401"},
      {401,  // OpenAI
       R"({"error":{"message":"Incorrect API key sk-123","type":"invalid_request_error","code":"invalid_api_key"}})",
       ChatFailure::kRefused, "status 401, code invalid_api_key"},
      {401, R"({"error":{"message":"no key","type":"invalid_request_error","param":null,"code":null}})",
       ChatFailure::kRefused, "status 401, code invalid_request_error"},
      {401, R"("Invalid token")", ChatFailure::kRefused, "status 401"},  // SiliconFlow
      {401, R"({"detail":"Not authenticated"})", ChatFailure::kRefused, "status 401"},
      {402, R"({"error":{"message":"Insufficient Balance","type":"unknown_error","code":null}})",  // DeepSeek
       ChatFailure::kRefused, "status 402, code unknown_error"},
      {403, R"({"error":{"message":"balance","type":"permission_denied_error"}})",  // Moonshot
       ChatFailure::kRefused, "status 403, code permission_denied_error"},
      {403, R"({"code":30011,"message":"real name","data":null})", ChatFailure::kRefused, "status 403, code 30011"},
      {404, "404 page not found", ChatFailure::kRefused, "status 404"},
      {404,  // OpenAI
       R"({"error":{"message":"m","type":"invalid_request_error","param":null,"code":"model_not_found"}})",
       ChatFailure::kRefused, "status 404, code model_not_found"},
      {404, R"({"error":{"code":"InvalidEndpointOrModel.NotFound","message":"m"}})",  // Ark
       ChatFailure::kRefused, "status 404, code InvalidEndpointOrModel.NotFound"},
      {404, R"({"error":{"message":"model \"q\" not found, try pulling it first","type":"api_error"}})",  // Ollama
       ChatFailure::kRefused, "status 404, code api_error"},
      {400,  // DeepSeek says it in prose only
       R"({"error":{"message":"Model Not Exist","type":"invalid_request_error","code":"invalid_request_error"}})",
       ChatFailure::kRefused, "status 400, code model_not_found"},
      {400, R"({"code":20012,"message":"Model does not exist","data":null})",  // SiliconFlow
       ChatFailure::kRefused, "status 400, code 20012"},
      {400, R"({"error":{"code":"Arrearage","message":"m"}})",  // DashScope
       ChatFailure::kRefused, "status 400, code Arrearage"},
      {429, R"({"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}})",  // OpenAI
       ChatFailure::kRefused, "status 429, code insufficient_quota"},
      {429, R"({"error":{"message":"m","type":"exceeded_current_quota_error"}})",  // Moonshot
       ChatFailure::kRefused, "status 429, code exceeded_current_quota_error"},
      {429, R"({"error":{"code":"1113","message":"欠费"}})", ChatFailure::kRefused, "status 429, code 1113"},
      {429, R"({"error":{"code":"1112","message":"锁定"}})", ChatFailure::kRefused, "status 429, code 1112"},
      {301, "", ChatFailure::kRefused, "status 301"},
  });
}

TEST(UpstreamErrorTest, KnowsWhatMayPass) {
  Check({
      {429, "", ChatFailure::kRateLimited, "status 429"},
      {429, R"({"error":{"message":"m","type":"rate_limit_error"}})", ChatFailure::kRateLimited,
       "status 429, code rate_limit_error"},
      {429, R"({"error":{"message":"m","code":429}})", ChatFailure::kRateLimited,
       "status 429, code 429"},  // OpenRouter
      {429, R"({"error":{"code":"Throttling.RateQuota","message":"m"}})", ChatFailure::kRateLimited,
       "status 429, code Throttling.RateQuota"},
      {429, R"({"error":{"code":"RateLimitExceeded.EndpointRPMExceeded","message":"m"}})", ChatFailure::kRateLimited,
       "status 429, code RateLimitExceeded.EndpointRPMExceeded"},
      {429, R"({"error":{"code":"1302","message":"并发"}})", ChatFailure::kRateLimited, "status 429, code 1302"},
      {429, R"({"error":{"code":"1303","message":"频率"}})", ChatFailure::kRateLimited, "status 429, code 1303"},
      {429, R"({"error":{"code":"1304","message":"当日"}})", ChatFailure::kRateLimited, "status 429, code 1304"},
      {429, R"({"error":{"code":"1305","message":"繁忙"}})", ChatFailure::kOverloaded, "status 429, code 1305"},
      {429, R"({"error":{"code":"1312","message":"繁忙"}})", ChatFailure::kOverloaded, "status 429, code 1312"},
      {429, R"({"error":{"type":"engine_overloaded_error","message":"m"}})", ChatFailure::kOverloaded,
       "status 429, code engine_overloaded_error"},
      {408, "", ChatFailure::kOverloaded, "status 408"},
      {500, "<html>oops</html>", ChatFailure::kOverloaded, "status 500"},
      {502, "", ChatFailure::kOverloaded, "status 502"},
      {503, R"({"error":{"message":"Loading model","code":503}})", ChatFailure::kOverloaded, "status 503, code 503"},
      {503, R"({"code":50505,"message":"Model service overloaded","data":null})", ChatFailure::kOverloaded,
       "status 503, code 50505"},
      {504, "", ChatFailure::kOverloaded, "status 504"},
  });
}

TEST(UpstreamErrorTest, KnowsWhatIsWrongWithThisOneRequest) {
  Check({
      {400, "", ChatFailure::kBadRequest, "status 400"},
      {400, R"({"error":"just words of the upstream"})", ChatFailure::kBadRequest, "status 400"},
      {400,  // OpenAI
       R"({"error":{"message":"m","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}})",
       ChatFailure::kBadRequest, "status 400, code unsupported_parameter"},
      {400, R"({"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}})",
       ChatFailure::kBadRequest, "status 400, code context_length_exceeded"},
      {400,  // vLLM
       R"({"object":"error","message":"This model's maximum context length is 4096 tokens","type":"BadRequestError",)"
       R"("param":null,"code":400})",
       ChatFailure::kBadRequest, "status 400, code context_length_exceeded"},
      {400, R"({"error":{"code":"1261","message":"过长"}})", ChatFailure::kBadRequest, "status 400, code 1261"},
      {400, R"({"error":{"code":400,"message":"m","type":"exceed_context_size_error"}})",  // llama.cpp
       ChatFailure::kBadRequest, "status 400, code 400"},
      {413, "<html>413</html>", ChatFailure::kBadRequest, "status 413"},
      {422, R"({"error":{"message":"m","type":"invalid_request_error"}})",  // DeepSeek
       ChatFailure::kBadRequest, "status 422, code invalid_request_error"},
      {422, R"({"detail":[{"loc":["body"]}]})", ChatFailure::kBadRequest, "status 422"},
  });
  EXPECT_EQ(Classify({0, "invalid_request_error"}), ChatFailure::kBadRequest);  // inside a 200
}

TEST(UpstreamErrorTest, KnowsRefusalsOfContent) {
  Check({
      {400, R"({"error":{"code":"1301","message":"敏感"}})", ChatFailure::kContentPolicy, "status 400, code 1301"},
      {400, R"({"error":{"code":"data_inspection_failed","message":"m"}})", ChatFailure::kContentPolicy,
       "status 400, code data_inspection_failed"},
      {400, R"({"error":{"message":"m","type":"content_filter"}})",  // Moonshot
       ChatFailure::kContentPolicy, "status 400, code content_filter"},
      {400, R"({"error":{"code":"SensitiveContentDetected.SevereViolation","message":"m"}})",
       ChatFailure::kContentPolicy, "status 400, code SensitiveContentDetected.SevereViolation"},
      {400, R"({"error":{"code":null,"message":"m","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
       ChatFailure::kContentPolicy, "status 400, code ResponsibleAIPolicyViolation"},
      {400, R"({"error":{"code":"content_filter","message":"m","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
       ChatFailure::kContentPolicy, "status 400, code content_filter"},
      {400,  // DeepSeek
       R"({"error":{"message":"Content Exists Risk","type":"invalid_request_error","code":"invalid_request_error"}})",
       ChatFailure::kContentPolicy, "status 400, code content_exists_risk"},
      {403, R"({"error":{"code":403,"message":"m","metadata":{"reasons":["x"],"flagged_input":"…"}}})",  // OpenRouter
       ChatFailure::kContentPolicy, "status 403, code moderation"},
  });
}

TEST(UpstreamErrorTest, NamesTheMemberOfTheRequestThatIsRefused) {
  const struct {
    const char* body;
    const char* want;
  } cases[] = {
      {R"({"error":{"message":"Use 'max_completion_tokens' instead.","param":"max_tokens"}})", "max_tokens"},
      {R"({"error":{"message":"'max_tokens' is not supported. Use 'max_completion_tokens' instead.","param":null}})",
       "max_tokens"},
      {R"({"error":{"message":"Unsupported parameter: max_completion_tokens."}})", "max_completion_tokens"},
      {R"({"error":{"message":"m","param":"stream_options.include_usage"}})", "stream_options"},
      // Its own word counts: the message may name anything.
      {R"({"error":{"message":"set `thinking` or not","param":"messages"}})", ""},
      {R"({"error":{"message":"With reasoning models, `temperature` is fixed"}})", "temperature"},
      {R"({"error":{"message":"parameter.enable_thinking must be false"}})", "enable_thinking"},
      {R"({"error":{"message":"overthinking"}})", ""},
      {R"({"error":"json: unknown field \"reasoning_effort\""})", "reasoning_effort"},
      {R"({"error":{"message":"m","metadata":{"raw":"no such member: reasoning"}}})", "reasoning"},
      {R"({"code":20015,"message":"The parameter is invalid: thinking","data":null})", "thinking"},
      {R"({"code":20015,"msg":"chat_template_kwargs not supported"})", "chat_template_kwargs"},
      {R"({"object":"error","message":"[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]","code":400})",
       "stream_options"},
      // It must be said that the member is not taken: it may only be too large, or a follower's word.
      {R"({"error":{"message":"Range of max_tokens should be [1, 1024]"}})", ""},
      {R"({"error":{"message":"max_tokens or model output limit was reached"}})", ""},
      {R"({"object":"error","message":{"detail":[{"loc":["body","max_tokens"]}]}})", "max_tokens"},
      {R"({"detail":[{"loc":["body","messages",0]},{"loc":["body","stream_options"],"msg":"extra"}]})",
       "stream_options"},
      {R"({"detail":"stream_options is not known"})", "stream_options"},
      {R"({"detail":{"a":1}})", ""},
      {"max_tokens is not JSON", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(ErrorFromBody(400, c.body).param, c.want) << c.body;
  for (const std::string_view member : RequestMembers()) {
    EXPECT_EQ(ErrorFromBody(400, R"({"error":{"param":")" + std::string(member) + R"("}})").param, member);
  }
}

TEST(UpstreamErrorTest, ReadsWhenToComeAgain) {
  using std::chrono::milliseconds;
  const base::WallTime now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::hours(10);
  const struct {
    const char* ms;
    const char* seconds;
    std::optional<base::Duration> want;
  } cases[] = {
      {"1500", "", milliseconds(1500)},
      {"0.5", "7", base::Duration(500'000)},
      {"soon", "7", milliseconds(7000)},
      {"", "2", milliseconds(2000)},
      {"", " 2.25 ", milliseconds(2250)},
      {"", "Sat, 21 Nov 2026 10:00:30 GMT", milliseconds(30'000)},
      {"", "Saturday, 21-Nov-26 10:00:30 GMT", milliseconds(30'000)},
      {"", "Sat Nov 21 10:00:30 2026", milliseconds(30'000)},
      {"", "Sun Nov  1 10:00:30 2026", std::nullopt},
      {"", "Sat, 21 Nov 2026 09:59:59 GMT", std::nullopt},
      {"", "Sat, 31 Feb 2026 10:00:30 GMT", std::nullopt},
      {"", "Sat, 21 Nov 2026 25:00:30 GMT", std::nullopt},
      {"", "Sat, 21 Nov 99999999999 10:00:30 GMT", std::nullopt},
      {"", "3600", milliseconds(3'600'000)},
      {"", "7200", milliseconds(3'600'000)},
      {"0", "7", std::nullopt},
      {"", "0", std::nullopt},
      {"", "-1", std::nullopt},
      {"", "nan", std::nullopt},
      {"", "inf", std::nullopt},
      {"", "1e300", milliseconds(3'600'000)},
      {"", "soon", std::nullopt},
      {"", "", std::nullopt},
  };
  for (const auto& c : cases) {
    net::HttpClientHead head;
    if (*c.ms != '\0') head.headers.emplace_back("retry-after-ms", c.ms);
    if (*c.seconds != '\0') head.headers.emplace_back("retry-after", c.seconds);
    EXPECT_EQ(RetryAfter(head, now), c.want) << c.ms << "; " << c.seconds;
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
