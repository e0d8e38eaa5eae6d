// SPDX-License-Identifier: MIT
#include "net/http_target.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <memory>
#include <optional>

namespace yingda::net {
namespace {

/// Addresses that are longer hold data, and do not come again.
constexpr size_t kMaxKnownUrl = 1024;

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::optional<HttpTarget> ParseTarget(const std::string& url) {
  const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto part = [&](CURLUPart which, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, flags) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  const std::string scheme = part(CURLUPART_SCHEME, 0);
  if (scheme != "http" && scheme != "https") return std::nullopt;
  HttpTarget target{part(CURLUPART_HOST, CURLU_PUNYCODE), part(CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (target.host.empty()) return std::nullopt;
  in_addr ignored{};
  target.numeric = target.host.front() == '[' || inet_pton(AF_INET, target.host.c_str(), &ignored) == 1;
  return target;
}

bool HasLineEnd(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

base::Error NoAddress() { return {base::ErrorCode::kInvalidArgument, "not an http:// or https:// address"}; }

}  // namespace

base::Result<HttpTarget> HttpTargets::Check(const HttpClientRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasLineEnd(name) || HasLineEnd(value)) {
      return base::Error{base::ErrorCode::kInvalidArgument, "a header with a line end in it"};
    }
  }
  if (request.url.empty() || HasLineEnd(request.method)) return NoAddress();
  for (const Known& known : known_) {
    if (known.url == request.url) return known.target;
  }
  auto target = HasLineEnd(request.url) ? std::nullopt : ParseTarget(request.url);
  if (!target) return NoAddress();
  if (request.url.size() <= kMaxKnownUrl) {
    known_.at(oldest_) = {request.url, *target};
    oldest_ = (oldest_ + 1) % known_.size();
  }
  return *std::move(target);
}

}  // namespace yingda::net
