// SPDX-License-Identifier: MIT
#include "model/dialect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/utf8.h"

namespace yingda::model {
namespace {

constexpr std::string_view kCompletions = "/chat/completions";

struct BaseUrl {
  std::string_view scheme, host, port, path, query;  // path without trailing slashes, query with its '?'
};

BaseUrl Split(std::string_view url) {
  url = base::TrimBlanks(url);
  BaseUrl parts;
  const size_t scheme_end = url.find("://");
  if (scheme_end == url.npos) return parts;
  parts.scheme = url.substr(0, scheme_end);
  const size_t query = std::min(url.find('?'), url.size());
  parts.query = url.substr(query);
  url = url.substr(0, query);
  const std::string_view rest = url.substr(std::min(scheme_end + 3, url.size()));
  const size_t slash = std::min(rest.find('/'), rest.size());
  parts.path = rest.substr(slash);
  while (parts.path.ends_with('/')) parts.path.remove_suffix(1);
  parts.host = rest.substr(0, slash);
  const size_t colon = parts.host.rfind(':');
  if (colon != parts.host.npos && parts.host.find(']', colon) == parts.host.npos) {
    parts.port = parts.host.substr(colon + 1);
    parts.host = parts.host.substr(0, colon);
  }
  return parts;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

/// In dotted decimal.
std::optional<std::array<int, 4>> Ipv4(std::string_view host) {
  std::array<int, 4> parts{};
  const char* at = host.data();
  const char* const end = host.data() + host.size();
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto parsed = std::from_chars(at, end, parts.at(i));
    if (parsed.ec != std::errc() || parts.at(i) < 0 || parts.at(i) > 255) return std::nullopt;
    at = parsed.ptr;
    if (i + 1 == parts.size()) break;
    if (at == end || *at != '.') return std::nullopt;
    ++at;
  }
  return at == end ? std::optional(parts) : std::nullopt;
}

bool IsLocal(std::string_view host) {
  if (const auto ip = Ipv4(host)) {
    const auto [a, b, c, d] = *ip;
    return a == 127 || a == 10 || (a == 192 && b == 168) || (a == 172 && b >= 16 && b <= 31) ||
           (a == 100 && b >= 64 && b <= 127);
  }
  return host.find('.') == host.npos || host.ends_with(".local") || host.ends_with(".internal") ||
         host.ends_with(".lan") || host.starts_with('[');
}

bool EndsWithDomain(std::string_view host, std::string_view domain) {
  return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

std::string Address(const BaseUrl& parts, std::string_view path) {
  std::string url = std::string(parts.scheme) + "://" + std::string(parts.host);
  if (!parts.port.empty()) url.append(":").append(parts.port);
  // A path is the operator's word: versions differ (/api/paas/v4, /api/v3), so /v1 is only guessed for a bare host.
  if (parts.path.empty() && !EndsWithDomain(Lower(parts.host), "deepseek.com")) url += "/v1";
  return url.append(path);
}

struct Named {
  Dialect dialect;
  const char* name;
};
constexpr std::array kNames = {
    Named{Dialect::kPlain, "plain"},
    Named{Dialect::kOpenAi, "openai"},
    Named{Dialect::kAzure, "azure"},
    Named{Dialect::kDeepSeek, "deepseek"},
    Named{Dialect::kQwen, "qwen"},
    Named{Dialect::kMoonshot, "moonshot"},
    Named{Dialect::kZhipu, "zhipu"},
    Named{Dialect::kArk, "ark"},
    Named{Dialect::kSiliconFlow, "siliconflow"},
    Named{Dialect::kOpenRouter, "openrouter"},
    Named{Dialect::kOllama, "ollama"},
    Named{Dialect::kLocal, "local"},
};

struct Home {
  std::string_view domain;
  Dialect dialect;
};
constexpr std::array kHomes = {
    Home{"openai.com", Dialect::kOpenAi},
    Home{"openai.azure.com", Dialect::kAzure},
    Home{"cognitiveservices.azure.com", Dialect::kAzure},
    Home{"deepseek.com", Dialect::kDeepSeek},
    Home{"aliyuncs.com", Dialect::kQwen},
    Home{"moonshot.cn", Dialect::kMoonshot},
    Home{"moonshot.ai", Dialect::kMoonshot},
    Home{"bigmodel.cn", Dialect::kZhipu},
    Home{"z.ai", Dialect::kZhipu},
    Home{"volces.com", Dialect::kArk},
    Home{"siliconflow.cn", Dialect::kSiliconFlow},
    Home{"siliconflow.com", Dialect::kSiliconFlow},
    Home{"openrouter.ai", Dialect::kOpenRouter},
};

}  // namespace

const char* ToString(Dialect dialect) {
  for (const Named& named : kNames) {
    if (named.dialect == dialect) return named.name;
  }
  return "plain";
}

std::span<const Dialect> AllDialects() {
  static constexpr auto kAll = [] {
    std::array<Dialect, kNames.size()> all{};
    for (size_t i = 0; i < all.size(); ++i) all.at(i) = kNames.at(i).dialect;
    return all;
  }();
  return kAll;
}

Dialect DetectDialect(std::string_view base_url) {
  const std::string lower = Lower(base_url);
  const BaseUrl parts = Split(lower);
  for (const Home& home : kHomes) {
    if (EndsWithDomain(parts.host, home.domain)) return home.dialect;
  }
  if (parts.port == "11434") return Dialect::kOllama;
  return IsLocal(parts.host) ? Dialect::kLocal : Dialect::kPlain;
}

std::string CompletionsUrl(std::string_view base_url) {
  const BaseUrl parts = Split(base_url);
  std::string path(parts.path);
  if (!path.ends_with(kCompletions)) path += kCompletions;
  return Address(parts, path).append(parts.query);
}

std::string ModelsUrl(std::string_view base_url) {
  const BaseUrl parts = Split(base_url);
  std::string_view path = parts.path;
  if (path.ends_with(kCompletions)) path.remove_suffix(kCompletions.size());
  return Address(parts, std::string(path) + "/models").append(parts.query);
}

bool IsBaseUrl(std::string_view base_url) {
  const BaseUrl parts = Split(base_url);
  return (parts.scheme == "http" || parts.scheme == "https") && !parts.host.empty();
}

}  // namespace yingda::model
