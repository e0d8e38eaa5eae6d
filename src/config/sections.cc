// SPDX-License-Identifier: MIT
#include "config/sections.h"

#include <sys/stat.h>

#include <charconv>
#include <filesystem>
#include <fstream>

namespace yingda::config {
namespace {

using namespace std::chrono_literals;

constexpr size_t kMaxUrlBytes = 200;
constexpr base::Duration kLeastKeepWarm = 10s;

/// "host:port" or ":port"; IPv6 hosts in brackets.
bool ParseListen(const std::string& text, std::string& host, int& port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  const char* const begin = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(begin, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port < 0 || port > 65535) return false;
  host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  return true;
}

void ReadListen(base::YamlMap& map, std::string_view key, const char* default_value,
                net::HttpServer::Options& options) {
  const std::string text = map.String(key, default_value);
  if (!ParseListen(text, options.host, options.port)) {
    map.Problem(key, "expected host:port, e.g. 127.0.0.1:8080", "应写成 主机:端口，例如 127.0.0.1:8080");
  }
}

/// Where followers' browsers reach this server: it stands in links within their chat, so it is short and plain.
void ReadPublicUrl(base::YamlMap& root, Config& config) {
  std::string url = root.String("public_url");
  if (url.empty()) return;
  while (url.ends_with('/')) url.pop_back();
  const bool secure = url.starts_with("https://");
  const size_t host = secure ? 8 : 7;
  const bool plain = url.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/[]%") ==
                     std::string::npos;
  if (!(secure || url.starts_with("http://")) || url.size() <= host || url[host] == '/' || !plain ||
      url.size() > kMaxUrlBytes) {
    root.Problem("public_url", "expected the address that followers' browsers reach, e.g. https://bot.example.com",
                 "应写粉丝的浏览器能打开的地址，例如 https://bot.example.com");
    return;
  }
  if (!secure) config.warnings.push_back("public_url: answers would travel unencrypted; use https://");
  config.pages.public_url = std::move(url);
}

}  // namespace

std::string SectionContext::Path(const std::string& path) const {
  if (path.empty() || std::filesystem::path(path).is_absolute() || folder.empty()) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

std::string SectionContext::Secret(base::YamlMap& map, std::string_view key, std::string_view file_key) const {
  const std::string value = map.String(key);
  const std::string file = map.String(file_key);
  if (file.empty()) return value;
  if (!value.empty()) {
    map.Problem(file_key, "both the value and its _file are given; keep one", "值和文件只能写一个");
    return value;
  }
  const std::string path = Path(file);
  std::ifstream in(path);
  std::string line;
  if (!in || !std::getline(in, line)) {
    map.Problem(file_key, "cannot read " + path + "; it must be a file whose first line is the secret",
                "读不到文件 " + path);
    return {};
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    warnings.push_back(path + " can be read by every user of this machine; chmod 600 it");
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  return line;
}

void ReportAtKey(base::YamlMap& map, const base::Error& error, std::initializer_list<std::string_view> keys) {
  std::string_view at;
  for (const std::string_view key : keys) {
    if (!map.Has(key)) continue;
    if (at.empty()) at = key;
    const std::string_view message = error.message;
    if (message.starts_with(key) && message.substr(key.size()).find_first_of(": ") == 0) at = key;
  }
  map.Problem(at.empty() ? *keys.begin() : at, error.message, error.message);
}

void ReadServer(base::YamlMap& root, Config& config) {
  base::YamlMap map = root.Map("server");
  ReadListen(map, "listen", "127.0.0.1:8080", config.push_server);
  ReadListen(map, "operations_listen", "127.0.0.1:9090", config.operations_server);
  auto& push = config.push_server;
  push.threads = static_cast<unsigned>(map.Integer("event_threads", 4, 1, 64));
  push.max_connections = static_cast<size_t>(map.Integer("max_connections", 20'000, 16, 1'000'000));
  push.max_head_bytes = map.Size("max_head_bytes", 16 * 1024, 1024, 1024 * 1024);
  push.max_body_bytes = map.Size("max_body_bytes", 256 * 1024, 4096, 16 * 1024 * 1024);
  push.listen_backlog = static_cast<int>(map.Integer("listen_backlog", 4096, 16, 65535));
  push.idle_timeout = map.Duration("idle_timeout", 75s, 1s, 1h);
  push.request_timeout = map.Duration("request_timeout", 10s, 100ms, 1min);
  push.write_timeout = map.Duration("write_timeout", 10s, 100ms, 1min);
  push.metrics_name = "push";
  config.drain = map.Duration("drain", 6s, 0s, 1min);
  config.operations_server.threads = 2;
  config.operations_server.max_connections = 256;
  config.operations_server.max_body_bytes = 64 * 1024;
  config.operations_server.metrics_name = "operations";
  ReadPublicUrl(root, config);
}

void ReadStore(base::YamlMap& root, const SectionContext& context, Config& config) {
  base::YamlMap map = root.Map("store");
  config.sqlite_path = context.Path(map.String("sqlite", "data/yingda.db"));
  if (config.sqlite_path.empty()) map.Problem("sqlite", "name a file, e.g. data/yingda.db", "应写文件名");
  config.store_queue = static_cast<size_t>(map.Integer("max_queued_writes", 20'000, 100, 1'000'000));
  config.store_intent_log = map.Size("intent_log", 1024 * 1024, 0, 1024 * 1024 * 1024);
  config.store_conversations.bytes = map.Size("conversation_cache", 16 * 1024 * 1024, 0, size_t{16} << 30);
  config.store_conversations.followers = static_cast<size_t>(map.Integer("known_followers", 200'000, 0, 100'000'000));
  if (map.Has("redis")) map.Problem("redis", "this version stores in SQLite only; remove redis:", "目前只支持 SQLite");
}

void ReadLog(base::YamlMap& root, const SectionContext& context, Config& config) {
  base::YamlMap map = root.Map("log");
  config.log_level = map.Choice("level", base::LogLevel::kInfo,
                                {{"debug", base::LogLevel::kDebug},
                                 {"info", base::LogLevel::kInfo},
                                 {"warning", base::LogLevel::kWarning},
                                 {"error", base::LogLevel::kError}});
  config.log_file = context.Path(map.String("file"));
  config.desk.log_content = map.Bool("content", false);
}

void ReadAnswers(base::YamlMap& root, Config& config) {
  bot::AnswerDesk::Options& desk = config.desk;
  {
    base::YamlMap window = root.Map("window");
    desk.window.tries = static_cast<int>(window.Integer("tries", 3, 1, 3));
    desk.window.reply_within = window.Duration("reply_within", 4500ms, 500ms, 4900ms);
    desk.window.safety_close = window.Duration("safety_close", 6s, 5s, 30s);
  }
  base::YamlMap answers = root.Map("answers");
  desk.page_bytes = answers.Size("page_bytes", 2047, 300, 2047);
  desk.max_jobs = static_cast<size_t>(answers.Integer("max_in_flight", 5000, 1, 1'000'000));
  desk.max_waiting_per_follower = static_cast<size_t>(answers.Integer("max_waiting_per_follower", 5, 0, 100));
  desk.inbox_keep = answers.Duration("keep_unread", 48h, 1min, 24h * 30);
  desk.conversation_idle = answers.Duration("conversation_idle", 30min, 1min, 24h * 30);
  desk.history_tokens = static_cast<int>(answers.Integer("history_tokens", 3000, 0, 1'000'000));
  desk.passed_texts = static_cast<size_t>(answers.Integer("max_passed_texts", 65'536, 0, 10'000'000));
  desk.history_turns = static_cast<int>(answers.Integer("history_turns", 40, 0, 1000));
  desk.answer_deadline = answers.Duration("deadline", 10min, 5s, 1h);
  config.pages.keep = answers.Duration("web_page_keep", 24h * 7, 1h, 24h * 365);
  config.pages.max_readers = static_cast<size_t>(answers.Integer("max_page_readers", 2000, 0, 100'000));
  config.pages.max_readers_per_page = static_cast<size_t>(answers.Integer("max_readers_per_page", 20, 0, 10'000));
  config.reply_book.keep = answers.Duration("keep_replies", 10min, 1min, 24h);
  config.reply_book.max_entries = static_cast<size_t>(answers.Integer("max_kept_replies", 100'000, 100, 10'000'000));
  config.bot.cooldowns.max_entries = static_cast<size_t>(answers.Integer("max_cooldowns", 100'000, 100, 10'000'000));
}

namespace {

/// Empty: by the address.
std::optional<model::Dialect> ReadDialect(base::YamlMap& map) {
  const std::string name = map.String("dialect", "auto");
  if (name == "auto") return std::nullopt;
  std::string names = "auto";
  for (const model::Dialect dialect : model::AllDialects()) {
    if (name == model::ToString(dialect)) return dialect;
    names.append(", ").append(model::ToString(dialect));
  }
  map.Problem("dialect", "expected one of " + names, "应为以下之一：" + names);
  return std::nullopt;
}

void ReadExtraHeaders(base::YamlMap& map, model::UpstreamOptions& upstream) {
  const base::YamlNode* const node = map.Find("extra_headers");
  if (node == nullptr) return;
  if (!node->IsMap()) {
    map.Problem("extra_headers", "expected names and values, e.g. {X-Title: yingda}", "应写成 {名字: 值}");
    return;
  }
  for (const base::YamlEntry& entry : node->entries) {
    if (!entry.value.IsScalar()) {
      map.Problem("extra_headers", "the value of " + entry.key.text + " must be a text", "值必须是文字");
      continue;
    }
    upstream.extra_headers.emplace_back(entry.key.text, entry.value.text);
  }
}

/// Each option alone, so that all mistakes come out at once.
void CheckUpstream(base::YamlMap& map, const model::UpstreamOptions& upstream) {
  const auto problems_before = map.problems().size();
  const auto check = [&](std::string_view key, std::string model::UpstreamOptions::*option) {
    if (!map.Has(key)) return;
    model::UpstreamOptions alone;
    alone.base_url = "http://localhost";
    alone.model = "any";
    alone.*option = upstream.*option;
    if (const auto good = model::CheckUpstream(alone); !good) ReportAtKey(map, good.error(), {key});
  };
  check("base_url", &model::UpstreamOptions::base_url);
  check("model", &model::UpstreamOptions::model);
  check("extra_body", &model::UpstreamOptions::extra_body);
  check("api_key", &model::UpstreamOptions::api_key);
  if (map.Has("extra_headers")) {
    model::UpstreamOptions alone;
    alone.base_url = "http://localhost";
    alone.model = "any";
    alone.extra_headers = upstream.extra_headers;
    if (const auto good = model::CheckUpstream(alone); !good) ReportAtKey(map, good.error(), {"extra_headers"});
  }
  if (map.problems().size() != problems_before || !map.Has("base_url") || !map.Has("model")) return;
  if (const auto good = model::CheckUpstream(upstream); !good) ReportAtKey(map, good.error(), {"name"});
}

}  // namespace

void ReadUpstreams(base::YamlMap& root, const SectionContext& context, Config& config) {
  config.max_model_calls = 0;
  for (base::YamlMap& map : root.Maps("upstreams")) {
    model::OpenAiChatModel::Options upstream;
    map.Require("name");
    map.Require("base_url");
    map.Require("model");
    upstream.name = map.String("name");
    for (const auto& other : config.upstreams) {
      if (!upstream.name.empty() && other.name == upstream.name) {
        map.Problem("name", "two upstreams are named \"" + upstream.name + "\"; give each its own name",
                    "模型服务重名");
        break;
      }
    }
    upstream.base_url = map.String("base_url");
    upstream.api_key = context.Secret(map, "api_key", "api_key_file");
    upstream.model = map.String("model");
    upstream.max_tokens = static_cast<int>(map.Integer("max_tokens", 1500, 1, 1'000'000));
    if (map.Has("temperature")) upstream.temperature = map.Number("temperature", 1, 0, 2);
    upstream.connect_timeout = map.Duration("connect_timeout", 3s, 100ms, 1min);
    upstream.first_token_timeout = map.Duration("first_token_timeout", 60s, 500ms, 1h);
    upstream.idle_timeout = map.Duration("idle_timeout", 30s, 500ms, 1h);
    upstream.total_timeout = map.Duration("total_timeout", 10min, 1s, 1h);
    upstream.max_calls_in_flight = static_cast<size_t>(map.Integer("max_calls", 1000, 1, 100'000));
    upstream.max_queued = static_cast<size_t>(map.Integer("max_queued", 1000, 0, 1'000'000));
    upstream.keep_warm = map.Duration("keep_warm", 0s, 0s, 24h);
    if (upstream.keep_warm > 0s && upstream.keep_warm < kLeastKeepWarm) {
      map.Problem("keep_warm", "shorter than 10s; use somewhat less than the server keeps its model, e.g. 4m",
                  "不能短于 10s；应比模型服务卸载模型的时间短一些，例如 4m");
    }
    upstream.thinking_off = !map.Bool("thinking", false);
    upstream.dialect = ReadDialect(map);
    upstream.extra_body = map.String("extra_body");
    ReadExtraHeaders(map, upstream);
    upstream.takes_pictures = map.Bool("pictures", false);
    CheckUpstream(map, upstream);
    config.max_model_calls += upstream.max_calls_in_flight;
    config.upstreams.push_back(std::move(upstream));
  }
}

}  // namespace yingda::config
