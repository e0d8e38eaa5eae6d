// SPDX-License-Identifier: MIT
#include "app/status_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <future>
#include <string>

#include "app/command_line.h"
#include "app/status_report.h"
#include "base/yaml.h"
#include "net/curl_http_client.h"
#include "platform/http_calls.h"

namespace yingda::app {
namespace {

constexpr base::Duration kPatience = std::chrono::seconds(10);
constexpr const char* kUsualAddress = "127.0.0.1:9090";

/// The running server may have started before the file was broken, and just that is when one asks.
std::string AddressInBrokenFile(const std::string& file) {
  base::YamlProblems problems(file);
  const auto root = base::ReadYamlFile(file, problems);
  const base::YamlNode* const server = root ? root->Find("server") : nullptr;
  const base::YamlNode* const listen = server == nullptr ? nullptr : server->Find("operations_listen");
  const bool plain = listen != nullptr && listen->IsScalar() && listen->text.find('$') == std::string::npos;
  return plain ? listen->text : kUsualAddress;
}

std::string AddressOf(const std::string& file) {
  const auto config = config::Load(file, config::ProcessEnvironment());
  if (!config) {
    const std::string address = AddressInBrokenFile(file);
    std::fprintf(stderr, "%s 现在有错（yingda check 会说明），向 %s 询问\n", file.c_str(), address.c_str());
    return address;
  }
  const net::HttpServer::Options& server = config->operations_server;
  std::string host = server.host;
  if (host == "0.0.0.0" || host == "::") host = "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return host + ":" + std::to_string(server.port);
}

base::Result<platform::HttpAnswer> Ask(const std::string& url) {
  base::SystemClock clock;
  net::EventLoop loop(clock);
  net::CurlHttpClient client(net::CurlHttpClient::Options(), loop);
  auto calls = std::make_unique<platform::HttpCalls>(client, loop);
  std::promise<base::Result<platform::HttpAnswer>> answered;
  loop.Post([&] {
    net::HttpClientRequest request;
    request.url = url;
    calls->Start(std::move(request), clock.Now() + kPatience,
                 [&](base::Result<platform::HttpAnswer> answer) { answered.set_value(std::move(answer)); });
  });
  auto answer = answered.get_future().get();
  std::promise<void> ended;
  loop.Post([&] {
    calls.reset();
    ended.set_value();
  });
  ended.get_future().get();
  return answer;
}

}  // namespace

struct StatusCommand::Arguments {
  CLI::App* command = nullptr;
  std::string config_file = "config.yml";
  std::string url;
  bool json = false;
};

StatusCommand::StatusCommand(CLI::App& cli) : arguments_(std::make_unique<Arguments>()) {
  CLI::App* const command = cli.add_subcommand(
      "status", "Ask the running server: what is in force since when, what was refused and why, what needs a restart");
  command->add_option("-c,--config", arguments_->config_file, "Configuration file")->capture_default_str();
  command->add_option("--url", arguments_->url, "Of its operations listener; from the configuration when not given");
  command->add_flag("--json", arguments_->json, "Print JSON");
  arguments_->command = command;
}

StatusCommand::~StatusCommand() = default;

bool StatusCommand::Chosen() const { return arguments_->command->parsed(); }

int StatusCommand::Run() {
  std::string url = arguments_->url.empty() ? "http://" + AddressOf(arguments_->config_file) : arguments_->url;
  while (url.ends_with('/')) url.pop_back();
  const auto answer = Ask(url + "/status");
  if (!answer || answer->status != 200) {
    const std::string why = answer ? "HTTP " + std::to_string(answer->status) : answer.error().message;
    std::fprintf(stderr, "%s 没有应答（%s）。请检查服务有没有启动，以及 server: operations_listen\n", url.c_str(),
                 why.c_str());
    return kExitUnavailable;
  }
  const StatusPage page = ReadStatus(answer->body);
  if (page.text.empty()) {
    std::fprintf(stderr, "%s 上的不是应答，或者版本太旧\n", url.c_str());
    return kExitUnavailable;
  }
  std::fputs(arguments_->json ? answer->body.c_str() : page.text.c_str(), stdout);
  return page.failed ? kExitFailed : kExitOk;
}

}  // namespace yingda::app
