// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "config/reload_section.h"
#include "describe.h"

namespace yingda::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kLeast = "accounts: [{name: main, token: abcdef}]\n";
const std::string kAesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

// Every key there is, each with a value that is not its default.
const std::string kMost = R"(
public_url: https://example.com
server:
  listen: "[::1]:18080"
  operations_listen: :19090
  event_threads: 7
  max_connections: 777
  max_head_bytes: 7KiB
  max_body_bytes: 77KiB
  listen_backlog: 177
  idle_timeout: 7s
  request_timeout: 7s
  write_timeout: 7s
  drain: 7s
reload: { watch: poll, debounce: 70ms, poll_every: 7s }
store:
  sqlite: other/store.db
  max_queued_writes: 777
  intent_log: 777KiB
  conversation_cache: 7MiB
  known_followers: 7777
log: { level: warning, file: logs/yingda.log, content: true }
window: { tries: 2, reply_within: 3700ms, safety_close: 7s }
answers:
  page_bytes: 777
  max_in_flight: 77
  max_waiting_per_follower: 7
  keep_unread: 7h
  conversation_idle: 7m
  history_tokens: 777
  history_turns: 7
  max_passed_texts: 77
  deadline: 77s
  web_page_keep: 77h
  max_page_readers: 77
  max_readers_per_page: 7
  keep_replies: 7m
  max_kept_replies: 777
accounts:
  - name: shop
    path: /other/shop
    token: sevenseven
    app_id: wx7777
    app_secret: secret7
    encoding_aes_key: )" + kAesKey +
                          R"(
    previous_encoding_aes_key: 0123456789abcdefghijklmnopqrstuvwxyzABCDEFG
    mode: safe
    kind: passive
    timestamp_window: 7m
    api_base: https://api7.example.com
    token_endpoint: legacy
    rules: [rules7, /srv/rules]
    filters: filters7
    word_filter:
      inbound: { enabled: false, at_most: review }
      outbound: { enabled: false, at_most: mask }
      detectors: [{ kind: phone, level: block, outbound: pass }, { kind: digits, at_least: 9 }]
    system_prompt: prompt7
    max_question_bytes: 777
    upstreams: second
    model_sees: [link, picture]
    quotas: {follower_per_minute: 7, follower_per_day: 77, messages_per_day: 777, tokens_per_day: 7777, staff: [o7]}
    repeat_answers: { keep: 77h, max_entries: 77, max_bytes: 77KiB }
    texts:
      thinking: t1
      continue_hint: t2
      unfinished: t3
      nothing_more: t4
      resend_label: t5
      nothing_to_resend: t6
      continue_again: t7
      late_answer_label: t8
      late_rest_label: t9
      inbox_separator: t10
      more_unread: t11
      page_mark: t12
      page_link: t13
      ai_label: t14
      cleared: t15
      help: t16
      blocked_question: t17
      blocked_answer: t18
      busy: t19
      queue_full: t20
      model_unavailable: t21
      model_timeout: t22
      model_empty: t23
      cut_off: t24
      question_too_long: t25
      empty_text: t26
      unsupported: t27
      image: t28
      voice: t29
      video: t30
      location: t31
      link: t32
      picture_failed: t33
      quota_minute: t34
      quota_day: t35
      quota_account: t36
      blocked_rest: t37
routing: { picture_timeout: 7s, max_picture: 7MiB }
upstreams:
  - name: second
    base_url: https://llm.example.com/v7
    api_key: key7
    model: model7
    max_tokens: 77
    temperature: 0.7
    connect_timeout: 7s
    first_token_timeout: 7s
    idle_timeout: 7s
    total_timeout: 7m
    max_calls: 77
    max_queued: 7
    keep_warm: 77s
    thinking: true
    extra_body: '{"seven": 7}'
    pictures: true
