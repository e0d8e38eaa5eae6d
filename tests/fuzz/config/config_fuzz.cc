// SPDX-License-Identifier: MIT
// Reads any text as a configuration: it must be refused with places or give options that the modules take. A first line
// "# env NAME=value" is not special to YAML and sets a variable of the environment.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "config/config.h"
#include "model/upstream_request.h"
#include "wechat/callback.h"

namespace {

constexpr const char* kFile = "/nonexistent/yingda/config.yml";

void Check(bool good) {
  if (!good) std::abort();
}

yingda::config::Environment EnvironmentOf(std::string_view text) {
  yingda::config::Environment environment = {{"SET", "value"}, {"EMPTY", ""}};
  constexpr std::string_view kMark = "# env ";
  while (text.starts_with(kMark)) {
    const std::string_view line = text.substr(kMark.size(), text.find('\n') - kMark.size());
    const size_t split = line.find('=');
    if (split != std::string_view::npos) environment.emplace(line.substr(0, split), line.substr(split + 1));
    text.remove_prefix(std::min(text.size(), kMark.size() + line.size() + 1));
  }
  return environment;
}

void CheckRefusal(const std::string& message) {
  Check(!message.empty());
  Check(message.starts_with(std::string(kFile) + ":"));
  Check(yingda::base::IsValidUtf8(message));
}

void CheckOptions(const yingda::config::Config& config) {
  Check(!config.accounts.empty());
  for (const auto& account : config.accounts) {
    Check(!account.name.empty() && account.path.starts_with('/'));
    Check(yingda::wechat::Callback::Create(account.callback).has_value());
  }
  for (const auto& upstream : config.upstreams) Check(yingda::model::CheckUpstream(upstream).has_value());
  for (const auto* server : {&config.push_server, &config.operations_server}) {
    Check(server->port >= 0 && server->port <= 65535 && !server->host.empty());
  }
  Check(config.desk.page_bytes >= 300 && config.desk.page_bytes <= 2047);
  Check(config.desk.window.tries >= 1 && config.desk.window.tries <= 3);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Secrets may be read from files: not from devices that never end.
  if (text.find("_file") != std::string_view::npos && text.find("/dev") != std::string_view::npos) return 0;
  const auto config = yingda::config::LoadText(kFile, text, EnvironmentOf(text));
  if (config) {
    CheckOptions(*config);
  } else {
    CheckRefusal(config.error().message);
  }
  return 0;
}
