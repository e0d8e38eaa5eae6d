// SPDX-License-Identifier: MIT
#include "config/account_section.h"

#include <algorithm>
#include <utility>

#include "config/clients_section.h"
#include "config/quota_section.h"
#include "config/routing_section.h"
#include "config/word_filter_section.h"

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
    {"blocked_rest", &bot::Texts::blocked_rest},
    {"busy", &bot::Texts::busy},
    {"queue_full", &bot::Texts::queue_full},
    {"quota_minute", &bot::Texts::quota_minute},
    {"quota_day", &bot::Texts::quota_day},
    {"quota_account", &bot::Texts::quota_account},
    {"model_unavailable", &bot::Texts::model_unavailable},
    {"model_timeout", &bot::Texts::model_timeout},
    {"model_empty", &bot::Texts::model_empty},
    {"cut_off", &bot::Texts::cut_off},
    {"question_too_long", &bot::Texts::question_too_long},
    {"picture_failed", &bot::Texts::picture_failed},
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

/// model_sees: what of messages that are no text becomes a question to the model.
void ReadSees(base::YamlMap& map, AccountConfig& account) {
  const std::pair<const char*, bool bot::ModelSees::*> kinds[] = {
      {"location", &bot::ModelSees::location}, {"link", &bot::ModelSees::link}, {"picture", &bot::ModelSees::picture}};
  const base::YamlNode* const written = map.Find("model_sees");
  if (written == nullptr) return;  // but an empty list is one
  account.sees = {false, false, false};
  for (const std::string& name : map.Strings("model_sees")) {
    const auto* const kind =
        std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& known) { return name == known.first; });
    if (kind != std::end(kinds)) {
      account.sees.*kind->second = true;
      continue;
    }
    std::string problem = "the model cannot see \"" + name + "\"; write any of location, link, picture";
    const std::string_view meant = base::ClosestWord(name, {"location", "link", "picture"});
    if (!meant.empty()) problem += " (did you mean \"" + std::string(meant) + "\"?)";
    map.Problem("model_sees", problem, "只能写 location、link、picture");
  }
}

void CheckPictures(base::YamlMap& map, const AccountConfig& account, const Config& config) {
  if (!account.sees.picture) return;
  const bool taken = std::any_of(config.upstreams.begin(), config.upstreams.end(), [&](const auto& upstream) {
    return upstream.takes_pictures &&
           std::any_of(account.upstreams.begin(), account.upstreams.end(),
                       [&](const UpstreamChoice& choice) { return choice.name == upstream.name; });
  });
  if (taken) return;
  map.Problem("model_sees",
              "names picture, but no upstream of this account takes pictures; write pictures: true at one whose model "
              "does, or leave picture out",
              "写了 picture，但这个账号的模型服务都不看图；请在能看图的模型服务下写 pictures: true，或者去掉 picture");
}

/// Off unless `keep` is given: what was right for one follower may be stale for the next.
model::RepeatCache::Options ReadRepeats(base::YamlMap& account) {
  base::YamlMap map = account.Map("repeat_answers");
  model::RepeatCache::Options repeats;
  repeats.ttl = map.Duration("keep", 0s, 0s, 24h * 30);
  repeats.max_entries = static_cast<size_t>(map.Integer("max_entries", 1000, 1, 1'000'000));
  repeats.max_bytes = map.Size("max_bytes", 4 * 1024 * 1024, 64 * 1024, 1024 * 1024 * 1024);
  return repeats;
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
    account.word_filter = ReadWordFilter(map);
    account.system_prompt = map.String("system_prompt");
    account.max_question_bytes = map.Size("max_question_bytes", 8 * 1024, 100, 64 * 1024);
    account.upstreams = ReadUpstreamChoices(map, config);
    account.quotas = ReadQuotas(map, context, account);
    account.repeats = ReadRepeats(map);
    CheckNames(map, account, config);
    ReadSees(map, account);
    CheckPictures(map, account, config);
    account.texts = ReadTexts(map);
    config.accounts.push_back(std::move(account));
  }
}

}  // namespace yingda::config
