// SPDX-License-Identifier: MIT
#include "config/account_section.h"

#include <algorithm>
#include <utility>

#include "config/clients_section.h"

namespace yingda::config {
namespace {

using namespace std::chrono_literals;

struct TextKey {
  const char* key;
  std::string bot::Texts::*member;
};

constexpr TextKey kTexts[] = {
    {"thinking", &bot::Texts::thinking},
    {"continue_hint", &bot::Texts::continue_hint},
    {"unfinished", &bot::Texts::unfinished},
    {"nothing_more", &bot::Texts::nothing_more},
    {"continue_again", &bot::Texts::continue_again},
    {"late_answer_label", &bot::Texts::late_answer_label},
    {"late_rest_label", &bot::Texts::late_rest_label},
    {"inbox_separator", &bot::Texts::inbox_separator},
    {"more_unread", &bot::Texts::more_unread},
    {"page_mark", &bot::Texts::page_mark},
    {"page_link", &bot::Texts::page_link},
    {"ai_label", &bot::Texts::ai_label},
    {"resend_label", &bot::Texts::resend_label},
    {"nothing_to_resend", &bot::Texts::nothing_to_resend},
    {"cleared", &bot::Texts::cleared},
    {"help", &bot::Texts::help},
    {"blocked_question", &bot::Texts::blocked_question},
    {"blocked_answer", &bot::Texts::blocked_answer},
    {"busy", &bot::Texts::busy},
    {"queue_full", &bot::Texts::queue_full},
    {"model_unavailable", &bot::Texts::model_unavailable},
    {"model_timeout", &bot::Texts::model_timeout},
    {"model_empty", &bot::Texts::model_empty},
    {"cut_off", &bot::Texts::cut_off},
    {"question_too_long", &bot::Texts::question_too_long},
    {"empty_text", &bot::Texts::empty_text},
    {"unsupported", &bot::Texts::unsupported},
    {"image", &bot::Texts::image},
    {"voice", &bot::Texts::voice},
    {"video", &bot::Texts::video},
    {"location", &bot::Texts::location},
    {"link", &bot::Texts::link},
};

bool IsName(const std::string& name) {
  if (name.empty() || name.size() > 32) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
  }
  return true;
}

bot::Texts ReadTexts(base::YamlMap& account) {
  bot::Texts texts;
  base::YamlMap map = account.Map("texts");
  for (const TextKey& text : kTexts) {
    const base::YamlNode* const value = map.Find(text.key);
    if (value == nullptr) continue;
    texts.*text.member = map.String(text.key);
    if ((texts.*text.member).size() > 600)
      map.Problem(text.key, "longer than 600 bytes (about 200 characters)", "超过 200 字");
  }
  return texts;
}

void ReadIdentity(base::YamlMap& map, const SectionContext& context, AccountConfig& account) {
  map.Require("name");
  account.name = map.String("name");
  if (!account.name.empty() && !IsName(account.name)) {
    map.Problem("name", "use up to 32 letters, digits, - and _", "账号名只能用字母、数字、- 和 _，最多 32 个");
  }
  account.path = map.String("path", "/wx/" + account.name);
  if (map.Has("path") && (!account.path.starts_with('/') || account.path.ends_with('/'))) {
    map.Problem("path", "must begin with / and not end with it, e.g. /wx/main", "必须以 / 开头，不以 / 结尾");
  }
  const size_t problems_before = context.problems.size();
  account.callback.token = context.Secret(map, "token", "token_file");
  if (account.callback.token.empty() && context.problems.size() == problems_before) {
    map.Problem("token", "token: is missing; take the Token that stands in the WeChat console (or token_file:)",
                "缺少 token");
  }
  account.callback.app_id = map.String("app_id");
  account.callback.encoding_aes_key = context.Secret(map, "encoding_aes_key", "encoding_aes_key_file");
  account.callback.previous_encoding_aes_key =
      context.Secret(map, "previous_encoding_aes_key", "previous_encoding_aes_key_file");
  account.callback.mode = map.Choice("mode", wechat::CallbackMode::kPlain,
                                     {{"plain", wechat::CallbackMode::kPlain},
                                      {"compatible", wechat::CallbackMode::kCompatible},
                                      {"safe", wechat::CallbackMode::kSafe}});
  account.callback.timestamp_window = map.Duration("timestamp_window", 10min, 0s, 24h * 365);
  account.kind = map.Choice("kind", AccountConfig::Kind::kAuto,
                            {{"auto", AccountConfig::Kind::kAuto},
                             {"passive", AccountConfig::Kind::kPassive},
                             {"push", AccountConfig::Kind::kPush},
                             {"miniprogram", AccountConfig::Kind::kMiniProgram}});
  if (account.callback.token.empty()) return;
  if (const auto callback = wechat::Callback::Create(account.callback); !callback) {
    ReportAtKey(map, callback.error(),
                {"mode", "token", "token_file", "app_id", "encoding_aes_key", "encoding_aes_key_file",
                 "previous_encoding_aes_key", "previous_encoding_aes_key_file", "timestamp_window", "name"});
  }
}

void CheckKind(base::YamlMap& map, const AccountConfig& account) {
  const bool pushes = account.kind == AccountConfig::Kind::kPush || account.kind == AccountConfig::Kind::kMiniProgram;
  if (pushes && account.app_secret.empty() && account.api_key.empty()) {
    map.Problem("kind", "answers by customer-service messages, which need app_secret: (or api_key: of another Yingda)",
                "这种账号要用客服消息回复，需要填写 app_secret（或者另一台应答的 api_key）");
  }
}

void CheckNames(base::YamlMap& map, const AccountConfig& account, const Config& config) {
  for (const AccountConfig& other : config.accounts) {
    if (!account.name.empty() && other.name == account.name) {
      map.Problem("name", "two accounts are named \"" + account.name + "\"; give each its own name", "账号重名");
      return;
    }
    if (map.Has("name") && other.path == account.path) {
      map.Problem("path", "two accounts are served at \"" + account.path + "\"; give each its own path", "路径重复");
      return;
    }
  }
}

void CheckUpstreams(base::YamlMap& map, const AccountConfig& account, const Config& config) {
  for (const std::string& name : account.upstreams) {
    const bool known = std::any_of(config.upstreams.begin(), config.upstreams.end(),
                                   [&](const auto& upstream) { return upstream.name == name; });
    if (!known) {
      map.Problem("upstreams", "upstream \"" + name + "\" is not under upstreams: of this file", "没有这个模型服务");
    }
  }
  if (account.upstreams.size() > 1) {
    map.Problem("upstreams", "several upstreams are named; this version uses one", "只支持一个模型服务");
  }
}

}  // namespace

void ReadAccounts(base::YamlMap& root, const SectionContext& context, Config& config) {
  if (!root.Require("accounts")) return;
  const base::YamlNode* const list = root.Find("accounts");
  if (list->IsList() && list->items.empty()) {
    root.Problem("accounts", "there is no account; add one with its name: and token:", "至少要有一个账号");
  }
  for (base::YamlMap& map : root.Maps("accounts")) {
    AccountConfig account;
    ReadIdentity(map, context, account);
    ReadPlatform(map, context, account);
    CheckKind(map, account);
    for (const std::string& folder : map.Strings("rules", {"reply_rules"}))
      account.rules.push_back(context.Path(folder));
    account.filters = context.Path(map.String("filters", "filters"));
    account.system_prompt = map.String("system_prompt");
    account.max_question_bytes = map.Size("max_question_bytes", 8 * 1024, 100, 64 * 1024);
    account.upstreams = map.Strings("upstreams");
    CheckNames(map, account, config);
    CheckUpstreams(map, account, config);
    account.texts = ReadTexts(map);
    config.accounts.push_back(std::move(account));
  }
}

}  // namespace yingda::config
