// SPDX-License-Identifier: MIT
#include "app/check_upstream.h"

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "app/upstream_verdict.h"
#include "base/utf8.h"
#include "model/openai_chat_model.h"
#include "model/upstream_error.h"
#include "platform/http_calls.h"

namespace yingda::app {
namespace {

using nlohmann::json;

constexpr const char* kQuestion = "请只回复两个字：你好";
constexpr int kMaxTokens = 64;
constexpr size_t kSeenBytes = 4096;
constexpr size_t kMostListBytes = size_t{4} * 1024 * 1024;
constexpr size_t kMostModels = 10'000;
constexpr size_t kMostNameBytes = 100;

/// Passes calls on and notes what the chat model has no use for: what kind of answer it was that failed.
class Witness final : public net::HttpClient {
 public:
  Witness(net::HttpClient& client, UpstreamFindings& findings) : client_(client), findings_(findings) {}

  CallId Start(net::HttpClientRequest request, net::HttpClientEvents events) override {
    beginning_.clear();
    findings_ = UpstreamFindings{};  // the model may ask once more, in other words
    net::HttpClientEvents seen;
    seen.on_head = [this, next = std::move(events.on_head)](const net::HttpClientHead& head) {
      findings_.status = head.status;
      findings_.location = head.Header("location");
      findings_.web_page = head.Header("content-type").starts_with("text/html");
      if (next) next(head);
    };
    seen.on_body = [this, next = std::move(events.on_body)](std::string_view bytes) {
      beginning_ += bytes.substr(0, kSeenBytes - beginning_.size());
      Look();
      if (next) next(bytes);
    };
    seen.on_done = [this, next = std::move(events.on_done)](const base::Result<void>& result) {
      if (!result) findings_.trouble = result.error().message;
      if (next) next(result);
    };
    return client_.Start(std::move(request), std::move(seen));
  }
  void Cancel(CallId id) override { client_.Cancel(id); }

 private:
  /// An answer that fails is often told before its body has ended.
  void Look() {
    if (base::TrimBlanks(beginning_).starts_with('<')) findings_.web_page = true;
    if (findings_.status >= 200 && findings_.status < 300) return;
    findings_.code = model::ErrorFromBody(findings_.status, beginning_).code;
    findings_.wants_https = beginning_.find("HTTPS port") != beginning_.npos ||
                            beginning_.find("HTTP request to an HTTPS server") != beginning_.npos;
  }

  net::HttpClient& client_;
  UpstreamFindings& findings_;
  std::string beginning_;
};

bool IsPlainName(const std::string& name) {
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"'; };
  return !name.empty() && name.size() <= kMostNameBytes && std::all_of(name.begin(), name.end(), plain);
}

/// Nothing when it is no list of models.
std::optional<std::vector<std::string>> ModelNames(const platform::HttpAnswer& answer) {
  if (answer.status != 200) return std::nullopt;
  const json body = json::parse(answer.body, nullptr, false);
  if (!body.is_object()) return std::nullopt;
  const auto list = body.find("data");
  if (list == body.end() || !list->is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const json& model : *list) {
    const auto id = model.is_object() ? model.find("id") : model.end();
    if (!model.is_object() || id == model.end() || !id->is_string()) continue;
    const auto& name = id->get_ref<const std::string&>();
    if (IsPlainName(name) && names.size() < kMostModels) names.push_back(name);
  }
  return names;
}

/// These have no use for a question without a key.
bool NeedsKey(model::Dialect dialect) {
  return dialect != model::Dialect::kPlain && dialect != model::Dialect::kLocal && dialect != model::Dialect::kOllama;
}

/// One upstream's check: the question, then, if that leaves the address in doubt, a list of models or two. Made
/// anywhere; starts, runs and ends on the loop.
class UpstreamProbe {
 public:
  UpstreamProbe(model::UpstreamOptions upstream, net::HttpClient& client, net::EventLoop& loop,
                const UpstreamCheckLimits& limits)
      : upstream_(std::move(upstream)),
        loop_(loop),
        limits_(limits),
        witness_(client, findings_),
        model_(Options(upstream_, limits), witness_, loop, *logger_, metrics_),
        lists_(client, loop) {}

