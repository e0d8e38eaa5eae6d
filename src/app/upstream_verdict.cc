// SPDX-License-Identifier: MIT
#include "app/upstream_verdict.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace yingda::app {
namespace {

using namespace std::chrono_literals;
using model::ChatFailure;
using model::Dialect;

/// What WeChat's first push waits for, and all three together, with room for the way.
constexpr base::Duration kFirstTry = 4500ms;
constexpr base::Duration kAllTries = 14s;
constexpr size_t kShownModels = 5;
constexpr size_t kMaxShownBytes = 200;

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text;
}

bool Has(const std::string& text, std::initializer_list<std::string_view> parts) {
  const std::string lower = Lower(text);
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return lower.find(part) != lower.npos; });
}

bool IsOneOf(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string Seconds(base::Duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", std::chrono::duration<double>(duration).count());
  return text.data();
}

bool NoMoney(const UpstreamFindings& f) {
  return f.status == 402 || f.code == "1113" ||
         Has(f.code, {"insufficient_quota", "insufficient_balance", "insufficient_user_quota", "arrear", "overdue",
                      "billing", "exceeded_current_quota"});
}

bool UnknownModel(const UpstreamFindings& f) {
  return IsOneOf(f.code, {"1211", "20012"}) || Has(f.code, {"model_not_found", "invalidendpointormodel"});
}

bool IsRedirect(const UpstreamFindings& f) { return f.status >= 300 && f.status < 400; }

bool Loads(const model::UpstreamOptions& upstream) {
  const Dialect dialect = model::DialectOf(upstream);
  return dialect == Dialect::kOllama || dialect == Dialect::kLocal;
}

/// "（status 401, code invalid_api_key）": what one can look up.
std::string Detail(const UpstreamFindings& f) {
  std::string detail = f.trouble.empty() ? f.outcome.detail : f.trouble;
  if (detail.empty() && f.status != 0) detail = "status " + std::to_string(f.status);
  return detail.empty() ? "" : "（" + detail + "）";
}

std::string Origin(std::string_view url) {
  const size_t host = url.find("://");
  if (host == url.npos) return {};
  const size_t end = std::min(url.find_first_of("/?#", host + 3), url.size());
  const std::string_view authority = url.substr(host + 3, end - host - 3);
  const size_t at = authority.rfind('@');  // what stands before it may be a secret
  return std::string(url.substr(0, host + 3)) +
         std::string(at == authority.npos ? authority : authority.substr(at + 1));
}

/// Without a query, which may hold anything; empty when it is no plain address.
std::string PlainAddress(std::string_view url) {
  url = url.substr(0, std::min(url.find_first_of("?#"), url.size()));
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain || url.size() > kMaxShownBytes || !url.starts_with("http") || url.find('@') != url.npos) return {};
  constexpr std::string_view kEndpoint = "/chat/completions";
  if (url.ends_with(kEndpoint)) url.remove_suffix(kEndpoint.size());
  return std::string(url);
}

struct Home {
  Dialect dialect;
  std::string_view path;
};
/// Where providers have their OpenAI-compatible interface.
constexpr std::array kHomes = {
    Home{Dialect::kDeepSeek, ""},          Home{Dialect::kQwen, "/compatible-mode/v1"},
    Home{Dialect::kMoonshot, "/v1"},       Home{Dialect::kZhipu, "/api/paas/v4"},
    Home{Dialect::kArk, "/api/v3"},        Home{Dialect::kSiliconFlow, "/v1"},
    Home{Dialect::kOpenAi, "/v1"},         Home{Dialect::kAzure, "/openai/v1"},
    Home{Dialect::kOpenRouter, "/api/v1"},
};

class Verdict {
 public:
  Verdict(const model::UpstreamOptions& upstream, const UpstreamFindings& findings)
      : upstream_(upstream), f_(findings), dialect_(model::DialectOf(upstream)) {}

  OnlineReport Give() {
    if (f_.outcome.failure != ChatFailure::kNone) {
      Say(false, Trouble());
    } else if (f_.outcome.truncated && f_.outcome.finish_reason.empty()) {
      Say(false, "回答没说完，连接就断了。请检查中间的代理和网络，它们可能不允许长时间的流式回答。");
    } else {
      Works();
    }
    return std::move(report_);
  }

 private:
  void Say(bool good, const std::string& what) {
    std::string line = (good ? "模型 " : "✗ 模型 ") + upstream_.name + "：" + what;
    // No way for it to get here is known; the price of being wrong would be high.
    if (upstream_.api_key.size() >= 6) {
      for (size_t at = 0; (at = line.find(upstream_.api_key, at)) != line.npos;) {
        line.replace(at, upstream_.api_key.size(), "***");
      }
    }
    report_.good = report_.good && good;
    report_.lines.push_back(std::move(line));
  }

