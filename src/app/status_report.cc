// SPDX-License-Identifier: MIT
#include "app/status_report.h"

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>

namespace yingda::app {
namespace {

using Json = nlohmann::ordered_json;
using State = model::UpstreamHealth::State;

struct StateName {
  State state;
  const char* key;
  const char* chinese;
};
constexpr std::array kStates = {
    StateName{State::kWell, "well", "正常"},
    StateName{State::kResting, "resting", "被限流，歇一会儿再问"},
    StateName{State::kProbing, "probing", "出过错，正在试一次"},
    StateName{State::kOpen, "open", "老是出错，先不问"},
    StateName{State::kParked, "parked", "停用：密钥、余额或模型名不对，请检查"},
};

Json FailureJson(const ReloadFailure& failure) {
  return {{"at_ms", base::UnixMilliseconds(failure.at)}, {"errors", failure.errors}, {"more_errors", failure.more}};
}

/// In the time zone of whoever reads it.
std::string Moment(int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm local{};
  std::array<char, 64> text{};
  if (::localtime_r(&seconds, &local) == nullptr) return "?";
  return {text.data(), std::strftime(text.data(), text.size(), "%m-%d %H:%M:%S", &local)};
}

std::string Span(int64_t milliseconds) {
  const int64_t minutes = milliseconds / 60'000;
  if (minutes < 1) return std::to_string(milliseconds / 1000) + " 秒";
  if (minutes < 60) return std::to_string(minutes) + " 分钟";
  if (minutes < 48 * 60) return std::to_string(minutes / 60) + " 小时 " + std::to_string(minutes % 60) + " 分钟";
  return std::to_string(minutes / (24 * 60)) + " 天";
}

void AddFailure(const Json& of, const char* still, std::string& text) {
  const auto failed = of.find("failed");
  if (failed == of.end()) return;
  text += "  ✗ " + Moment(failed->value("at_ms", int64_t{0})) + " 的改动有错，" + still + "：\n";
  for (const Json& error : failed->value("errors", Json::array())) text += "      " + error.get<std::string>() + "\n";
  const auto more = failed->value("more_errors", size_t{0});
  if (more > 0) text += "      还有 " + std::to_string(more) + " 处\n";
}

std::string Number(const Json& of, const char* key) { return std::to_string(of.value(key, int64_t{0})); }

StatusPage Page(const Json& status) {
  StatusPage page;
  const auto now = status.value("now_ms", int64_t{0});
  const auto started = status.value("started_ms", int64_t{0});
  page.text = std::string(status.value("ready", false) ? "正在服务" : "✗ 没有在接收推送（正在启动或停止）") + "，从 " +
              Moment(started) + "（本机时间，下同）起，已经 " + Span(now - started) + "\n";
  page.text +=
      "等待回复的推送 " + Number(status, "pushes_waiting") + " 个，进行中的消息 " + Number(status, "jobs") + " 条\n";
  for (const Json& account : status.at("accounts")) {
    page.text += "账号 " + account.value("name", "") + "：规则 " + Number(account, "rules") + " 条，敏感词 " +
                 Number(account, "words") + " 个；第 " + Number(account, "generation") + " 版，" +
                 Moment(account.value("loaded_ms", int64_t{0})) + " 生效\n";
    AddFailure(account, "仍在用上面这一版", page.text);
  }
  const Json& config = status.at("config");
  page.text += "配置：" + Moment(config.value("loaded_ms", int64_t{0})) + " 读入\n";
  AddFailure(config, "仍在用原来的配置", page.text);
  std::string restart;
  for (const Json& key : config.value("needs_restart", Json::array())) {
    restart += (restart.empty() ? "" : "、") + key.get<std::string>();
  }
  if (!restart.empty()) page.text += "  需要重启才生效：" + restart + "\n";
  for (const Json& upstream : status.value("upstreams", Json::array())) {
    const std::string key = upstream.value("state", "");
    std::string state = key;
    for (const StateName& name : kStates) {
      if (key == name.key) state = name.chinese;
    }
    page.text += "模型 " + upstream.value("name", "") + "：" + state + "\n";
  }
  const std::string watch = status.value("watch", "");
  if (watch == "poll") page.text += "文件的改动靠定时查看发现（间隔是 reload: poll_every）\n";
  if (watch == "off")
    page.text += "改了文件要发 SIGHUP（kill -HUP 进程号）才读入，因为配置里写了 reload: {watch: off}\n";
  page.failed = status.value("reload_failed", false);
  return page;
}

}  // namespace

std::string StatusJson(const ServerStatus& status) {
  const ReloadStatus& reload = status.reload;
  Json json = {{"started_ms", base::UnixMilliseconds(status.started)},
               {"now_ms", base::UnixMilliseconds(status.now)},
               {"ready", status.ready},
               {"pushes_waiting", status.pushes_waiting},
               {"jobs", status.jobs},
               {"reload_failed", reload.Failed()},
               {"watch", reload.watch},
               {"accounts", Json::array()},
               {"upstreams", Json::array()}};
  for (const ReloadStatus::Account& account : reload.accounts) {
    Json one = {{"name", account.name},
                {"rules", account.rules},
                {"words", account.words},
                {"generation", account.generation},
                {"loaded_ms", base::UnixMilliseconds(account.loaded)}};
    if (account.failed) one["failed"] = FailureJson(*account.failed);
    json["accounts"].push_back(std::move(one));
  }
  json["config"] = {{"loaded_ms", base::UnixMilliseconds(reload.config_loaded)},
                    {"needs_restart", reload.needs_restart}};
  if (reload.config_failed) json["config"]["failed"] = FailureJson(*reload.config_failed);
  for (const ServerStatus::Upstream& upstream : status.upstreams) {
    const char* state = "";
    for (const StateName& name : kStates) {
      if (name.state == upstream.state) state = name.key;
    }
    json["upstreams"].push_back({{"name", upstream.name}, {"state", state}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

StatusPage ReadStatus(const std::string& json) {
  try {
    return Page(Json::parse(json));
  } catch (const Json::exception&) {
    return {};  // another program answers there
  }
}

}  // namespace yingda::app
