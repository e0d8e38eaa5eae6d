// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "bot/account.h"
#include "bot/answer_desk.h"
#include "bot/answer_pages.h"
#include "bot/bot.h"
#include "bot/quota.h"
#include "bot/reply_book.h"
#include "bot/texts.h"
#include "filter/word_filter.h"
#include "model/openai_chat_model.h"
#include "model/picture_fetcher.h"
#include "model/repeat_cache.h"
#include "model/route_policy.h"
#include "model/upstream_health.h"
#include "net/http_server.h"
#include "platform/token_endpoint.h"
#include "server/api_clients.h"
#include "store/conversation_cache.h"
#include "wechat/callback.h"

namespace yingda::config {

/// The environment by name, for ${VAR} and overrides such as YINGDA__UPSTREAMS__MAIN__API_KEY (list items go by their
/// name).
using Environment = std::map<std::string, std::string>;
Environment ProcessEnvironment();

/// An account's place for an upstream. Neighbours with a weight share their places; 0: a place of its own.
struct UpstreamChoice {
  std::string name;
  unsigned weight = 0;
  bool operator==(const UpstreamChoice&) const = default;
};

/// One official account (公众号) as configured.
struct AccountConfig {
  enum class Kind { kAuto, kPassive, kPush, kMiniProgram };

  std::string name;
  std::string path;
  Kind kind = Kind::kAuto;
  wechat::Callback::Options callback;
  std::string app_secret;
  std::string api_base;
  std::string api_key;  // for api_base, when that is another Yingda's API proxy
  platform::TokenEndpoint token_endpoint = platform::TokenEndpoint::kStable;
  // Folders; relative ones in the file start at its folder.
  std::vector<std::string> rules;
  std::string filters;
  filter::Options word_filter;
  std::string system_prompt;
  size_t max_question_bytes = 0;
  bot::QuotaLimits quotas;
  bot::Texts texts;
  std::vector<UpstreamChoice> upstreams;
  bot::ModelSees sees;
  model::RepeatCache::Options repeats;
};

/// When edited files are noticed.
struct ReloadOptions {
  enum class Watch {
    kAuto,     // the kernel tells, and where it cannot see every change, we look
    kInotify,  // only the kernel
    kPoll,     // only by looking
    kOff,      // only on SIGHUP
  };
  Watch watch = Watch::kAuto;
  base::Duration debounce = std::chrono::milliseconds(300);  // of quiet after a change, before it is loaded
  base::Duration poll_every = std::chrono::seconds(2);
};

/// Everything in config.yml, checked and turned into each module's own options.
struct Config {
  std::string file;
  Environment environment;  // that it was read with
  net::HttpServer::Options push_server;
  net::HttpServer::Options operations_server;
  base::Duration drain{};
  std::string sqlite_path;
  size_t store_queue = 0;
  size_t store_intent_log = 0;
  store::ConversationCache::Options store_conversations;
  bot::ReplyBook::Options reply_book;
  bot::Bot::Options bot;
  bot::AnswerDesk::Options desk;
  bot::AnswerPages::Options pages;
  base::LogLevel log_level = base::LogLevel::kInfo;
  std::string log_file;
  std::vector<AccountConfig> accounts;
  std::vector<model::OpenAiChatModel::Options> upstreams;
  size_t max_model_calls = 0;
  model::RouteOptions route;
  model::UpstreamHealth::Options upstream_health;
  model::PictureFetcher::Options pictures;
  std::vector<server::ApiClient> clients;
  ReloadOptions reload;
  std::map<std::string, size_t> written;  // what the file says: "accounts.main.token" and a hash of the value
  std::vector<std::string> warnings;      // what works but was probably not meant
};

/// Reads and checks a configuration file. Errors: kInvalidArgument with every mistake on a line of its own, as
/// "file:line:column: what is wrong, and what to write instead". Values of secrets are never in it.
base::Result<Config> Load(const std::string& file, const Environment& environment);
/// The same for the text of a file; `file` is for messages and for where relative paths start.
base::Result<Config> LoadText(const std::string& file, std::string_view text, const Environment& environment);

}  // namespace yingda::config
