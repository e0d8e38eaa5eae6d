// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <future>
#include <iostream>
#include <memory>

#include "app/command_line.h"
#include "base/secret.h"
#include "net/curl_http_client.h"
#include "simulator/chat_text.h"
#include "simulator/follower.h"
#include "simulator/messages.h"
#include "simulator/wechat_simulator.h"

namespace yingda::app {
namespace {

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string CallbackUrl(const config::Config& config, const config::AccountConfig& account) {
  const std::string& host = config.push_server.host;
  return "http://" + (host == "0.0.0.0" || host == "::" ? std::string("127.0.0.1") : host) + ":" +
         std::to_string(config.push_server.port) + account.path;
}

simulator::WeChatSimulator::Options SimulatorOptions(const config::Config& config, const config::AccountConfig& account,
                                                     const ChatArguments& arguments) {
  simulator::WeChatSimulator::Options options;
  options.url = arguments.url.empty() ? CallbackUrl(config, account) : arguments.url;
  options.account.token = account.callback.token;
  options.account.app_id = account.callback.app_id;
  options.account.encoding_aes_key = account.callback.encoding_aes_key;
  options.account.mode = account.callback.mode;
  options.account.json = arguments.json;
  return options;
}

const char* InWords(simulator::TryEnd end) {
  using simulator::TryEnd;
  switch (end) {
    case TryEnd::kReply:
      return "收到回复";
    case TryEnd::kAcknowledged:
      return "对方收到，不回复";
    case TryEnd::kSilence:
      return "没有等到回复，微信断开";
    case TryEnd::kNoConnection:
      return "连不上服务器";
    case TryEnd::kCutOff:
      return "连接中断";
    case TryEnd::kBadStatus:
      return "服务器拒绝了";
    case TryEnd::kBadReply:
      return "回复的内容微信不接受";
    case TryEnd::kHungUp:
    case TryEnd::kReplyLost:
    case TryEnd::kSkipped:
    case TryEnd::kTooMany:
      break;  // only happen when asked for
  }
  return simulator::ToString(end);
}

void PrintTries(const simulator::PushOutcome& outcome) {
  for (const simulator::TryRecord& record : outcome.tries) {
    const bool refused = record.end == simulator::TryEnd::kBadStatus || record.end == simulator::TryEnd::kBadReply;
    std::printf("    第 %d 次推送，第 %.1f–%.1f 秒：%s%s%s\n", record.number, Seconds(record.started),
                Seconds(record.ended), InWords(record.end), refused ? "：" : "", refused ? record.problem.c_str() : "");
  }
}

/// One follower's window in the terminal.
class Terminal {
 public:
  Terminal(simulator::Follower& follower, bool trace) : follower_(follower), trace_(trace) {}

  /// False when WeChat would have shown its failure notice.
  bool Say(const std::string& text) {
    std::printf("粉丝：%s\n", text.c_str());
    std::fflush(stdout);
    std::promise<simulator::PushOutcome> promise;
    follower_.Send(MessageOf(text), [&](const simulator::PushOutcome& outcome) { promise.set_value(outcome); });
    const simulator::PushOutcome outcome = promise.get_future().get();
    if (trace_) PrintTries(outcome);
    if (outcome.acknowledged()) {
      std::printf("（公众号收到了，没有回复）\n");
    } else if (outcome.failed()) {
      std::printf("微信：%s\n", std::string(simulator::kFaultNotice).c_str());
      if (!trace_) PrintTries(outcome);
    } else {
      const std::string shown = simulator::WithoutLinks(simulator::ReplyAsText(outcome.reply));
      std::printf("公众号（第 %d 次推送，%.1f 秒）：%s\n", outcome.try_number, Seconds(outcome.after), shown.c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
    return !outcome.failed();
  }

 private:
  static wechat::Incoming MessageOf(const std::string& text) {
    if (text == "/关注") return simulator::SubscribeEvent();
    if (text == "/取消关注") return simulator::UnsubscribeEvent();
    if (text == "/图片") return simulator::ImageMessage("http://mmbiz.qpic.cn/demo", "demo-media");
    if (text.starts_with("/语音 ")) return simulator::VoiceMessage("demo-media", text.substr(sizeof("/语音 ") - 1));
    if (text.starts_with("/菜单 ")) return simulator::ClickEvent(text.substr(sizeof("/菜单 ") - 1));
    return simulator::TextMessage(text);
  }

  simulator::Follower& follower_;
  const bool trace_;
};

bool Verify(simulator::WeChatSimulator& wechat) {
  std::promise<base::Result<void>> promise;
  wechat.VerifyUrl([&](base::Result<void> result) { promise.set_value(std::move(result)); });
  const base::Result<void> result = promise.get_future().get();
  if (!result) {
    std::printf("服务器配置验证：失败。%s\n\n", result.error().message.c_str());
    return false;
  }
  std::printf("服务器配置验证（%s）：通过\n\n", wechat.options().url.c_str());
  return true;
}

int Interactive(Terminal& terminal) {
  const bool prompt = ::isatty(STDIN_FILENO) != 0;
  if (prompt) {
    std::printf("直接输入文字；/关注 /取消关注 /图片 “/语音 文字” “/菜单 键” 模拟其他消息；Ctrl-D 结束。\n");
  }
  int exit_code = kExitOk;
  for (std::string line; (prompt ? std::printf("> "), std::fflush(stdout) : 0, std::getline(std::cin, line));) {
    if (line.empty()) continue;
    if (!terminal.Say(line)) exit_code = kExitFailed;
  }
  return exit_code;
}

}  // namespace

int RunChat(const ChatArguments& arguments) {
  const auto config = LoadConfigFile(arguments.config_file);
  if (!config) return kExitConfig;
  const config::AccountConfig* const account = FindAccount(*config, arguments.account);
  if (account == nullptr) return kExitUsage;
  signal(SIGPIPE, SIG_IGN);

  base::SystemClock clock;
  net::EventLoop loop(clock);
  net::CurlHttpClient client({}, loop);
  auto wechat = simulator::WeChatSimulator::Create(SimulatorOptions(*config, *account, arguments), loop, client);
  if (!wechat) {
    std::fprintf(stderr, "%s\n", wechat.error().message.c_str());
    return kExitConfig;
  }
  if (arguments.verify && !Verify(**wechat)) return kExitFailed;

  const std::string open_id = arguments.follower.empty() ? "o" + base::RandomHex(13) + "Q" : arguments.follower;
  simulator::Follower follower(**wechat, open_id, clock);
  Terminal terminal(follower, arguments.trace);
  if (arguments.messages.empty() && !arguments.verify) return Interactive(terminal);
  int exit_code = kExitOk;
  for (const std::string& message : arguments.messages) {
    if (!terminal.Say(message)) exit_code = kExitFailed;
  }
  return exit_code;
}

}  // namespace yingda::app
