// SPDX-License-Identifier: MIT
#include "net/framed_request.h"

#include <algorithm>
#include <atomic>

#include "base/secret.h"
#include "net/http_framing.h"

namespace yingda::net {
namespace {

constexpr size_t kMaxIdLength = 64;

bool LooksLikeId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdLength && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string MakeId() {
  static const std::string process = base::RandomHex(6);
  static std::atomic<uint64_t> counter{0};
  return process + "-" + std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace

std::string_view FramedHttpRequest::Query() const {
  const std::string_view line = framed_.head.substr(0, framed_.head.find('\r'));
  const std::string_view target = line.substr(0, line.rfind(' '));
  const size_t mark = target.find('?');
  if (mark == target.npos) return {};
  const std::string_view query = target.substr(mark + 1);
  return query.substr(0, query.find('#'));
}

std::string_view FramedHttpRequest::Parameter(std::string_view name) const {
  const auto at = target_.parameters.find(std::string(name));
  return at == target_.parameters.end() ? std::string_view() : std::string_view(at->second);
}

bool FramedHttpRequest::HasParameter(std::string_view name) const {
  return target_.parameters.contains(std::string(name));
}

std::string_view FramedHttpRequest::Header(std::string_view name) const { return FindHeader(framed_.head, name); }

std::string_view FramedHttpRequest::Id() const {
  if (id_.empty()) {
    const std::string_view given = FindHeader(framed_.head, "x-request-id");
    id_ = LooksLikeId(given) ? std::string(given) : MakeId();
  }
  return id_;
}

}  // namespace yingda::net
