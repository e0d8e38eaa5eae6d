// SPDX-License-Identifier: MIT
#include "platform/wechat_api.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "platform/errcodes.h"
#include "platform/token_endpoint.h"

namespace yingda::platform {
namespace {

using base::ErrorCode;
using nlohmann::json;

constexpr base::Duration kBetweenSameLogs = std::chrono::hours(1);

/// The last one clears one interface, and then all count as cleared: one that is not says so at its next call.
bool ClearsQuota(std::string_view path) {
  return path == "/cgi-bin/clear_quota" || path == "/cgi-bin/clear_quota/v2" || path == "/cgi-bin/openapi/quota/clear";
}

/// Files go up and down there.
bool IsMedia(std::string_view path) {
  return path.find("/media/") != path.npos || path.find("/material/") != path.npos;
}

ApiAnswer Read(HttpAnswer answer) {
  ApiAnswer read{answer.status, std::move(answer.content_type), std::move(answer.body), false, false, 0, {}};
  // Media come as they are; nothing else is worth parsing.
  const size_t first = read.body.find_first_not_of(" \t\r\n");
  if (first == read.body.npos || read.body[first] != '{') return read;
  const json body = json::parse(read.body, nullptr, false);
  read.json = body.is_object();
  if (!read.json) return read;
  const auto errcode = body.find("errcode");
  read.has_errcode = errcode != body.end() && errcode->is_number_integer();
  if (read.has_errcode) read.errcode = errcode->get<int>();
  const auto errmsg = body.find("errmsg");
  if (errmsg != body.end() && errmsg->is_string()) read.errmsg = errmsg->get<std::string>();
  return read;
}

ApiAnswer QuotaAnswer() {
  ApiAnswer answer{200,
                   "application/json; charset=utf-8",
                   {},
                   true,
                   true,
                   45009,
                   "daily calls used up until 00:00 Asia/Shanghai; one call in 30 minutes is tried"};
  answer.body = json({{"errcode", answer.errcode}, {"errmsg", answer.errmsg}}).dump();
  return answer;
}

}  // namespace

WeChatApi::WeChatApi(Options options, TokenProvider* tokens, net::HttpClient& client, net::EventLoop& loop,
                     base::Logger& logger, base::Metrics& metrics)
    : options_(std::move(options)),
      tokens_(tokens),
      loop_(loop),
      logger_(logger),
      metrics_(metrics),
      http_(client, loop),
      quota_(options_.account, loop, metrics) {}

WeChatApi::~WeChatApi() {
  for (const auto& [id, open] : open_) {
    if (open.timer != 0) loop_.Cancel(open.timer);
  }
}

void WeChatApi::Call(ApiCall call, Done done) {
  if (!quota_.MayCall(call.path)) {
    done(QuotaAnswer());
    return;
  }
  if (open_.size() >= options_.max_calls) {
    done(base::Error{ErrorCode::kUnavailable, "too many calls to WeChat's API are under way"});
    return;
  }
  const CallId id = ++last_;
  Open& open = open_[id];
  open.deadline = loop_.clock().Now() + (IsMedia(call.path) ? options_.media_deadline : options_.deadline);
  open.call = std::move(call);
  open.done = std::move(done);
  if (tokens_ == nullptr) {
    Send(id, {});
  } else {
    AskForToken(id);
  }
}

void WeChatApi::AskForToken(CallId id) {
  Open& open = open_.at(id);
  open.timer = loop_.At(open.deadline, [this, id] {
    open_.at(id).timer = 0;
    End(id, base::Error{ErrorCode::kUnavailable, "no access token in time"});
  });
  tokens_->Get([weak = std::weak_ptr(self_), id](base::Result<AccessToken> token) {
    const auto alive = weak.lock();
    if (!alive) return;
    WeChatApi& self = **alive;
    const auto at = self.open_.find(id);
    if (at == self.open_.end()) return;
    self.loop_.Cancel(std::exchange(at->second.timer, 0));
    if (!token) {
      self.End(id, token.error());
      return;
    }
    at->second.generation = token->generation;
    self.Send(id, token->value);
  });
}

void WeChatApi::Send(CallId id, const std::string& token) {
  const Open& open = open_.at(id);
  net::HttpClientRequest request;
  request.method = open.call.method;
  request.url = options_.api_base + open.call.path;
  if (tokens_ != nullptr) request.url += "?access_token=" + QueryEscaped(token);
  if (!open.call.query.empty()) request.url += (tokens_ != nullptr ? "&" : "?") + open.call.query;
  if (!open.call.body.empty() && !open.call.content_type.empty())
    request.headers.emplace_back("Content-Type", open.call.content_type);
  if (!options_.api_key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_.api_key);
  request.body = open.call.body;
  request.at_most_once = true;
  request.max_response_bytes = options_.max_response_bytes;
  http_.Start(std::move(request), open.deadline,
              [this, id](base::Result<HttpAnswer> answer) { OnAnswer(id, std::move(answer)); });
}

void WeChatApi::OnAnswer(CallId id, base::Result<HttpAnswer> answer) {
  if (!answer) {
    End(id, answer.error());
    return;
  }
  Open& open = open_.at(id);
  ApiAnswer read = Read(*std::move(answer));
  Note(open.call.path, read);
  if (tokens_ != nullptr && FindErrcode(read.errcode).action == ErrcodeAction::kRefreshToken) {
    tokens_->Refused(open.generation);
    if (!std::exchange(open.again, true)) {
      AskForToken(id);
      return;
    }
  }
  End(id, std::move(read));
}

void WeChatApi::End(CallId id, base::Result<ApiAnswer> result) {
  const auto at = open_.find(id);
  if (at == open_.end()) return;
  const Done done = std::move(at->second.done);
  open_.erase(at);
  done(std::move(result));
}

void WeChatApi::Note(const std::string& path, const ApiAnswer& answer) {
  if (answer.has_errcode && answer.errcode == 0 && ClearsQuota(path)) quota_.Clear();
  if (answer.errcode == 0) {
    if (answer.status == 200) quota_.Worked(path);
    return;
  }
  metrics_
      .Counter("yingda_wechat_errors_total", "Calls that WeChat's API answered with an errcode",
               {{"account", options_.account}, {"errcode", ErrcodeLabel(answer.errcode)}})
      .Add();
  const Errcode known = FindErrcode(answer.errcode);
  if (known.action == ErrcodeAction::kStopForToday) quota_.Exhausted(path);
  const bool somebody_must_act = known.action == ErrcodeAction::kAlert || known.action == ErrcodeAction::kDisable ||
                                 known.action == ErrcodeAction::kStopForToday;
  if (!somebody_must_act) return;
  const base::TimePoint now = loop_.clock().Now();
  const auto last = logged_.find(answer.errcode);
  if (last != logged_.end() && now - last->second < kBetweenSameLogs) return;
  logged_[answer.errcode] = now;
  const std::string address = AddressIn(answer.errmsg);
  logger_.Error("wechat_refuses", {{"account", options_.account},
                                   {"path", path},
                                   {"errcode", answer.errcode},
                                   {"what", known.meaning},
                                   {"address", address}});
}

}  // namespace yingda::platform