clients:
  - name: crm
    key: 0123456789abcdef7
    accounts: shop
    token: true
    api: [/cgi-bin/user/info, /cgi-bin/menu/*]
    per_minute: 77
)";

TEST(ConfigSectionsTest, ServerSectionGoesToTheListeners) {
  const Config config = Good(kMost);
  EXPECT_EQ(config.push_server.host, "::1");
  EXPECT_EQ(config.push_server.port, 18080);
  EXPECT_EQ(config.operations_server.host, "0.0.0.0") << "no host: every address";
  EXPECT_EQ(config.operations_server.port, 19090);
  EXPECT_EQ(config.push_server.threads, 7U);
  EXPECT_EQ(config.push_server.max_connections, 777U);
  EXPECT_EQ(config.push_server.max_head_bytes, 7U * 1024);
  EXPECT_EQ(config.push_server.max_body_bytes, 77U * 1024);
  EXPECT_EQ(config.push_server.listen_backlog, 177);
  EXPECT_EQ(config.push_server.idle_timeout, 7s);
  EXPECT_EQ(config.push_server.request_timeout, 7s);
  EXPECT_EQ(config.push_server.write_timeout, 7s);
  EXPECT_EQ(config.drain, 7s);
  EXPECT_EQ(config.reload.watch, ReloadOptions::Watch::kPoll);
  EXPECT_EQ(config.reload.debounce, 70ms);
  EXPECT_EQ(config.reload.poll_every, 7s);
  EXPECT_EQ(config.pages.public_url, "https://example.com");
  EXPECT_EQ(config.operations_server.threads, 2U) << "the limits of pushes are not those of operators";
  EXPECT_NE(config.push_server.metrics_name, config.operations_server.metrics_name);
}

TEST(ConfigSectionsTest, StoreLogWindowAndAnswersGoToTheirModules) {
  const Config config = Good(kMost);
  EXPECT_EQ(config.sqlite_path, "/etc/yingda/other/store.db");
  EXPECT_EQ(config.store_queue, 777U);
  EXPECT_EQ(config.store_intent_log, 777U * 1024);
  EXPECT_EQ(config.store_conversations.bytes, 7U << 20);
  EXPECT_EQ(config.store_conversations.followers, 7777U);
  EXPECT_EQ(config.log_level, base::LogLevel::kWarning);
  EXPECT_EQ(config.log_file, "/etc/yingda/logs/yingda.log");
  EXPECT_TRUE(config.desk.log_content);
  EXPECT_EQ(config.desk.window.tries, 2);
  EXPECT_EQ(config.desk.window.reply_within, 3700ms);
  EXPECT_EQ(config.desk.window.safety_close, 7s);
  EXPECT_EQ(config.desk.page_bytes, 777U);
  EXPECT_EQ(config.desk.max_jobs, 77U);
  EXPECT_EQ(config.desk.max_waiting_per_follower, 7U);
  EXPECT_EQ(config.desk.inbox_keep, 7h);
  EXPECT_EQ(config.desk.conversation_idle, 7min);
  EXPECT_EQ(config.desk.history_tokens, 777);
  EXPECT_EQ(config.desk.history_turns, 7);
  EXPECT_EQ(config.desk.passed_texts, 77U);
  EXPECT_EQ(config.desk.answer_deadline, 77s);
  EXPECT_EQ(config.pages.keep, 77h);
  EXPECT_EQ(config.pages.max_readers, 77U);
  EXPECT_EQ(config.pages.max_readers_per_page, 7U);
  EXPECT_EQ(config.reply_book.keep, 7min);
  EXPECT_EQ(config.reply_book.max_entries, 777U);
}

TEST(ConfigSectionsTest, AccountGoesToCallbackAndBot) {
  const Config config = Good(kMost);
  ASSERT_EQ(config.accounts.size(), 1U);
  const AccountConfig& account = config.accounts[0];
  EXPECT_EQ(account.name, "shop");
  EXPECT_EQ(account.path, "/other/shop");
  EXPECT_EQ(account.callback.token, "sevenseven");
  EXPECT_EQ(account.callback.app_id, "wx7777");
  EXPECT_EQ(account.callback.encoding_aes_key, kAesKey);
  EXPECT_EQ(account.callback.previous_encoding_aes_key, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG");
  EXPECT_EQ(account.callback.mode, wechat::CallbackMode::kSafe);
  EXPECT_EQ(account.callback.timestamp_window, 7min);
  EXPECT_EQ(account.app_secret, "secret7");
  EXPECT_EQ(account.kind, AccountConfig::Kind::kPassive);
  EXPECT_EQ(account.api_base, "https://api7.example.com");
  EXPECT_EQ(account.token_endpoint, platform::TokenEndpoint::kLegacy);
  EXPECT_THAT(account.rules, ElementsAre("/etc/yingda/rules7", "/srv/rules"));
  EXPECT_EQ(account.filters, "/etc/yingda/filters7");
  EXPECT_EQ(account.system_prompt, "prompt7");
  EXPECT_EQ(account.max_question_bytes, 777U);
  EXPECT_THAT(account.upstreams, ElementsAre(UpstreamChoice{"second", 0}));
  EXPECT_FALSE(account.sees.location);
  EXPECT_TRUE(account.sees.link);
  EXPECT_TRUE(account.sees.picture);
  EXPECT_EQ(account.repeats.ttl, 77h);
  EXPECT_EQ(account.repeats.max_entries, 77U);
  EXPECT_EQ(account.repeats.max_bytes, 77U * 1024);
}

TEST(ConfigSectionsTest, WordFilterGoesToTheFilter) {
  using filter::Level;
  const filter::Options words = Good(kMost).accounts[0].word_filter;
  EXPECT_FALSE(words.inbound.enabled);
  EXPECT_EQ(words.inbound.maximum, Level::kReview);
  EXPECT_EQ(words.outbound.maximum, Level::kMask);
  ASSERT_EQ(words.detectors.size(), 2U);
  EXPECT_EQ(words.detectors[0].kind, filter::DetectorKind::kPhone);
  EXPECT_EQ(words.detectors[0].levels, (filter::Levels{Level::kBlock, Level::kPass}));
  EXPECT_EQ(words.detectors[1].levels, (filter::Levels{Level::kMask, Level::kMask}));
  EXPECT_EQ(words.detectors[1].least_digits, 9U);
  const auto wrong = [](const std::string& keys) {
    return Mistakes("accounts: [{name: main, token: abcdef, word_filter: {" + keys + "}}]");
  };
  EXPECT_THAT(wrong("inbound: {at_most: blok}"), ElementsAre(::testing::HasSubstr("block")));
  EXPECT_THAT(wrong("detectors: [{kind: fax}]"), ElementsAre(::testing::HasSubstr("wechat_id")));
  EXPECT_THAT(wrong("detectors: [{level: mask}]"), ElementsAre(::testing::HasSubstr("kind")));
  EXPECT_THAT(wrong("detectors: [{kind: url, at_least: 9}]"), ElementsAre(::testing::HasSubstr("only digits")));
  EXPECT_THAT(wrong("detectors: [{kind: digits, at_least: 3}]"), ElementsAre(::testing::HasSubstr("4")));
}

TEST(ConfigSectionsTest, EveryTextGoesToItsOwnPlace) {
  const bot::Texts t = Good(kMost).accounts.at(0).texts;
  const std::string* const in_order[] = {&t.thinking,
                                         &t.continue_hint,
                                         &t.unfinished,
                                         &t.nothing_more,
                                         &t.resend_label,
                                         &t.nothing_to_resend,
                                         &t.continue_again,
                                         &t.late_answer_label,
                                         &t.late_rest_label,
                                         &t.inbox_separator,
                                         &t.more_unread,
                                         &t.page_mark,
                                         &t.page_link,
                                         &t.ai_label,
                                         &t.cleared,
                                         &t.help,
                                         &t.blocked_question,
                                         &t.blocked_answer,
                                         &t.busy,
                                         &t.queue_full,
                                         &t.model_unavailable,
                                         &t.model_timeout,
                                         &t.model_empty,
                                         &t.cut_off,
                                         &t.question_too_long,
                                         &t.empty_text,
                                         &t.unsupported,
                                         &t.image,
                                         &t.voice,
                                         &t.video,
                                         &t.location,
                                         &t.link,
                                         &t.picture_failed,
                                         &t.quota_minute,
                                         &t.quota_day,
                                         &t.quota_account,
                                         &t.blocked_rest};
  int number = 0;
  for (const std::string* text : in_order) EXPECT_EQ(*text, "t" + std::to_string(++number));
}

TEST(ConfigSectionsTest, UpstreamGoesToTheModel) {
  const Config config = Good(kMost);
  ASSERT_EQ(config.upstreams.size(), 1U);
  const model::UpstreamOptions& upstream = config.upstreams[0];
  EXPECT_EQ(upstream.name, "second");
  EXPECT_EQ(upstream.base_url, "https://llm.example.com/v7");
  EXPECT_EQ(upstream.api_key, "key7");
  EXPECT_EQ(upstream.model, "model7");
  EXPECT_EQ(upstream.max_tokens, 77);
  EXPECT_EQ(upstream.temperature, 0.7);
  EXPECT_EQ(upstream.connect_timeout, 7s);
  EXPECT_EQ(upstream.first_token_timeout, 7s);
  EXPECT_EQ(upstream.idle_timeout, 7s);
  EXPECT_EQ(upstream.total_timeout, 7min);
  EXPECT_EQ(upstream.max_calls_in_flight, 77U);
  EXPECT_EQ(upstream.max_queued, 7U);
  EXPECT_EQ(upstream.keep_warm, 77s);
  EXPECT_FALSE(upstream.thinking_off);
  EXPECT_EQ(upstream.extra_body, "{\"seven\": 7}");
  EXPECT_EQ(config.max_model_calls, 77U);
  EXPECT_TRUE(upstream.takes_pictures);
  EXPECT_EQ(config.pictures.timeout, 7s);
  EXPECT_EQ(config.pictures.max_bytes, 7U * 1024 * 1024);
  EXPECT_THAT(config.pictures.hosts, ElementsAre("qpic.cn", "qlogo.cn")) << "not for the configuration to widen";
}

TEST(ConfigSectionsTest, ModelSeesPlacesAndLinksUnlessTold) {
  const bot::ModelSees usual = Good(kLeast).accounts.at(0).sees;
  EXPECT_TRUE(usual.location && usual.link && !usual.picture);
  const bot::ModelSees none = Good("accounts: [{name: a, token: abcdef, model_sees: []}]").accounts.at(0).sees;
  EXPECT_FALSE(none.location || none.link || none.picture);
  const bot::ModelSees one = Good("accounts: [{name: a, token: abcdef, model_sees: location}]").accounts.at(0).sees;
  EXPECT_TRUE(one.location && !one.link && !one.picture);
}

// Holds kMost and Describe to every option there is: a value that stays the default was not read or not described.
TEST(ConfigSectionsTest, NoValueOfTheFullExampleIsItsDefault) {
  const std::set<std::string> never_read = {"operations.threads = 2", "operations.max_connections = 256",
                                            "operations.max_body_bytes = 65536", "push.metrics_name = push",
                                            "operations.metrics_name = operations"};
  std::set<std::string> of_least;
  std::istringstream least(
      Describe(Good(std::string(kLeast) + "upstreams: [{name: a, base_url: 'http://b', model: m}]")));
  for (std::string line; std::getline(least, line);) of_least.insert(line);
  std::istringstream most(Describe(Good(kMost)));
  for (std::string line; std::getline(most, line);) {
    const bool other_kind = line.starts_with("operations.") || line.starts_with("settle_after");
    EXPECT_TRUE(other_kind || never_read.contains(line) || !of_least.contains(line)) << line;
  }
}

TEST(ConfigSectionsTest, OneAccountWithItsTokenIsEnough) {
  const Config config = Good(kLeast);
  EXPECT_EQ(config.push_server.host, "127.0.0.1");
  EXPECT_EQ(config.push_server.port, 8080);
  EXPECT_EQ(config.operations_server.port, 9090);
  EXPECT_EQ(config.sqlite_path, "/etc/yingda/data/yingda.db");
  EXPECT_EQ(config.accounts.at(0).path, "/wx/main");
  EXPECT_EQ(config.accounts.at(0).callback.mode, wechat::CallbackMode::kPlain);
  EXPECT_EQ(config.accounts.at(0).callback.timestamp_window, 10min);
  EXPECT_THAT(config.accounts.at(0).rules, ElementsAre("/etc/yingda/reply_rules"));
  EXPECT_EQ(config.accounts.at(0).filters, "/etc/yingda/filters");
  EXPECT_FALSE(config.accounts.at(0).texts.thinking.empty());
  EXPECT_EQ(config.accounts.at(0).repeats.ttl, 0s) << "off";
  EXPECT_THAT(config.upstreams, IsEmpty());
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigSectionsTest, PathsStartAtTheFolderOfTheFile) {
  const std::string text =
      "store: {sqlite: ../db/a.db}\naccounts: [{name: a, token: abcdef, filters: /x/y, rules: r}]\n";
  const auto beside = LoadText("conf/config.yml", text, {});
  ASSERT_TRUE(beside) << beside.error().message;
  EXPECT_EQ(beside->sqlite_path, "db/a.db");
  EXPECT_EQ(beside->accounts[0].filters, "/x/y");
  EXPECT_THAT(beside->accounts[0].rules, ElementsAre("conf/r"));
  const auto here = LoadText("config.yml", text, {});
  ASSERT_TRUE(here) << here.error().message;
  EXPECT_EQ(here->sqlite_path, "../db/a.db");
  EXPECT_THAT(here->accounts[0].rules, ElementsAre("r"));
}

TEST(ConfigSectionsTest, NoTemperatureIsNotATemperature) {
  const std::string upstream = "upstreams: [{name: a, base_url: 'http://b', model: m";
  EXPECT_EQ(Good(kLeast + upstream + "}]").upstreams.at(0).temperature, std::nullopt);
  EXPECT_EQ(Good(kLeast + upstream + ", temperature: 0}]").upstreams.at(0).temperature, 0.0);
}

TEST(ConfigSectionsTest, ModelCallsOfAllUpstreamsAreAdded) {
  const Config config = Good(std::string(kLeast) +
                             "upstreams:\n  - {name: a, base_url: 'http://b', model: m, max_calls: 30}\n"
                             "  - {name: b, base_url: 'http://b', model: m, max_calls: 12}\n");
  EXPECT_EQ(config.max_model_calls, 42U);
}

TEST(ConfigSectionsTest, PublicUrlIsTheBeginningOfEveryPageAddress) {
  EXPECT_EQ(Good(kLeast).pages.public_url, "") << "no address: no pages";
  EXPECT_EQ(Good(std::string(kLeast) + "public_url: https://a.example:8443/bot//").pages.public_url,
            "https://a.example:8443/bot");
  EXPECT_THAT(Good(std::string(kLeast) + "public_url: https://a.example").warnings, IsEmpty());
  EXPECT_THAT(Good(std::string(kLeast) + "public_url: http://a.example").warnings,
              ElementsAre(::testing::HasSubstr("unencrypted")));
}

TEST(ConfigSectionsTest, AccountsThatMustPushNeedASecretOfWeChatsOrAKeyOfAnotherYingdas) {
  for (const std::string kind : {"push", "miniprogram"}) {
    const std::string account = "accounts: [{name: a, token: abcdef, app_id: wx7, kind: " + kind;
    EXPECT_THAT(Mistakes(account + "}]"), ElementsAre(::testing::HasSubstr("app_secret")));
    EXPECT_THAT(Good(account + ", app_secret: s}]").warnings, IsEmpty());
    EXPECT_THAT(Good(account + ", api_key: k, api_base: 'https://hub.example/wxapi/a'}]").warnings, IsEmpty());
  }
  EXPECT_THAT(Good("accounts: [{name: a, token: abcdef, kind: auto}]").warnings, IsEmpty());
}

std::vector<std::string> RestartFor(const std::string& before, const std::string& now) {
  return NeedsRestart(Good(before), Good(now));
}

TEST(ConfigReloadTest, NamesWhatTakesEffectOnlyAfterARestart) {
  const std::string before = "server: {drain: 6s}\naccounts: [{name: a, token: abcdef}]\n";
  EXPECT_THAT(RestartFor(before, before), ::testing::IsEmpty());
  EXPECT_THAT(RestartFor(before, "server: {drain: 7s, listen: \":1\"}\naccounts: [{name: a, token: abcdeg}]\n"),
              ::testing::ElementsAre("accounts.a.token", "server.drain", "server.listen"));
  EXPECT_THAT(RestartFor(before, "accounts: [{name: a, token: abcdef}]\n"), ::testing::ElementsAre("server"));
  EXPECT_THAT(RestartFor(before, before + "log: {level: debug}\n"), ::testing::IsEmpty());
  EXPECT_THAT(RestartFor(before, before + "log: {level: debug, content: true}\n"), ::testing::ElementsAre("log"));
}

TEST(ConfigReloadTest, SettingsOfAnAccountTakeEffectAtOnceButAnAccountThatCameOrWentDoesNot) {
  const std::string one = "accounts:\n  - {name: a, token: abcdef}\n";
  const std::string set =
      "accounts:\n  - {name: a, token: abcdef, texts: {busy: 忙}, system_prompt: x, quotas: {follower_per_day: 3},\n"
      "     model_sees: [], max_question_bytes: 500}\n";
  EXPECT_THAT(RestartFor(one, set), ::testing::IsEmpty());
  EXPECT_THAT(RestartFor(set, one), ::testing::IsEmpty());
  EXPECT_THAT(RestartFor(one, one + "  - {name: b, token: abcdef, texts: {busy: 忙}}\n"),
              ::testing::ElementsAre("accounts.b"));
  AccountConfig account = Good(one).accounts[0];
  TakeReloadable(Good(set).accounts[0], account);
  EXPECT_EQ(account.texts.busy, "忙");
  EXPECT_EQ(account.system_prompt, "x");
  EXPECT_EQ(account.quotas.follower_per_day, 3);
  EXPECT_FALSE(account.sees.link);
  EXPECT_EQ(account.max_question_bytes, 500U);
}

}  // namespace
}  // namespace yingda::config
