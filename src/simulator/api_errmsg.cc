// SPDX-License-Identifier: MIT
#include "simulator/api_errmsg.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace yingda::simulator {
namespace {

constexpr std::array<std::pair<int, const char*>, 27> kMessages = {{
    {-1, "system error"},
    {40001, "invalid credential, access_token is invalid or not latest"},
    {40002, "invalid grant_type"},
    {40003, "invalid openid"},
    {40007, "invalid media_id"},
    {40008, "invalid message type"},
    {40013, "invalid appid"},
    {40014, "invalid access_token"},
    {40016, "invalid button size"},
    {40033, "invalid charset. please check your request, if include \\uxxxx will create fail!"},
    {40125, "invalid appsecret"},
    {40164, "invalid ip, not in whitelist"},
    {40243, "appsecret has been frozen"},
    {41001, "access_token missing"},
    {41002, "appid missing"},
    {41004, "appsecret missing"},
    {42001, "access_token expired"},
    {43001, "require GET method"},
    {43002, "require POST method"},
    {45002, "content size out of limit"},
    {45009, "reach max api daily quota limit"},
    {45011, "api minute-quota reach limit, must slower, retry next minute"},
    {45015, "response out of time limit or subscription is canceled"},
    {45047, "out of response count limit"},
    {45081, "already sent typing command"},
    {47001, "data format error"},
    {48001, "api unauthorized"},
}};

std::string MessageOf(int errcode) {
  for (const auto& [code, message] : kMessages) {
    if (code == errcode) return message;
  }
  return "refused";
}

}  // namespace

std::string ApiBody(const ApiAnswer& answer, const std::string& rid) {
  if (answer.errcode == 0) return answer.body.empty() ? R"({"errcode":0,"errmsg":"ok"})" : answer.body;
  const std::string message = answer.errmsg.empty() ? MessageOf(answer.errcode) : answer.errmsg;
  return nlohmann::json{{"errcode", answer.errcode}, {"errmsg", message + " rid: " + rid}}.dump();
}

}  // namespace yingda::simulator
