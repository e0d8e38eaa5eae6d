// SPDX-License-Identifier: MIT
#include "server/statistics_handler.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace yingda::server {
namespace {

constexpr const char* kJsonType = "application/json; charset=utf-8";
constexpr size_t kListedRules = 1000;
constexpr int kUsualDays = 7;
constexpr int kMostDays = 30;

std::string Dump(const nlohmann::json& body) {
  return body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

net::HttpResponse Refusal(int status, const std::string& what) {
  return {status, kJsonType, Dump({{"error", what}}), {}};
}

/// "2026-11-21", of a day as base::ChinaDay counts.
std::string Date(int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

std::string Moment(base::WallTime at) {
  const int64_t minutes = std::chrono::floor<std::chrono::minutes>(at + std::chrono::hours(8)).time_since_epoch() /
                          std::chrono::minutes(1) % (24 * 60);
  char text[16];
  std::snprintf(text, sizeof text, " %02d:%02d", static_cast<int>(minutes / 60), static_cast<int>(minutes % 60));
  return Date(base::ChinaDay(at)) + text;
}

nlohmann::json Rules(const std::vector<bot::RuleUse>& rules) {
  nlohmann::json list = nlohmann::json::array();
  for (const bot::RuleUse& rule : rules) {
    if (list.size() >= kListedRules) break;
    list.push_back({{"name", rule.name}, {"file", rule.file}, {"messages", rule.messages}});
    if (rule.line > 0) list.back()["line"] = rule.line;
  }
  return list;
}

nlohmann::json Words(const std::vector<bot::WordUse>& uses) {
  nlohmann::json list = nlohmann::json::array();
  for (const bot::WordUse& use : uses) {
    list.push_back({{"name", use.name},
                    {"direction", use.inbound ? "inbound" : "outbound"},
                    {"level", use.level},
                    {"messages", use.messages}});
  }
  return list;
}

}  // namespace

std::string StatisticsJson(const std::string& account, const bot::StatisticsReport& report,
                           const std::vector<std::string>& accounts) {
  nlohmann::json messages = nlohmann::json::object();
  for (const auto& [route, count] : report.messages) messages[route] = count;
  nlohmann::json common = nlohmann::json::array();
  for (const bot::CommonQuestion& question : report.common_questions) {
    common.push_back({{"at_least", question.at_least}, {"at_most", question.at_most}});
    if (report.keeps_texts) common.back()["text"] = question.text;
  }
  return Dump({{"account", account},
               {"accounts", accounts},
               {"first_day", Date(report.first_day)},
               {"last_day", Date(report.last_day)},
               {"messages", std::move(messages)},
               {"rules", Rules(report.rules)},
               {"rules_used", report.rules.size()},
               {"never", Rules(report.never)},
               {"rules_never_used", report.never.size()},
               {"messages_by_gone_rules", report.by_gone_rules},
               {"messages_by_unnamed_rules", report.by_unnamed_rules},
               {"word_files", Words(report.files)},
               {"word_tags", Words(report.tags)},
               {"questions",
                {{"since", Moment(report.questions_since)},
                 {"texts_kept", report.keeps_texts},
                 {"asked", report.questions},
                 {"repeated", report.repeated_questions},
                 {"common", std::move(common)}}}});
}

void StatisticsHandler::Serve(net::HttpServer& server) {
  server.Handle("GET", "/stats", [this](const auto& request, auto responder) { responder.Send(Answer(request)); });
}

net::HttpResponse StatisticsHandler::Answer(const net::HttpRequest& request) const {
  const bot::Account* account = nullptr;
  std::vector<std::string> names;
  for (const bot::Account* const candidate : accounts_) {
    names.push_back(candidate->name);
    const bool meant = request.HasParameter("account") ? candidate->name == request.Parameter("account") : !account;
    if (meant) account = candidate;
  }
  if (account == nullptr || account->statistics == nullptr) {
    return {404, kJsonType, Dump({{"error", "no such account"}, {"accounts", names}}), {}};
  }
  int days = kUsualDays;
  if (request.HasParameter("days")) {
    const std::string_view wanted = request.Parameter("days");
    const auto read = std::from_chars(wanted.data(), wanted.data() + wanted.size(), days);
    if (read.ec != std::errc() || read.ptr != wanted.data() + wanted.size() || days < 1 || days > kMostDays) {
      return Refusal(400, "days= must be a number from 1 to " + std::to_string(kMostDays));
    }
  }
  return {200, kJsonType, StatisticsJson(account->name, account->statistics->Report(days), names), {}};
}

}  // namespace yingda::server
