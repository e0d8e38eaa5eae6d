// SPDX-License-Identifier: MIT
#include "integration/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kToken = "integrationToken";
constexpr const char* kAppId = "wx0123456789abcdef";
constexpr const char* kAesKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

constexpr const char* kRules =
    "- keywords: [营业时间, 几点开门]\n"
    "  reply: 我们每天 9:00–21:00 营业。\n"
    "- keywords: [ping]\n"
    "  match: exact\n"
    "  reply: pong\n"
    "- event: subscribe\n"
    "  reply: 欢迎关注！\n"
    "- event: click\n"
    "  key: HELP\n"
    "  reply: 这里是帮助。\n";

wechat::CallbackMode ModeOf(const std::string& name) {
  if (name == "safe") return wechat::CallbackMode::kSafe;
  return name == "compatible" ? wechat::CallbackMode::kCompatible : wechat::CallbackMode::kPlain;
}

net::CurlHttpClient::Options ManyCalls() {
  net::CurlHttpClient::Options options;
  options.max_calls = 20'000;
  return options;
}

void Write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

simulator::UpstreamAnswer AnswersAfter(base::Duration total, std::string text) {
  return [total, text = std::move(text)](const simulator::UpstreamCall&) {
    return simulator::SpreadAnswer(text, total / 4, total);
  };
}

World::World(Options options)
    : options_(std::move(options)), logger_(base::MakeNullLogger()), loop_(clock_), client_(ManyCalls(), loop_) {
  simulator::ModelUpstream::Options upstream;
  if (options_.answer) upstream.answer = options_.answer;
  model_ = std::make_unique<simulator::ModelUpstream>(upstream, loop_, clock_, *logger_, metrics_);
  EXPECT_TRUE(model_->Start());
  if (!options_.kind.empty()) StartApi();
  WriteFiles();
  StartApplication();

  simulator::WeChatSimulator::Options wechat;
  url_ = "http://127.0.0.1:" + std::to_string(port_) + "/wx/main";
  wechat.url = url_;
  wechat.account = {kToken, kAppId, options_.mode == "plain" ? "" : kAesKey, ModeOf(options_.mode), options_.json};
  wechat.seed = 7;
  auto created = simulator::WeChatSimulator::Create(wechat, loop_, client_);
  EXPECT_TRUE(created);
  wechat_ = *std::move(created);
  conductor_ = std::make_unique<Conductor>(
      clock_, std::vector<Conductor::Probe>{
                  [this] { return loop_.Idle() && application_->Idle(); },
                  [this] { return OpenRequests() == application_->PushesParked(); },
                  [this] { return application_->PushesParked() == application_->PushesWaiting(); },
              });
}

size_t World::OpenRequests() const {
  const simulator::WeChatSimulator* const other = also_watched_;
  return wechat_->OpenRequests() + (other == nullptr ? 0 : other->OpenRequests());
}

void World::StartApi() {
  simulator::ApiAccountOptions account;
  account.app_id = kAppId;
  account.mini_program = options_.kind == "miniprogram";
  if (options_.api_account) options_.api_account(account);
  simulator::WeChatApi::Options api;
  api.accounts = {account};
  api_ = std::make_unique<simulator::WeChatApi>(api, loop_, clock_, *logger_, metrics_);
  EXPECT_TRUE(api_->Start());
}

std::vector<std::string> World::Pushed(const simulator::Follower& follower) const {
  std::vector<std::string> texts;
  for (const simulator::ApiDelivery& message : api_->Delivered(follower.open_id())) texts.push_back(message.text);
  return texts;
}

std::string World::ApiLines() const {
  if (!api_) return "";
  return "    kind: " + options_.kind +
         "\n    app_secret: 0123456789abcdef0123456789abcdef\n    api_base: " + api_->BaseUrl() + "\n";
}

World::~World() {
  wechat_.reset();
  application_.reset();
  if (api_) api_->Stop();
  model_->Stop();
}

