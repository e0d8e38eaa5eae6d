// SPDX-License-Identifier: MIT
#include "config/clients_section.h"

#include <algorithm>
#include <utility>

#include "server/api_proxy_handler.h"

namespace yingda::config {
namespace {

constexpr const char* kWeChat = "https://api.weixin.qq.com";
constexpr size_t kShortestKey = 16;
/// WeChat takes images and videos of up to 10 MiB.
constexpr size_t kProxyBodyBytes = 12 * 1024 * 1024;

bool IsVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool IsBase(std::string_view url) {
  if (!IsVisible(url) || url.find_first_of("?#@") != url.npos) return false;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme)) return url.size() > scheme.size() && url[scheme.size()] != '/';
  }
  return false;
}

bool IsOnThisMachine(std::string_view url) {
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (!url.starts_with(host)) continue;
    // The whole host, or the beginning of a name that anybody may own?
    std::string_view rest = url.substr(host.size());
    rest = rest.substr(0, rest.find('/'));
    return rest.empty() || (rest.front() == ':' && rest.find_first_not_of("0123456789", 1) == rest.npos);
  }
  return false;
}

bool IsPattern(std::string_view pattern) {
  if (!pattern.ends_with('*')) return server::IsApiPath(pattern);
  pattern.remove_suffix(1);
  while (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);
  return pattern == "/" || server::IsApiPath(pattern);
}

void ReadKey(base::YamlMap& map, const SectionContext& context, const Config& config, server::ApiClient& client) {
  const size_t problems_before = context.problems.size();
  client.key = context.Secret(map, "key", "key_file");
  if (context.problems.size() != problems_before) return;
  const char* const at = map.Has("key_file") ? "key_file" : "key";
  if (client.key.empty()) {
    map.Problem(at, "key: is missing; make one, e.g. with: openssl rand -hex 24 (or key_file:)", "缺少 key");
  } else if (client.key.size() < kShortestKey || !IsVisible(client.key)) {
    map.Problem(at, "a key has at least 16 letters, digits or signs, without spaces; e.g. openssl rand -hex 24",
                "key 至少 16 个字符，不能有空格");
  } else if (std::ranges::any_of(config.clients, [&](const auto& other) { return other.key == client.key; })) {
    map.Problem(at, "two clients have the same key; give each its own", "key 重复");
  }
}

void CheckAccounts(base::YamlMap& map, const SectionContext& context, const Config& config,
                   const server::ApiClient& client) {
  for (const std::string& name : client.accounts) {
    const auto account =
        std::ranges::find_if(config.accounts, [&](const auto& candidate) { return candidate.name == name; });
    if (account == config.accounts.end()) {
      map.Problem("accounts", "account \"" + name + "\" is not under accounts: of this file", "没有这个账号");
    } else if (client.token && account->app_secret.empty()) {
      context.warnings.push_back("client " + client.name + ": account " + name +
                                 " has no app_secret, so there is no token to give");
    }
  }
}

}  // namespace

void ReadPlatform(base::YamlMap& map, const SectionContext& context, AccountConfig& account) {
  account.app_secret = context.Secret(map, "app_secret", "app_secret_file");
  account.api_base = map.String("api_base", kWeChat);
  while (account.api_base.ends_with('/')) account.api_base.pop_back();
  account.api_key = context.Secret(map, "api_key", "api_key_file");
  account.token_endpoint =
      map.Choice("token_endpoint", platform::TokenEndpoint::kStable,
                 {{"stable", platform::TokenEndpoint::kStable}, {"legacy", platform::TokenEndpoint::kLegacy}});
  if (!IsBase(account.api_base)) {
    map.Problem("api_base", std::string("expected the beginning of an address, e.g. ") + kWeChat, "应以 https:// 开头");
  } else if (account.api_base.starts_with("http://") && !IsOnThisMachine(account.api_base) &&
             !(account.app_secret.empty() && account.api_key.empty())) {
    context.warnings.push_back(
        "account " + account.name +
        ": api_base is not encrypted, so secrets and tokens can be read on the way; use https://");
  }
  const char* const key = map.Has("api_key_file") ? "api_key_file" : "api_key";
  if (!account.app_secret.empty() && account.callback.app_id.empty()) {
    map.Problem("app_secret", "app_secret: needs app_id: beside it", "写了 app_secret，还要写 app_id");
  }
  if (account.api_key.empty()) return;
  if (!IsVisible(account.api_key)) map.Problem(key, "a key has no spaces", "不能有空格");
  if (!account.app_secret.empty()) {
    map.Problem(key, "api_key: is for calling through another Yingda, which has the app_secret; keep one of the two",
                "api_key 和 app_secret 只能写一个");
  } else if (account.api_base == kWeChat) {
    map.Problem(key,
                "api_key: needs api_base: with the other Yingda's address, e.g. https://hub.example.com/wxapi/main",
                "写了 api_key，还要写 api_base");
  }
}

void ReadClients(base::YamlMap& root, const SectionContext& context, Config& config) {
  for (base::YamlMap& map : root.Maps("clients")) {
    server::ApiClient client;
    map.Require("name");
    client.name = map.String("name");
    if (client.name.size() > 32 || !std::ranges::all_of(client.name, [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
        })) {
      map.Problem("name", "use up to 32 letters, digits, - and _", "名字只能用字母、数字、- 和 _，最多 32 个");
    }
    if (std::ranges::any_of(config.clients, [&](const auto& other) { return other.name == client.name; })) {
      map.Problem("name", "two clients are named \"" + client.name + "\"; give each its own name", "名字重复");
    }
    ReadKey(map, context, config, client);
    map.Require("accounts");
    client.accounts = map.Strings("accounts");
    client.token = map.Bool("token", false);
    client.api = map.Strings("api");
    for (const std::string& pattern : client.api) {
      if (!IsPattern(pattern)) {
        map.Problem("api", "\"" + pattern + "\" is no path of WeChat's API; e.g. /cgi-bin/menu/get or /cgi-bin/menu/*",
                    "应写接口路径，例如 /cgi-bin/menu/*");
      }
    }
    client.per_minute = static_cast<int>(map.Integer("per_minute", 600, 1, 1'000'000));
    CheckAccounts(map, context, config, client);
    if (!client.token && client.api.empty())
      context.warnings.push_back("client " + client.name +
                                 " may do nothing; set token: true, or list paths under api:");
    if (!client.api.empty()) config.operations_server.max_body_bytes = kProxyBodyBytes;
    config.clients.push_back(std::move(client));
  }
}

}  // namespace yingda::config
