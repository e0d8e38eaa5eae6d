// SPDX-License-Identifier: MIT
#include "simulator/api_account.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace yingda::simulator {
namespace {

using Json = nlohmann::json;

enum class Needs { kNothing, kVerification };
struct Endpoint {
  const char* method;
  Needs needs;
};

const std::map<std::string, Endpoint>& Endpoints() {
  static const std::map<std::string, Endpoint> endpoints = {
      {"/cgi-bin/token", {"GET", Needs::kNothing}},
      {"/cgi-bin/stable_token", {"POST", Needs::kNothing}},
      {"/cgi-bin/getcallbackip", {"GET", Needs::kNothing}},
      {"/cgi-bin/get_api_domain_ip", {"GET", Needs::kNothing}},
      {"/cgi-bin/callback/check", {"POST", Needs::kNothing}},
      {"/cgi-bin/get_current_autoreply_info", {"GET", Needs::kNothing}},
      {"/cgi-bin/get_current_selfmenu_info", {"GET", Needs::kNothing}},
      {"/cgi-bin/clear_quota", {"POST", Needs::kNothing}},
      {"/cgi-bin/openapi/quota/get", {"POST", Needs::kNothing}},
      {"/cgi-bin/message/custom/send", {"POST", Needs::kVerification}},
      {"/cgi-bin/message/custom/typing", {"POST", Needs::kVerification}},
      {"/cgi-bin/message/template/send", {"POST", Needs::kVerification}},
      {"/cgi-bin/message/template/subscribe", {"POST", Needs::kVerification}},
      {"/cgi-bin/message/subscribe/bizsend", {"POST", Needs::kVerification}},
      {"/cgi-bin/menu/create", {"POST", Needs::kVerification}},
      {"/cgi-bin/menu/get", {"GET", Needs::kVerification}},
      {"/cgi-bin/menu/delete", {"GET", Needs::kVerification}},
      {"/cgi-bin/menu/addconditional", {"POST", Needs::kVerification}},
      {"/cgi-bin/menu/delconditional", {"POST", Needs::kVerification}},
      {"/cgi-bin/menu/trymatch", {"POST", Needs::kVerification}},
      {"/cgi-bin/media/upload", {"POST", Needs::kVerification}},
      {"/cgi-bin/qrcode/create", {"POST", Needs::kVerification}},
      {"/cgi-bin/user/info", {"GET", Needs::kVerification}},
      {"/cgi-bin/tags/create", {"POST", Needs::kVerification}},
      {"/wxa/msg_sec_check", {"POST", Needs::kNothing}},
  };
  return endpoints;
}

constexpr int kClearsAMonth = 10;
constexpr int64_t kDaysAMonth = 30;  // near enough for a fake
constexpr int64_t kBeijingSeconds = 8 * 3600;

Json ParseObject(const std::string& body) {
  Json json = Json::parse(body, nullptr, false);
  return json.is_object() ? json : Json();
}

std::string TokenBody(const ApiTokens::Token& token, base::TimePoint now) {
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(token.expires - now).count();
  return Json{{"access_token", token.value}, {"expires_in", left}}.dump();
}

/// The fake's own good answers to calls that change nothing here, in the shape that WeChat documents.
std::string PlainBody(const std::string& path, const ApiAccountOptions& options) {
  if (path == "/cgi-bin/getcallbackip") return Json{{"ip_list", options.push_addresses}}.dump();
  if (path == "/cgi-bin/get_api_domain_ip") return Json{{"ip_list", {"127.0.0.1"}}}.dump();
  if (path == "/cgi-bin/get_current_autoreply_info") return options.auto_reply_info;
  if (path == "/cgi-bin/callback/check") {
    return R"({"dns":[{"ip":"127.0.0.1","real_operator":"DEFAULT"}],)"
           R"("ping":[{"ip":"127.0.0.1","from_operator":"DEFAULT","package_loss":"0%","time":"1.0ms"}]})";
  }
  if (path == "/cgi-bin/qrcode/create") {
    return R"({"ticket":"fake-ticket","expire_seconds":1800,"url":"http://weixin.qq.com/q/fake"})";
  }
  if (path == "/cgi-bin/message/template/send") return R"({"errcode":0,"errmsg":"ok","msgid":200228332})";
  if (path == "/cgi-bin/menu/addconditional") return R"({"menuid":"208379533"})";
  if (path == "/wxa/msg_sec_check") return R"({"errcode":0,"errmsg":"ok","result":{"suggest":"pass","label":100}})";
  return {};
}

}  // namespace