  void Works() {
    const base::Duration first = f_.first_token.value_or(f_.total);
    std::string line = upstream_.model + " 正常，首字 " + Seconds(first) + " 秒，共 " + Seconds(f_.total) +
                       " 秒；方言 " + model::ToString(dialect_) +
                       (f_.outcome.reasoning_seen ? "，先思考再回答" : "，没有思考");
    if (f_.outcome.prompt_tokens > 0 || f_.outcome.completion_tokens > 0) {
      line += "，报告了用量（问 " + std::to_string(f_.outcome.prompt_tokens) + "、答 " +
              std::to_string(f_.outcome.completion_tokens) + " 个 token）";
    } else {
      line += "，没有报告用量，token 数只能估算";
    }
    Say(true, line + "。");
    if (f_.outcome.reasoning_seen) Say(true, Thinking());
    if (first > kAllTries) {
      Say(true, "首字超过 14 秒，微信三次推送都等不到，粉丝要回复“继续”才看得到回答。" + Faster());
    } else if (first > kFirstTry) {
      Say(true, "首字超过 4.5 秒，微信第一次推送等不到，粉丝要等到第二、三次推送才收到回复。" + Faster());
    }
  }

  std::string Thinking() const {
    if (!upstream_.thinking_off) return "模型先思考再回答，会变慢；去掉 thinking: true 会快得多。";
    return "模型先思考再回答，会变慢；可以在 extra_body 里关掉（写法见这家服务的文档），或者换不思考的模型。";
  }

  std::string Faster() const {
    if (f_.outcome.reasoning_seen) return "先关掉思考。";
    return Loads(upstream_) ? "如果模型刚刚才加载，再检查一次；可以用 keep_warm 让它一直在内存里。"
                            : "换一个更快的模型或服务会好得多。";
  }

  std::string Trouble() const {
    if (f_.wants_https) return "这个地址要用 https，请把 base_url 开头的 http:// 改成 https://。";
    if (IsRedirect(f_)) {
      const std::string to = PlainAddress(f_.location);
      return "这个地址转到了别处" + Detail(f_) + "，请把 base_url 改成" +
             (to.empty() ? "转到的地址。" : " " + to + " 。");
    }
    if (NoMoney(f_)) return "账户没有余额，或者额度用完了" + Detail(f_) + "。请到服务商的控制台充值或调整额度。";
    if (UnknownModel(f_)) return WrongModel();
    if (f_.status == 401 || Has(f_.code, {"invalid_api_key", "authentication"})) return WrongKey();
    if (AddressInDoubt(f_)) return f_.models ? WrongModel() : WrongAddress();
    switch (f_.outcome.failure) {
      case ChatFailure::kUnreachable:
        return Unreachable();
      case ChatFailure::kTimeout:
        return Late();
      case ChatFailure::kRateLimited:
        return "请求太频繁，或者同时进行的太多" + Detail(f_) +
               "。过一会儿再检查；经常这样，请提高额度，或者减小 max_calls。";
      case ChatFailure::kOverloaded:
        return "模型服务忙，或者出错了" + Detail(f_) +
               (Loads(upstream_) ? "。模型可能正在加载，过一会儿再检查。" : "。过一会儿再检查。");
      case ChatFailure::kContentPolicy:
        return "服务商的内容审核拒绝了一句问好" + Detail(f_) + "。请到它的控制台看审核设置。";
      case ChatFailure::kBadRequest:
        return "模型服务不接受这样的请求" + Detail(f_) +
               "。请检查 extra_body、max_tokens 和 temperature 是不是这个模型能用的。";
      case ChatFailure::kEmpty:
        return f_.outcome.reasoning_seen ? "模型只思考，没有回答。请关掉思考（在 extra_body 里），或者调大 max_tokens。"
                                         : "模型的回答是空的" + Detail(f_) + "。请检查 model 是不是聊天模型。";
      case ChatFailure::kRefused:
        return "模型服务拒绝了请求" + Detail(f_) +
               "。请到服务商的控制台看：这个 api_key 能不能用这个模型，账户是不是要先实名认证，本机的 IP 是否允许。";
      default:
        if (f_.outcome.reasoning_seen) {
          return "模型的思考和回答分不开" + Detail(f_) + "。请关掉思考（在 extra_body 里），或者换不思考的模型。";
        }
        return "没有得到回答" + Detail(f_) + "。请过一会儿再检查；一直这样，请检查中间的代理和网络。";
    }
  }

  std::string WrongKey() const {
    if (upstream_.api_key.empty()) return "模型服务要求 api_key" + Detail(f_) + "，请填写。";
    return "模型服务不接受 api_key" + Detail(f_) + "。请核对它有没有抄全、过期，以及是不是这家服务的" +
           (dialect_ == Dialect::kMoonshot ? "（moonshot.cn 和 moonshot.ai 的不通用）。" : "。");
  }

