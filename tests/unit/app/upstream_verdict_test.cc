// SPDX-License-Identifier: MIT
#include "app/upstream_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yingda::app {
namespace {

using namespace std::chrono_literals;
using model::ChatFailure;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kSecretKey = "sk-very-secret-key";

model::UpstreamOptions Upstream(const std::string& base_url = "https://api.example.com/v1") {
  model::UpstreamOptions upstream;
  upstream.base_url = base_url;
  upstream.api_key = kSecretKey;
  upstream.model = "chat-1";
  return upstream;
}

UpstreamFindings Answered(base::Duration first_token) {
  UpstreamFindings findings;
  findings.status = 200;
  findings.first_token = first_token;
  findings.total = first_token + 500ms;
  findings.outcome.finish_reason = "stop";
  return findings;
}

UpstreamFindings Failed(ChatFailure failure, int status = 0, const std::string& code = "") {
  UpstreamFindings findings;
  findings.outcome.failure = failure;
  findings.status = status;
  findings.code = code;
  if (status != 0) findings.outcome.detail = "status " + std::to_string(status);
  if (!code.empty()) findings.outcome.detail += ", code " + code;
  return findings;
}

UpstreamFindings Trouble(ChatFailure failure, const std::string& trouble) {
  UpstreamFindings findings = Failed(failure);
  findings.trouble = trouble;
  return findings;
}

/// The one line of a report that is bad.
std::string Bad(const model::UpstreamOptions& upstream, const UpstreamFindings& findings) {
  const OnlineReport report = UpstreamVerdict(upstream, findings);
  EXPECT_FALSE(report.good);
  EXPECT_THAT(report.lines, ElementsAre(StartsWith("✗ 模型 main：")));
  EXPECT_THAT(report.lines, Each(Not(HasSubstr(kSecretKey))));
  return report.lines.empty() ? "" : report.lines.front();
}

TEST(UpstreamVerdictTest, AGoodAnswerIsOneLineWithWhatItTook) {
  UpstreamFindings findings = Answered(820ms);
  findings.outcome.prompt_tokens = 12;
  findings.outcome.completion_tokens = 3;
  const OnlineReport report = UpstreamVerdict(Upstream("https://api.deepseek.com"), findings);
  EXPECT_TRUE(report.good);
  EXPECT_THAT(report.lines, ElementsAre("模型 main：chat-1 正常，首字 0.82 秒，共 1.32 秒；方言 deepseek，没有思考，"
                                        "报告了用量（问 12、答 3 个 token）。"));
}

TEST(UpstreamVerdictTest, ADialectThatTheOperatorChoseIsTheOneNamed) {
  model::UpstreamOptions upstream = Upstream();
  upstream.dialect = model::Dialect::kQwen;
  EXPECT_THAT(UpstreamVerdict(upstream, Answered(1s)).lines, ElementsAre(HasSubstr("方言 qwen")));
}

TEST(UpstreamVerdictTest, RemarksSayWhatALateFirstWordMeansForFollowers) {
  const auto lines = [](base::Duration first) { return UpstreamVerdict(Upstream(), Answered(first)).lines; };
  EXPECT_THAT(lines(4500ms), ElementsAre(HasSubstr("没有报告用量")));
  EXPECT_THAT(lines(4501ms), ElementsAre(HasSubstr("首字 4.50 秒"), HasSubstr("第二、三次推送")));
  EXPECT_THAT(lines(14s), ElementsAre(HasSubstr("首字 14.00 秒"), HasSubstr("第二、三次推送")));
  EXPECT_THAT(lines(14001ms), ElementsAre(HasSubstr("正常"), HasSubstr("粉丝要回复“继续”")));
  EXPECT_TRUE(UpstreamVerdict(Upstream(), Answered(20s)).good) << "slow is not broken";
  EXPECT_THAT(UpstreamVerdict(Upstream("http://127.0.0.1:11434"), Answered(20s)).lines,
              ElementsAre(HasSubstr("方言 ollama"), HasSubstr("keep_warm")));
}

TEST(UpstreamVerdictTest, ThinkingIsSaidWithWhereItIsSwitchedOff) {
  UpstreamFindings findings = Answered(1s);
  findings.outcome.reasoning_seen = true;
  EXPECT_THAT(UpstreamVerdict(Upstream(), findings).lines,
              ElementsAre(HasSubstr("先思考再回答"), HasSubstr("模型先思考再回答，会变慢；可以在 extra_body 里关掉")));
  model::UpstreamOptions wanted = Upstream();
  wanted.thinking_off = false;
  EXPECT_THAT(UpstreamVerdict(wanted, findings).lines, ElementsAre(HasSubstr("正常"), HasSubstr("thinking: true")));
  findings.outcome.failure = ChatFailure::kEmpty;
  EXPECT_THAT(Bad(Upstream(), findings), AllOf(HasSubstr("只思考，没有回答"), HasSubstr("max_tokens")));
  findings.outcome.failure = ChatFailure::kTimeout;
  EXPECT_THAT(Bad(Upstream(), findings), HasSubstr("一直在思考"));
  findings.outcome.failure = ChatFailure::kBadAnswer;
  EXPECT_THAT(Bad(Upstream(), findings), HasSubstr("思考和回答分不开"));
}

TEST(UpstreamVerdictTest, AnAnswerThatWasCutIsNoGoodAndOneAtItsLimitIs) {
  UpstreamFindings findings = Answered(1s);
  findings.outcome.truncated = true;
  findings.outcome.finish_reason = "length";
  EXPECT_TRUE(UpstreamVerdict(Upstream(), findings).good);
  findings.outcome.finish_reason.clear();
  EXPECT_THAT(Bad(Upstream(), findings), HasSubstr("连接就断了"));
}

TEST(UpstreamVerdictTest, EveryFailureSaysWhatToDo) {
  struct Case {
    const char* name;
    UpstreamFindings findings;
    const char *what, *to_do;
  };
  UpstreamFindings https = Failed(ChatFailure::kBadRequest, 400);
  https.wants_https = true;
  UpstreamFindings moved = Failed(ChatFailure::kRefused, 301);
  moved.location = "https://new.example.com/v1/chat/completions?key=x";
  UpstreamFindings moved_oddly = Failed(ChatFailure::kRefused, 302);
  moved_oddly.location = "https://user:secret@new.example.com/";
  const Case cases[] = {
      {"key", Failed(ChatFailure::kRefused, 401), "不接受 api_key", "核对"},
      {"key by code", Failed(ChatFailure::kRefused, 400, "invalid_api_key"), "不接受 api_key", "invalid_api_key"},
      {"balance", Failed(ChatFailure::kRefused, 402), "没有余额", "充值"},
      {"quota is not haste", Failed(ChatFailure::kRefused, 429, "insufficient_quota"), "没有余额", "充值"},
      {"Zhipu arrears", Failed(ChatFailure::kRefused, 429, "1113"), "没有余额", "充值"},
      {"right", Failed(ChatFailure::kRefused, 403), "拒绝了请求", "实名认证"},
      {"haste", Failed(ChatFailure::kRateLimited, 429), "太频繁", "max_calls"},
      {"busy", Failed(ChatFailure::kOverloaded, 503), "模型服务忙", "过一会儿再检查"},
      {"policy", Failed(ChatFailure::kContentPolicy, 400, "data_inspection_failed"), "内容审核", "控制台"},
      {"request", Failed(ChatFailure::kBadRequest, 422), "不接受这样的请求", "extra_body"},
      {"nothing said", Failed(ChatFailure::kEmpty), "空的", "聊天模型"},
      {"late", Failed(ChatFailure::kTimeout), "没有等到回答", "更快的模型"},
      {"cut", Trouble(ChatFailure::kBadAnswer, "Server returned nothing"), "没有得到回答", "代理"},
      {"name", Trouble(ChatFailure::kUnreachable, "cannot find the address of x: Name or service not known"),
       "找不到 base_url 里的主机", "DNS"},
      {"port", Trouble(ChatFailure::kUnreachable, "Failed to connect to x port 1: Connection refused"), "连不上",
       "端口"},
      {"certificate", Trouble(ChatFailure::kUnreachable, "SSL certificate problem: certificate has expired"), "TLS",
       "证书"},
      {"no TLS there", Trouble(ChatFailure::kUnreachable, "error:0A00010B:SSL routines::wrong version number"),
       "那里不是 https", "http://"},
      {"TLS only", https, "要用 https", "https://"},
      {"connect timeout", Trouble(ChatFailure::kTimeout, "Connection timed out after 3000 milliseconds"), "连接超时",
       "防火墙"},
      {"moved", moved, "转到了别处", "改成 https://new.example.com/v1 。"},
      {"moved, by an odd address", moved_oddly, "转到了别处", "改成转到的地址"},
      {"no model there", Failed(ChatFailure::kRefused, 404), "base_url 不对：那里没有模型接口", "/v1"},
      {"Ark's model", Failed(ChatFailure::kRefused, 404, "InvalidEndpointOrModel.NotFound"), "没有 chat-1 这个模型",
       "核对 model"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(Bad(Upstream(), c.findings), AllOf(HasSubstr(c.what), HasSubstr(c.to_do), Not(HasSubstr("secret"))))
        << c.name;
  }
}

TEST(UpstreamVerdictTest, LocalServersMayStillBeLoading) {
  const auto local = Upstream("http://192.168.1.5:11434/v1");
  EXPECT_THAT(Bad(local, Failed(ChatFailure::kTimeout)), AllOf(HasSubstr("加载"), HasSubstr("keep_warm")));
  EXPECT_THAT(Bad(local, Failed(ChatFailure::kOverloaded, 503)), HasSubstr("加载"));
  EXPECT_THAT(Bad(local, Trouble(ChatFailure::kUnreachable, "Connection refused")), HasSubstr("容器"));
}

TEST(UpstreamVerdictTest, KeysOfMoonshotsTwoHousesAreToldApart) {
  EXPECT_THAT(Bad(Upstream("https://api.moonshot.cn/v1"), Failed(ChatFailure::kRefused, 401)), HasSubstr("不通用"));
  model::UpstreamOptions without = Upstream();
  without.api_key.clear();
  EXPECT_THAT(Bad(without, Failed(ChatFailure::kRefused, 401)), HasSubstr("要求 api_key"));
}

TEST(UpstreamVerdictTest, AModelThatIsNotListedIsSaidWithSomeThatAre) {
  UpstreamFindings findings = Failed(ChatFailure::kRefused, 404);
  findings.models = {{"a", "b", "c", "d", "e", "f"}};
  EXPECT_THAT(Bad(Upstream(), findings),
              AllOf(HasSubstr("没有 chat-1 这个模型"), HasSubstr("地址是对的"), HasSubstr("a、b、c、d、e 等 6 个。")));
  findings.models = {{"a", kSecretKey}};
  EXPECT_THAT(Bad(Upstream(), findings), HasSubstr("a、***。"));
  findings.models = {{"chat-1"}};
  EXPECT_THAT(Bad(Upstream(), findings), HasSubstr("chat-1 在模型列表里，但是"));
  findings.models = {std::vector<std::string>{}};
  EXPECT_THAT(Bad(Upstream(), findings), HasSubstr("请核对 model。"));
}

TEST(UpstreamVerdictTest, AnAddressThatIsWrongIsCorrected) {
  UpstreamFindings findings = Failed(ChatFailure::kBadAnswer, 200);
  findings.web_page = true;
  const auto upstream = Upstream("https://api.example.com/console");
  EXPECT_THAT(Bad(upstream, findings),
              AllOf(HasSubstr("那里是网页"), HasSubstr("可能应该是 https://api.example.com/v1 ")));
  findings.web_page = false;
  findings.better_base_url = "https://api.example.com/v1";
  EXPECT_THAT(Bad(upstream, findings),
              AllOf(HasSubstr("不是模型接口的格式"), HasSubstr("请改成 https://api.example.com/v1 ")));
}

TEST(UpstreamVerdictTest, OnlyWhatMayBeTheAddressPutsItInDoubt) {
  UpstreamFindings page = Failed(ChatFailure::kBadAnswer, 200);
  page.web_page = true;
  EXPECT_TRUE(AddressInDoubt(page));
  EXPECT_TRUE(AddressInDoubt(Failed(ChatFailure::kRefused, 404)));
  EXPECT_TRUE(AddressInDoubt(Failed(ChatFailure::kRefused, 405)));
  EXPECT_TRUE(AddressInDoubt(Failed(ChatFailure::kBadAnswer, 200)));
  EXPECT_TRUE(AddressInDoubt(Failed(ChatFailure::kRefused, 400, "model_not_found")));
  UpstreamFindings gateway = Failed(ChatFailure::kOverloaded, 502);
  gateway.web_page = true;
  UpstreamFindings cut = Failed(ChatFailure::kBadAnswer, 200);
  cut.trouble = "transfer closed";
  EXPECT_FALSE(AddressInDoubt(gateway));
  EXPECT_FALSE(AddressInDoubt(cut));
  EXPECT_FALSE(AddressInDoubt(Answered(1s)));
  EXPECT_FALSE(AddressInDoubt(Failed(ChatFailure::kRefused, 401)));
  EXPECT_FALSE(AddressInDoubt(Failed(ChatFailure::kTimeout)));
}

TEST(UpstreamVerdictTest, SuggestsWhereProvidersHaveTheirInterface) {
  struct Case {
    const char *base_url, *want;
  };
  for (const Case& c : {
           Case{"https://open.bigmodel.cn/v1", "https://open.bigmodel.cn/api/paas/v4"},
           Case{"https://open.bigmodel.cn/api/paas/v4/", ""},
           Case{"https://dashscope.aliyuncs.com", "https://dashscope.aliyuncs.com/compatible-mode/v1"},
           Case{"https://ark.cn-beijing.volces.com/v1", "https://ark.cn-beijing.volces.com/api/v3"},
           Case{"https://openrouter.ai", "https://openrouter.ai/api/v1"},
           Case{"https://api.deepseek.com/api", "https://api.deepseek.com"},
           Case{"https://api.deepseek.com", ""},
           Case{"https://api.moonshot.cn", ""},
           Case{"http://127.0.0.1:11434/api", "http://127.0.0.1:11434/v1"},
           Case{"http://127.0.0.1:8000", ""},
           Case{"https://me:pass@llm.example.com/x?token=t", "https://llm.example.com/v1"},
           Case{"nonsense", ""},
       }) {
    EXPECT_EQ(SuggestedBaseUrl(Upstream(c.base_url)), c.want) << c.base_url;
  }
}

}  // namespace
}  // namespace yingda::app
