// SPDX-License-Identifier: MIT
#include "serve_bench_pipeline.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/application.h"
#include "base/utf8.h"
#include "support/temp_dir.h"
#include "wechat/push_builder.h"

namespace yingda::bench {
namespace {

constexpr const char* kToken = "benchmarkToken";
constexpr const char* kLine = "你好，请问你们周末的营业时间是几点到几点呢？谢谢";
constexpr const char* kReply =
    "您好，我们每天 9:00–21:00 营业，周末和节假日也一样。来之前可以先打个电话，店里人多的时候可能要等位。";
constexpr size_t kIdDigits = 19;

/// Words of two to eight common Chinese characters, the same in every run.
std::vector<std::string> RandomWords(size_t count, unsigned seed, size_t shortest) {
  std::mt19937 random(seed);
  std::vector<std::string> words;
  for (size_t i = 0; i < count; ++i) {
    std::string word;
    const size_t length = shortest + random() % (9 - shortest);
    for (size_t c = 0; c < length; ++c) base::AppendUtf8(word, 0x4E00 + random() % 3000);
    words.push_back(std::move(word));
  }
  return words;
}

struct Running {
  testing::TempDir folder;
  std::unique_ptr<base::Logger> logger = base::MakeNullLogger();
  base::SystemClock clock;
  std::unique_ptr<app::Application> application;
};

void WriteFiles(const testing::TempDir& folder) {
  std::filesystem::create_directories(folder.path() / "filters/deny");
  std::filesystem::create_directories(folder.path() / "filters/allow");
  std::filesystem::create_directories(folder.path() / "reply_rules");
  std::ofstream words(folder.File("filters/deny/words.txt"));
  for (const std::string& word : RandomWords(kWords, 1, 3)) words << word << '\n';
  std::ofstream rules(folder.File("reply_rules/rules.yml"));
  rules << "- keywords: [营业时间]\n  reply: " << kReply << "\n";
  for (const std::string& word : RandomWords(kRules - 1, 2, 3))
    rules << "- keywords: [" << word << "]\n  reply: 好的\n";
  std::ofstream(folder.File("config.yml"))
      << "server: { listen: \"127.0.0.1:0\", operations_listen: \"127.0.0.1:0\" }\n"
      << "accounts: [{ name: main, token: " << kToken << " }]\n";
}

}  // namespace

Serving StartApplication() {
  auto running = std::make_shared<Running>();
  WriteFiles(running->folder);
  auto config = config::Load(running->folder.File("config.yml"), {});
  if (!config) throw std::runtime_error(config.error().message);
  running->application = std::make_unique<app::Application>(*std::move(config), running->clock, *running->logger);
  if (const auto started = running->application->Start(); !started) throw std::runtime_error(started.error().message);
  return {running->application->PushPort(), running};
}

RequestSource DistinctPushes(const std::string& text) {
  wechat::PushBuilder::Options options;
  options.token = kToken;
  const auto builder = wechat::PushBuilder::Create(options);
  wechat::Incoming message;
  message.to_user = "gh_a1b2c3d4e5f6";
  message.from_user = "oABCD1234efgh5678IJKL9012mnQ";
  message.create_time = base::UnixSeconds(base::SystemClock().WallNow());
  message.type = wechat::MessageType::kText;
  message.type_name = "text";
  message.content = text.empty() ? kLine : text;
  message.msg_id = std::string(kIdDigits, '1');
  const wechat::BuiltPush push = builder->Build(message, {message.create_time, "1234567890", ""});
  std::string request =
      "POST /wx/main?" + push.query.Text() +
      " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Real-IP: 10.1.2.3\r\nX-Request-Id: 0123456789abcdef0123456789abcdef\r\n"
      "User-Agent: Mozilla/4.0\r\nAccept: */*\r\nPragma: no-cache\r\nContent-Type: text/xml\r\nContent-Length: " +
      std::to_string(push.body.size()) + "\r\n\r\n" + push.body;
  const size_t id_at = request.find(message.msg_id);
  return [request = std::move(request), id_at](size_t number) mutable -> std::string_view {
    char digits[kIdDigits + 1];
    std::snprintf(digits, sizeof digits, "7%018zu", number);
    request.replace(id_at, kIdDigits, digits, kIdDigits);
    return request;
  };
}

}  // namespace yingda::bench
