// SPDX-License-Identifier: MIT
#include "describe.h"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>

namespace yingda::config {
namespace {

constexpr const char* kFile = "/etc/yingda/config.yml";

class Lines {
 public:
  template <typename T>
  Lines& operator()(const std::string& name, const T& value) {
    out_ << name << " = ";
    if constexpr (std::is_same_v<T, base::Duration>) {
      out_ << std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
    } else if constexpr (std::is_enum_v<T>) {
      out_ << static_cast<int>(value);
    } else {
      out_ << value;
    }
    out_ << '\n';
    return *this;
  }
  std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

void DescribeServer(Lines& line, const std::string& name, const net::HttpServer::Options& server) {
  line(name + ".host", server.host)(name + ".port", server.port)(name + ".threads", server.threads);
  line(name + ".max_connections", server.max_connections)(name + ".max_head_bytes", server.max_head_bytes);
  line(name + ".max_body_bytes", server.max_body_bytes)(name + ".listen_backlog", server.listen_backlog);
  line(name + ".idle_timeout", server.idle_timeout)(name + ".request_timeout", server.request_timeout);
  line(name + ".write_timeout", server.write_timeout)(name + ".metrics_name", server.metrics_name);
}

void DescribeDesk(Lines& line, const bot::AnswerDesk::Options& desk) {
  line("tries", desk.window.tries)("reply_within", desk.window.reply_within);
  line("safety_close", desk.window.safety_close)("page_bytes", desk.page_bytes)("max_jobs", desk.max_jobs);
  line("max_waiting_per_follower", desk.max_waiting_per_follower)("settle_after", desk.settle_after);
  line("inbox_keep", desk.inbox_keep)("conversation_idle", desk.conversation_idle);
  line("history_turns", desk.history_turns)("history_tokens", desk.history_tokens);
  line("passed_texts", desk.passed_texts);
  line("answer_deadline", desk.answer_deadline)("log_content", desk.log_content);
}

constexpr std::string bot::Texts::*kTexts[] = {
    &bot::Texts::thinking,
    &bot::Texts::continue_hint,
    &bot::Texts::unfinished,
    &bot::Texts::nothing_more,
    &bot::Texts::resend_label,
    &bot::Texts::nothing_to_resend,
    &bot::Texts::continue_again,
    &bot::Texts::late_answer_label,
    &bot::Texts::late_rest_label,
    &bot::Texts::inbox_separator,
    &bot::Texts::more_unread,
    &bot::Texts::page_mark,
    &bot::Texts::page_link,
    &bot::Texts::ai_label,
    &bot::Texts::cleared,
    &bot::Texts::help,
    &bot::Texts::blocked_question,
    &bot::Texts::blocked_answer,
    &bot::Texts::blocked_rest,
    &bot::Texts::busy,
    &bot::Texts::queue_full,
    &bot::Texts::quota_minute,
    &bot::Texts::quota_day,
    &bot::Texts::quota_account,
    &bot::Texts::model_unavailable,
    &bot::Texts::model_timeout,
    &bot::Texts::model_empty,
    &bot::Texts::cut_off,
    &bot::Texts::question_too_long,
    &bot::Texts::empty_text,
    &bot::Texts::unsupported,
    &bot::Texts::image,
    &bot::Texts::voice,
    &bot::Texts::video,
    &bot::Texts::location,
    &bot::Texts::link,
    &bot::Texts::picture_failed,
};
static_assert(sizeof(bot::Texts) == std::size(kTexts) * sizeof(std::string), "a text is missing here");

void DescribeTexts(Lines& line, const bot::Texts& texts) {
  for (const auto text : kTexts) line("text", texts.*text);
}

void DescribeAccount(Lines& line, const AccountConfig& account) {
  line("account", account.name)("path", account.path)("kind", account.kind);
  const wechat::Callback::Options& callback = account.callback;
  line("token", callback.token)("app_id", callback.app_id)("encoding_aes_key", callback.encoding_aes_key);
  line("previous_encoding_aes_key", callback.previous_encoding_aes_key)("mode", callback.mode);
  line("timestamp_window", callback.timestamp_window)("api_base", account.api_base);
  line("app_secret or api_key", account.app_secret + account.api_key)("token_endpoint", account.token_endpoint);
  for (const std::string& folder : account.rules) line("rules", folder);
  line("filters", account.filters)("system_prompt", account.system_prompt);
  for (const filter::DirectionOptions& way : {account.word_filter.inbound, account.word_filter.outbound}) {
    line("words", way.enabled)("words at most", filter::ToString(way.maximum));
  }
  for (const filter::DetectorOptions& detector : account.word_filter.detectors) {
    line("detects", filter::ToString(detector.kind))("at least", detector.least_digits);
    line("inbound", filter::ToString(detector.levels.inbound))("outbound", filter::ToString(detector.levels.outbound));
  }
  line("max_question_bytes", account.max_question_bytes);
  for (const UpstreamChoice& choice : account.upstreams) {
    line("asks", choice.name + (choice.weight == 0 ? "" : " " + std::to_string(choice.weight)));
  }
  line("sees", (account.sees.location ? "location " : "") + std::string(account.sees.link ? "link " : "") +
                   (account.sees.picture ? "picture" : ""));
  line("follower_per_minute", account.quotas.follower_per_minute)("follower_per_day", account.quotas.follower_per_day);
  line("messages_per_day", account.quotas.messages_per_day)("tokens_per_day", account.quotas.tokens_per_day);
  for (const std::string& open_id : account.quotas.staff) line("staff", open_id);
  line("repeats.keep", account.repeats.ttl)("repeats.max_entries", account.repeats.max_entries);
  line("repeats.max_bytes", account.repeats.max_bytes);
  DescribeTexts(line, account.texts);
}

void DescribeUpstream(Lines& line, const model::UpstreamOptions& upstream) {
  line("upstream", upstream.name)("base_url", upstream.base_url)("api_key", upstream.api_key)("model", upstream.model);
  line("max_tokens", upstream.max_tokens);
  line("temperature", upstream.temperature ? std::to_string(*upstream.temperature) : "not sent");
  line("thinking_off", upstream.thinking_off)("extra_body", upstream.extra_body);
  line("connect_timeout", upstream.connect_timeout)("first_token_timeout", upstream.first_token_timeout);
  line("idle_timeout", upstream.idle_timeout)("total_timeout", upstream.total_timeout);
  line("max_calls", upstream.max_calls_in_flight)("max_queued", upstream.max_queued);
  line("pictures", upstream.takes_pictures);
  line("keep_warm", upstream.keep_warm);
}

void DescribeClient(Lines& line, const server::ApiClient& client) {
  line("client", client.name)("client.key", client.key)("client.token", client.token);
  for (const std::string& account : client.accounts) line("client.account", account);
  for (const std::string& path : client.api) line("client.api", path);
  line("client.per_minute", client.per_minute);
}

}  // namespace

std::string Describe(const Config& config) {
  Lines line;
  DescribeServer(line, "push", config.push_server);
  DescribeServer(line, "operations", config.operations_server);
  line("drain", config.drain)("public_url", config.pages.public_url)("sqlite", config.sqlite_path);
  line("intent_log", config.store_intent_log)("conversation_cache", config.store_conversations.bytes);
  line("known_followers", config.store_conversations.followers);
  line("store_queue", config.store_queue)("book.keep", config.reply_book.keep);
  line("book.max_entries", config.reply_book.max_entries);
  DescribeDesk(line, config.desk);
  line("pages.keep", config.pages.keep)("pages.max_readers", config.pages.max_readers);
  line("pages.max_readers_per_page", config.pages.max_readers_per_page);
  line("log_level", config.log_level)("log_file", config.log_file)("max_model_calls", config.max_model_calls);
  line("picture_timeout", config.pictures.timeout)("max_picture", config.pictures.max_bytes);
  line("watch", config.reload.watch)("debounce", config.reload.debounce)("poll_every", config.reload.poll_every);
  for (const AccountConfig& account : config.accounts) DescribeAccount(line, account);
  for (const auto& upstream : config.upstreams) DescribeUpstream(line, upstream);
  for (const auto& client : config.clients) DescribeClient(line, client);
  return line.text();
}

Config Good(const std::string& text, const Environment& environment) {
  auto config = LoadText(kFile, text, environment);
  if (!config) {
    ADD_FAILURE() << config.error().message;
    return {};
  }
  return *std::move(config);
}

std::vector<std::string> Mistakes(const std::string& text, const Environment& environment) {
  const auto config = LoadText(kFile, text, environment);
  if (config) {
    ADD_FAILURE() << "accepted:\n" << text;
    return {};
  }
  EXPECT_EQ(config.error().code, base::ErrorCode::kInvalidArgument);
  std::vector<std::string> lines;
  std::istringstream in(config.error().message);
  const std::string prefix = std::string(kFile) + ":";
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line.starts_with(prefix) ? line.substr(prefix.size()) : line);
  }
  return lines;
}

}  // namespace yingda::config