void World::WriteFiles() {
  Write(folder_.File("reply_rules/rules.yml"), options_.rules.empty() ? kRules : options_.rules);
  Write(folder_.File("filters/deny/words.txt"), options_.deny_words.empty() ? "网络博彩平台\n" : options_.deny_words);
  Write(folder_.File("filters/allow/words.txt"), "# none\n");
  const bool encrypted = options_.mode != "plain";
  Write(folder_.File("config.yml"),
        "server: { listen: \"127.0.0.1:${PORT}\", operations_listen: \"127.0.0.1:0\", drain: 0s }\n"
        "store: { sqlite: store.db }\n" +
            (options_.public_url.empty() ? "" : "public_url: " + options_.public_url + "\n") +
            "window: { tries: " + std::to_string(options_.tries) +
            " }\n"
            "answers:\n  history_tokens: " +
            std::to_string(options_.history_tokens) + "\n" + options_.more_answers +
            "accounts:\n"
            "  - name: main\n"
            "    token: " +
            kToken +
            "\n"
            "    app_id: " +
            kAppId +
            "\n"
            "    mode: " +
            options_.mode + "\n" + (encrypted ? std::string("    encoding_aes_key: ") + kAesKey + "\n" : "") +
            "    system_prompt: 你是测试用的助手。\n" + ApiLines() + options_.more_account +
            (options_.model.empty() ? "" : "    upstreams: [" + options_.model + "]\n") + options_.more_accounts +
            "upstreams:\n"
            "  - { name: main, base_url: \"" +
            model_->BaseUrl() +
            "\", model: test, api_key: k, max_calls: 5000,"
            " first_token_timeout: 10m, idle_timeout: 10m }\n" +
            options_.more_config);
}

void World::StartApplication() {
  auto config = config::Load(folder_.File("config.yml"), {{"PORT", std::to_string(port_)}});
  ASSERT_TRUE(config) << config.error().message;
  config->reload.watch = config::ReloadOptions::Watch::kOff;  // the file does not know what is changed here
  if (options_.change_config) options_.change_config(*config);
  application_ = std::make_unique<app::Application>(*std::move(config), clock_, *logger_);
  const auto started = application_->Start();
  ASSERT_TRUE(started) << started.error().message;
  port_ = application_->PushPort();
}

void World::StopApplication() {
  application_->Stop();
  application_.reset();
}

std::unique_ptr<simulator::Follower> World::NewFollower() {
  return std::make_unique<simulator::Follower>(*wechat_, "o-follower-" + std::to_string(++followers_), clock_);
}

bool World::PlayOut(const std::vector<simulator::Follower*>& followers, base::Duration limit) {
  return conductor_->RunUntil(
      [&] { return std::all_of(followers.begin(), followers.end(), [](const auto* f) { return f->Waiting() == 0; }); },
      limit, kStep);
}

simulator::PushOutcome World::Send(simulator::Follower& follower, wechat::Incoming message, simulator::Faults faults) {
  std::mutex mutex;
  std::optional<simulator::PushOutcome> outcome;
  if (api_ && message.type != wechat::MessageType::kEvent) api_->FollowerSpoke(follower.open_id());
  if (api_ && message.type == wechat::MessageType::kEvent) api_->FollowerActed(follower.open_id());
  follower.Send(
      std::move(message),
      [&](const simulator::PushOutcome& result) {
        std::lock_guard lock(mutex);
        outcome = result;
      },
      std::move(faults));
  const bool ended = conductor_->RunUntil(
      [&] {
        std::lock_guard lock(mutex);
        return outcome.has_value();
      },
      10min, kStep);
  EXPECT_TRUE(ended) << "no outcome";
  return ended ? *outcome : simulator::PushOutcome();
}

std::string World::Get(const std::string& path, const std::string& method) {
  std::mutex mutex;
  std::string answer;
  bool done = false;
  loop_.Post([&] {
    net::HttpClientRequest request;
    request.method = method;
    request.url = url_.substr(0, url_.find("/wx/")) + path;
    net::HttpClientEvents events;
    events.on_head = [&](const net::HttpClientHead& head) { answer = std::to_string(head.status) + "\n\n"; };
    events.on_body = [&](std::string_view body) { answer += body; };
    events.on_done = [&](const base::Result<void>&) {
      std::lock_guard lock(mutex);
      done = true;
    };
    client_.Start(std::move(request), std::move(events));
  });
  const bool ended = conductor_->RunUntil(
      [&] {
        std::lock_guard lock(mutex);
        return done;
      },
      10s, kStep);
  EXPECT_TRUE(ended) << path;
  return answer;
}

double World::Metric(const std::string& line_start) {
  const std::string text = application_->metrics().Text();
  const std::string line = "\n" + line_start + " ";  // at its start: the help texts name metrics, too
  const size_t at = text.find(line);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + line.size(), nullptr);
}

}  // namespace yingda::testing
