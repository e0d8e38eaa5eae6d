// SPDX-License-Identifier: MIT
#include "app/account_token.h"

#include <memory>

#include "platform/http_calls.h"

namespace yingda::app {
namespace {

using platform::TokenAnswer;

constexpr base::Duration kTokenDeadline = std::chrono::seconds(10);

}  // namespace

std::string ShowErrcode(int code) { return code == 0 ? "" : "（errcode " + std::to_string(code) + "）"; }

TokenAnswer FetchToken(const config::AccountConfig& account, net::HttpClient& client, net::EventLoop& loop) {
  const platform::TokenCredentials credentials{account.api_base, account.callback.app_id, account.app_secret};
  auto calls = std::make_unique<platform::HttpCalls>(client, loop);
  auto answer = Ask<base::Result<platform::HttpAnswer>>(loop, [&](auto done) {
    calls->Start(platform::TokenRequest(platform::TokenEndpoint::kStable, credentials, false),
                 loop.clock().Now() + kTokenDeadline, std::move(done));
  });
  Ask<bool>(loop, [&](const auto& done) {
    calls.reset();
    done(true);
  });
  return platform::ReadTokenAnswer(answer);
}

std::string TokenTrouble(const TokenAnswer& answer) {
  const std::string code = ShowErrcode(answer.errcode);
  switch (answer.kind) {
    case TokenAnswer::Kind::kWrongSecret:
      return "微信不接受 app_id 和 app_secret" + code + "。请到微信后台核对这两项；AppSecret 被冻结的话先解冻。";
    case TokenAnswer::Kind::kAddress:
      return "本机的 IP " + answer.address + " 不在白名单里" + code +
             "。请在微信后台的“IP 白名单”里加上它，或让管理员确认。";
    case TokenAnswer::Kind::kQuota:
      return "今天获取 access_token 的次数用完了" + code + "。请找出是哪个程序在反复获取。";
    case TokenAnswer::Kind::kTooOften:
      return "获取 access_token 太频繁" + code + "，过一分钟再检查。";
    case TokenAnswer::Kind::kRefused:
      return "微信不给 access_token" + code + "。";
    case TokenAnswer::Kind::kBusy:
    case TokenAnswer::Kind::kToken:
      break;
  }
  return "连不上微信的接口" + code + "，请检查本机的网络和 api_base（" + answer.problem + "）。";
}

}  // namespace yingda::app