ApiAccount::ApiAccount(ApiAccountOptions options)
    : options_(std::move(options)), tokens_(options_.tokens), windows_(options_.windows) {}

bool ApiAccount::Knows(const std::string& path) { return Endpoints().contains(path); }

bool ApiAccount::IsTokenEndpoint(const std::string& path) {
  return path == "/cgi-bin/token" || path == "/cgi-bin/stable_token";
}

ApiAnswer ApiAccount::Answer(const ApiRequest& request, base::TimePoint now, base::WallTime wall) {
  const int64_t seconds = base::UnixSeconds(wall);
  const int64_t day = (seconds + kBeijingSeconds) / (24 * 3600);  // quotas begin anew at midnight in Beijing
  ApiAnswer answer;
  const Endpoint endpoint = Endpoints().at(request.path);
  if (request.method != endpoint.method) {
    answer.errcode = endpoint.method == std::string("GET") ? 43001 : 43002;
    return answer;
  }
  const bool token_endpoint = IsTokenEndpoint(request.path);
  if (!token_endpoint) {
    const ApiTokens::Verdict verdict = tokens_.Check(request.access_token, now);
    answer.generation = verdict.generation;
    answer.errcode = verdict.errcode;
    if (answer.errcode != 0) return answer;
    if (endpoint.needs == Needs::kVerification && !options_.verified) answer.errcode = 48001;
    if (answer.errcode != 0) return answer;
  }
  answer.errcode = token_endpoint ? RefusesCaller(request) : 0;
  if (answer.errcode == 40164) {
    answer.errmsg = "invalid ip " + options_.refused_ip + " ipv6 ::ffff:" + options_.refused_ip + ", not in whitelist";
  }
  if (answer.errcode == 0) answer.errcode = CountCall(request.path, seconds / 60, day);
  if (answer.errcode != 0) return answer;
  if (token_endpoint) return AnswerToken(request, now, day);
  answer.errcode = Serve(request, now, day, answer);
  const auto scripted = options_.bodies.find(request.path);
  if (answer.errcode == 0 && scripted != options_.bodies.end()) answer.body = scripted->second;
  return answer;
}

int ApiAccount::RefusesCaller(const ApiRequest& request) const {
  if (request.grant_type != "client_credential") return 40002;
  if (request.app_id.empty()) return 41002;
  if (request.secret.empty()) return 41004;
  if (request.app_id != options_.app_id) return 40013;
  if (request.secret != options_.secret) return 40125;
  if (options_.secret_frozen) return 40243;
  return options_.refused_ip.empty() || options_.mini_program ? 0 : 40164;
}

int ApiAccount::CountCall(const std::string& path, int64_t minute, int64_t day) {
  const auto over = [&](const std::map<std::string, int>& limits, Used& used, int64_t period) {
    if (used.period != period) used = {period, 0};
    const auto limit = limits.find(path);
    return limit != limits.end() && used.calls >= limit->second;
  };
  Used& a_minute = this_minute_[path];
  Used& a_day = today_[path];
  if (over(options_.calls_a_day, a_day, day)) return 45009;
  if (over(options_.calls_a_minute, a_minute, minute)) return 45011;
  ++a_minute.calls;
  ++a_day.calls;
  return 0;
}

ApiAnswer ApiAccount::AnswerToken(const ApiRequest& request, base::TimePoint now, int64_t day) {
  const ApiTokens::Token& token =
      request.path == "/cgi-bin/token" ? tokens_.Legacy(now) : tokens_.Stable(request.force_refresh, now, day);
  ApiAnswer answer;
  answer.generation = token.generation;
  answer.body = TokenBody(token, now);
  return answer;
}

