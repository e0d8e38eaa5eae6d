// SPDX-License-Identifier: MIT
#include "app/check_online.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/account_token.h"
#include "app/check_upstream.h"
#include "net/curl_http_client.h"
#include "platform/ability_probe.h"
#include "platform/wechat_api.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using platform::TokenAnswer;
using Kind = config::AccountConfig::Kind;

constexpr base::Duration kCheckDeadline = 10s;

class AccountCheck {
 public:
  AccountCheck(const config::AccountConfig& account, net::HttpClient& client, net::EventLoop& loop)
      : account_(account), client_(client), loop_(loop) {}

  OnlineReport Run() {
    if (account_.app_secret.empty() && account_.api_key.empty()) {
      const bool must_call = account_.kind == Kind::kPush || account_.kind == Kind::kMiniProgram;
      Say(!must_call,
          must_call ? "没有写 app_secret，发不了客服消息，请补上。" : "没有写 app_secret，不联网检查；只用被动回复。");
      return std::move(report_);
    }
    std::unique_ptr<FetchedToken> token;
    if (account_.api_key.empty()) {
      const TokenAnswer answer = FetchToken(account_, client_, loop_);
      if (answer.kind != TokenAnswer::Kind::kToken) {
        Say(false, TokenTrouble(answer));
        return std::move(report_);
      }
      Say(true, "app_id 和 app_secret 正确，拿到了 access_token。");
      token = std::make_unique<FetchedToken>(answer.token);
    }
    platform::WeChatApi::Options options;
    options.account = account_.name;
    options.api_base = account_.api_base;
    options.api_key = account_.api_key;
    options.deadline = kCheckDeadline;
    auto api = std::make_unique<platform::WeChatApi>(options, token.get(), client_, loop_, *logger_, metrics_);
    CheckAbility(*api);
    if (account_.kind != Kind::kMiniProgram) CheckCallback(*api);
    Ask<bool>(loop_, [&](const auto& done) {
      api.reset();
      done(true);
    });
    return std::move(report_);
  }

 private:
  void Say(bool good, const std::string& what) {
    report_.good = report_.good && good;
    report_.lines.push_back((good ? "账号 " : "✗ 账号 ") + account_.name + "：" + what);
  }

  void CheckAbility(platform::WeChatApi& api) {
    const auto finding =
        Ask<platform::AbilityFinding>(loop_, [&](auto done) { platform::ProbeAbility(api, std::move(done)); });
    const bool needed = account_.kind == Kind::kPush || account_.kind == Kind::kMiniProgram;
    switch (finding.can_push) {
      case platform::CanPush::kYes:
        Say(true, account_.kind == Kind::kPassive ? "可以发客服消息，但 kind: passive 让它只用被动回复。"
                                                  : "可以发客服消息，来不及的回答会主动发给粉丝。");
        break;
      case platform::CanPush::kNo:
        Say(!needed,
            needed
                ? "没有客服消息接口的权限" + ShowErrcode(finding.errcode) + "，请改成 kind: passive，或先完成微信认证。"
                : "没有客服消息接口的权限" + ShowErrcode(finding.errcode) + "，只用被动回复；没看完的回答等粉丝再来。");
        break;
      case platform::CanPush::kUnknown:
        Say(false, "不能确定可不可以发客服消息：" + finding.why);
    }
  }

  void CheckCallback(platform::WeChatApi& api) {
    const auto answer = Ask<base::Result<platform::ApiAnswer>>(loop_, [&](auto done) {
      api.Call({"POST", "/cgi-bin/callback/check", "", R"({"action":"all","check_operator":"DEFAULT"})"},
               std::move(done));
    });
    if (!answer || !answer->json || answer->errcode != 0) {
      // Not every account has this interface, and a proxy need not pass it on.
      Say(true, "微信没有检查回调地址" + (answer ? ShowErrcode(answer->errcode) : std::string()) +
                    "，请在微信后台提交一次服务器配置来确认。");
      return;
    }
    const json body = json::parse(answer->body, nullptr, false);
    bool reached = false, lost = false;
    if (const auto pings = body.find("ping"); pings != body.end() && pings->is_array()) {
      for (const json& ping : *pings) {
        const auto loss = ping.is_object() ? ping.find("package_loss") : ping.end();
        if (!ping.is_object() || loss == ping.end() || !loss->is_string()) continue;
        (loss->get_ref<const std::string&>() == "0%" ? reached : lost) = true;
      }
    }
    if (reached || !lost) {
      Say(true, lost ? "微信连得到回调地址，但有的线路丢包。" : "微信连得到回调地址。");
    } else {
      // Many firewalls drop pings and serve well.
      Say(true, "微信 ping 不通回调地址；如果防火墙禁了 ping，可以不管。");
    }
  }

  const config::AccountConfig& account_;
  net::HttpClient& client_;
  net::EventLoop& loop_;
  const std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  OnlineReport report_;
};

}  // namespace

OnlineReport CheckAccountOnline(const config::AccountConfig& account, net::HttpClient& client, net::EventLoop& loop) {
  return AccountCheck(account, client, loop).Run();
}

bool CheckOnline(const config::Config& config) {
  base::SystemClock clock;
  net::EventLoop loop(clock);
  net::CurlHttpClient client(net::CurlHttpClient::Options(), loop);
  bool good = true;
  const auto print = [&good](const OnlineReport& report) {
    for (const std::string& line : report.lines) std::printf("%s\n", line.c_str());
    good = good && report.good;
  };
  for (const config::AccountConfig& account : config.accounts) print(CheckAccountOnline(account, client, loop));
  std::fflush(stdout);  // a cold model may take a minute
  for (const OnlineReport& report : CheckUpstreamsOnline(config.upstreams, client, loop)) print(report);
  return good;
}

}  // namespace yingda::app
