// SPDX-License-Identifier: MIT
#include "app/fetch_autoreply.h"

#include <memory>

#include "app/account_token.h"
#include "platform/wechat_api.h"
#include "rules/autoreply_import.h"

namespace yingda::app {

base::Result<std::string> FetchAutoreply(const config::AccountConfig& account, net::HttpClient& client,
                                         net::EventLoop& loop) {
  if (account.app_secret.empty() && account.api_key.empty()) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "账号 " + account.name +
                           " 没有写 app_secret，读不到微信后台的规则：请补上，或把 get_current_autoreply_info "
                           "返回的内容存成文件再导入。"};
  }
  std::unique_ptr<FetchedToken> token;
  if (account.api_key.empty()) {
    const platform::TokenAnswer answer = FetchToken(account, client, loop);
    if (answer.kind != platform::TokenAnswer::Kind::kToken) {
      return base::Error{base::ErrorCode::kUnauthenticated, TokenTrouble(answer)};
    }
    token = std::make_unique<FetchedToken>(answer.token);
  }
  const std::unique_ptr<base::Logger> logger = base::MakeNullLogger();
  base::Metrics metrics;
  platform::WeChatApi::Options options;
  options.account = account.name;
  options.api_base = account.api_base;
  options.api_key = account.api_key;
  auto api = std::make_unique<platform::WeChatApi>(options, token.get(), client, loop, *logger, metrics);
  auto answer = Ask<base::Result<platform::ApiAnswer>>(loop, [&](auto done) {
    platform::ApiCall call;
    call.method = "GET";
    call.path = "/cgi-bin/get_current_autoreply_info";
    api->Call(std::move(call), std::move(done));
  });
  Ask<bool>(loop, [&](const auto& done) {
    api.reset();
    done(true);
  });
  if (!answer) {
    return base::Error{answer.error().code,
                       "连不上微信的接口，请检查本机的网络和 api_base（" + answer.error().message + "）。"};
  }
  if (answer->has_errcode && answer->errcode != 0) {
    return base::Error{base::ErrorCode::kUpstream, rules::AutoreplyErrcode(answer->errcode)};
  }
  if (answer->status != 200 || !answer->json) {
    return base::Error{base::ErrorCode::kUpstream,
                       "微信的接口没有给出规则（HTTP " + std::to_string(answer->status) + "），请检查 api_base。"};
  }
  return std::move(answer->body);
}

}  // namespace yingda::app