  void Start(std::function<void()> done) {
    done_ = std::move(done);
    started_ = loop_.clock().Now();
    model::ChatRequest request;
    request.messages = {{"user", kQuestion}};
    request.deadline = started_ + limits_.question;
    request.request_id = "check";
    call_ = model_.Ask(request, {[this](std::string_view) {
                                   if (!findings_.first_token) findings_.first_token = loop_.clock().Now() - started_;
                                 },
                                 [this](const model::ChatOutcome& outcome) { Answered(outcome); }});
  }

  OnlineReport Report() const { return UpstreamVerdict(upstream_, findings_); }

 private:
  static model::UpstreamOptions Options(model::UpstreamOptions upstream, const UpstreamCheckLimits& limits) {
    upstream.max_tokens = kMaxTokens;
    // How late the first word comes is what is to be found out.
    upstream.first_token_timeout = std::max(upstream.first_token_timeout, limits.question);
    return upstream;
  }

  void Answered(const model::ChatOutcome& outcome) {
    findings_.outcome = outcome;
    findings_.total = loop_.clock().Now() - started_;
    if (!AddressInDoubt(findings_)) {
      done_();
      return;
    }
    List(upstream_.base_url, [this](std::optional<std::vector<std::string>> names) {
      findings_.models = std::move(names);
      const std::string suggested = findings_.models ? "" : SuggestedBaseUrl(upstream_);
      if (suggested.empty()) {
        done_();
        return;
      }
      List(suggested, [this, suggested](const std::optional<std::vector<std::string>>& found) {
        if (found) findings_.better_base_url = suggested;
        done_();
      });
    });
  }

  void List(const std::string& base_url, std::function<void(std::optional<std::vector<std::string>>)> then) {
    net::HttpClientRequest request;
    request.url = model::ModelsUrl(base_url);
    request.connect_timeout = upstream_.connect_timeout;
    request.max_response_bytes = kMostListBytes;
    model::AddHeaders(upstream_, request);
    lists_.Start(std::move(request), loop_.clock().Now() + limits_.lookup,
                 [then = std::move(then)](const base::Result<platform::HttpAnswer>& answer) {
                   then(answer ? ModelNames(*answer) : std::nullopt);
                 });
  }

  const model::UpstreamOptions upstream_;
  net::EventLoop& loop_;
  const UpstreamCheckLimits limits_;
  const std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  UpstreamFindings findings_;
  Witness witness_;
  model::OpenAiChatModel model_;
  platform::HttpCalls lists_;
  base::TimePoint started_;
  std::unique_ptr<model::ChatCall> call_;
  std::function<void()> done_;
};

OnlineReport KeyIsMissing(const model::UpstreamOptions& upstream) {
  return {false, {"✗ 模型 " + upstream.name + "：没有写 api_key，这家服务一定要它，所以没有提问。请填写。"}};
}

}  // namespace

std::vector<OnlineReport> CheckUpstreamsOnline(const std::vector<model::UpstreamOptions>& upstreams,
                                               net::HttpClient& client, net::EventLoop& loop,
                                               const UpstreamCheckLimits& limits) {
  struct Check {
    std::unique_ptr<UpstreamProbe> probe;  // null: not asked
    std::promise<void> done;
  };
  std::vector<Check> checks(upstreams.size());
  for (size_t i = 0; i < upstreams.size(); ++i) {
    // A dialect that is set by hand may be that of somebody's own server, and a key may be in a header of its own.
    const bool known = NeedsKey(model::DetectDialect(upstreams[i].base_url));
    if (upstreams[i].api_key.empty() && upstreams[i].extra_headers.empty() && known) continue;
    checks[i].probe = std::make_unique<UpstreamProbe>(upstreams[i], client, loop, limits);
    loop.Post([&check = checks[i]] { check.probe->Start([&check] { check.done.set_value(); }); });
  }
  std::vector<OnlineReport> reports;
  for (size_t i = 0; i < upstreams.size(); ++i) {
    if (checks[i].probe) checks[i].done.get_future().wait();
  }
  std::promise<void> ended;
  loop.Post([&] {
    for (size_t i = 0; i < upstreams.size(); ++i) {
      reports.push_back(checks[i].probe ? checks[i].probe->Report() : KeyIsMissing(upstreams[i]));
      checks[i].probe.reset();
    }
    ended.set_value();
  });
  ended.get_future().wait();
  return reports;
}

}  // namespace yingda::app