int ApiAccount::Serve(const ApiRequest& request, base::TimePoint now, int64_t day, ApiAnswer& answer) {
  const std::string& path = request.path;
  if (path == "/cgi-bin/message/custom/send") return Deliver(request, now, answer);
  if (path == "/cgi-bin/message/custom/typing") {
    const CheckedTyping typing = CheckTyping(request.body);
    if (typing.errcode != 0) return typing.errcode;
    if (!typing.cancel) return windows_.Typing(typing.open_id, now);
    windows_.CancelTyping(typing.open_id);
    return 0;
  }
  if (path.starts_with("/cgi-bin/menu/") || path == "/cgi-bin/get_current_selfmenu_info") {
    return ServeMenu(request, answer);
  }
  if (path == "/cgi-bin/media/upload") {
    if (request.body.empty()) return 44002;
    const std::string media_id = "fake-media-" + std::to_string(++uploads_);
    AddMedia(media_id);
    answer.body = Json{{"type", "image"}, {"media_id", media_id}, {"created_at", 1'700'000'000}}.dump();
    return 0;
  }
  if (path == "/cgi-bin/clear_quota") return ClearQuota(request, day);
  if (path == "/cgi-bin/openapi/quota/get") {
    const Json asked = ParseObject(request.body);
    const std::string about = asked.is_object() ? asked.value("cgi_path", "") : "";
    if (!Knows(about)) return 76003;
    const auto limit = options_.calls_a_day.find(about);
    const int a_day = limit == options_.calls_a_day.end() ? 0 : limit->second;
    const Used used = today_[about].period == day ? today_[about] : Used{};
    answer.body = Json{{"errcode", 0},
                       {"errmsg", "ok"},
                       {"quota", {{"daily_limit", a_day}, {"used", used.calls}, {"remain", a_day - used.calls}}}}
                      .dump();
    return 0;
  }
  answer.body = PlainBody(path, options_);
  return 0;
}

int ApiAccount::Deliver(const ApiRequest& request, base::TimePoint now, ApiAnswer& answer) {
  CustomerMessageRules rules;
  rules.max_text_bytes = options_.max_text_bytes;
  rules.mini_program = options_.mini_program;
  rules.menus_allowed = !options_.test_account;
  rules.media_exists = [this](const std::string& media_id) { return media_.contains(media_id); };
  CheckedCustomerMessage checked = CheckCustomerMessage(request.body, rules);
  if (checked.errcode != 0) return checked.errcode;
  const int refused = windows_.Send(checked.message.open_id, now);
  if (refused == 0) answer.delivered = std::move(checked.message);
  return refused;
}

int ApiAccount::ServeMenu(const ApiRequest& request, ApiAnswer& answer) {
  const std::string& path = request.path;
  if (path == "/cgi-bin/menu/create") {
    const Json menu = ParseObject(request.body);
    if (menu.is_null()) return request.body.empty() ? 44002 : 47001;
    const auto buttons = menu.find("button");
    if (buttons == menu.end() || !buttons->is_array() || buttons->empty() || buttons->size() > 3) return 40016;
    menu_ = request.body;
    return 0;
  }
  if (path == "/cgi-bin/menu/delete") {
    menu_.clear();
    return 0;
  }
  if (path == "/cgi-bin/menu/get") {
    if (menu_.empty()) return 46003;
    answer.body = R"({"menu":)" + menu_ + "}";
    return 0;
  }
  if (path == "/cgi-bin/get_current_selfmenu_info") {
    answer.body = menu_.empty() ? R"({"is_menu_open":0})" : R"({"is_menu_open":1,"selfmenu_info":)" + menu_ + "}";
    return 0;
  }
  if (path == "/cgi-bin/menu/addconditional" && menu_.empty()) return 65303;
  answer.body = PlainBody(path, options_);
  return 0;
}

int ApiAccount::ClearQuota(const ApiRequest& request, int64_t day) {
  const Json json = ParseObject(request.body);
  if (!json.is_object()) return request.body.empty() ? 44002 : 47001;
  if (json.value("appid", "") != options_.app_id) return 40013;
  if (cleared_.period != day / kDaysAMonth) cleared_ = {day / kDaysAMonth, 0};
  if (cleared_.calls >= kClearsAMonth) return 48006;
  ++cleared_.calls;
  today_.clear();
  return 0;
}

}  // namespace yingda::simulator