  std::string WrongModel() const {
    std::string text = "没有 " + upstream_.model + " 这个模型，或者 api_key 不能用它" + Detail(f_) + "。";
    if (!f_.models) return text + "请核对 model。";
    const auto& names = *f_.models;
    if (std::find(names.begin(), names.end(), upstream_.model) != names.end()) {
      return upstream_.model + " 在模型列表里，但是不能用来聊天" + Detail(f_) + "。请检查 base_url 和 model。";
    }
    text += "地址是对的，请核对 model";
    if (names.empty()) return text + "。";
    text += "，那里有：";
    for (size_t i = 0; i < std::min(names.size(), kShownModels); ++i) text += (i == 0 ? "" : "、") + names[i];
    return text + (names.size() > kShownModels ? " 等 " + std::to_string(names.size()) + " 个。" : "。");
  }

  std::string WrongAddress() const {
    const std::string what = f_.web_page        ? "那里是网页，不是模型接口"
                             : f_.status == 200 ? "那里的回答不是模型接口的格式"
                                                : "那里没有模型接口";
    const std::string text = "base_url 不对：" + what + Detail(f_);
    if (!f_.better_base_url.empty()) return text + "。请改成 " + f_.better_base_url + " ，那里有。";
    const std::string suggested = SuggestedBaseUrl(upstream_);
    if (!suggested.empty()) return text + "。可能应该是 " + suggested + " 。";
    return text + "。请照服务商的文档写，末尾一般是 /v1 。";
  }

  std::string Unreachable() const {
    if (Has(f_.trouble, {"find the address", "usable address", "resolve host"})) {
      return "找不到 base_url 里的主机" + Detail(f_) + "。请核对主机名，以及本机的 DNS。";
    }
    if (Has(f_.trouble, {"wrong version number", "packet length", "unsupported protocol"})) {
      return "那里不是 https" + Detail(f_) + "，可能要把 base_url 开头的 https:// 改成 http://。";
    }
    if (Has(f_.trouble, {"ssl", "tls", "certificate"})) {
      return "TLS 连接失败" + Detail(f_) + "。请检查证书是否过期、主机名是否一致，以及本机的时间和 ca-certificates。";
    }
    return "连不上" + Detail(f_) + "。请检查 base_url 的主机和端口、服务有没有启动、防火墙" +
           (Loads(upstream_) ? "；在容器里，127.0.0.1 是容器自己。" : "和代理。");
  }

  std::string Late() const {
    if (f_.status == 0 && !f_.trouble.empty()) {
      return "连接超时" + Detail(f_) + "。请检查 base_url 的主机和端口、防火墙和代理。";
    }
    if (f_.outcome.reasoning_seen || Has(f_.outcome.detail, {"reasoning"})) {
      return "一直在思考，没有等到回答" + Detail(f_) + "。请关掉思考（在 extra_body 里），或者换不思考的模型。";
    }
    return "没有等到回答" + Detail(f_) +
           (Loads(upstream_) ? "。模型可能正在加载，过一会儿再检查；可以用 keep_warm 让它一直在内存里。"
                             : "。服务太慢，粉丝等不到；请换一个更快的模型或服务。");
  }

  const model::UpstreamOptions& upstream_;
  const UpstreamFindings& f_;
  const Dialect dialect_;
  OnlineReport report_;
};

}  // namespace

bool AddressInDoubt(const UpstreamFindings& findings) {
  if (UnknownModel(findings)) return true;
  if (findings.status == 404 || findings.status == 405) return true;
  if (findings.outcome.failure == ChatFailure::kNone) return false;
  // A bad gateway's page says nothing about the address.
  if (findings.web_page) return findings.status < 500 && findings.status != 401 && findings.status != 403;
  const bool spoke = findings.trouble.empty() && !findings.outcome.reasoning_seen;
  return findings.outcome.failure == ChatFailure::kBadAnswer && findings.status == 200 && spoke;
}

std::string SuggestedBaseUrl(const model::UpstreamOptions& upstream) {
  const std::string origin = Origin(upstream.base_url);
  if (origin.empty()) return {};
  const Dialect dialect = model::DetectDialect(upstream.base_url);
  std::string suggested = origin + "/v1";
  for (const Home& home : kHomes) {
    if (home.dialect == dialect) suggested = origin + std::string(home.path);
  }
  return model::CompletionsUrl(suggested) == model::CompletionsUrl(upstream.base_url) ? "" : suggested;
}

OnlineReport UpstreamVerdict(const model::UpstreamOptions& upstream, const UpstreamFindings& findings) {
  return Verdict(upstream, findings).Give();
}

}  // namespace yingda::app
