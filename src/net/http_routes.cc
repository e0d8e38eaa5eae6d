// SPDX-License-Identifier: MIT
#include "net/http_routes.h"

#include <algorithm>

namespace yingda::net {

void HttpRoutes::Add(std::string method, std::string path, HttpServer::Handler handler) {
  Resource* resource = nullptr;
  if (path.ends_with('/')) {
    auto at = std::find_if(below_.begin(), below_.end(), [&](const auto& entry) { return entry.first == path; });
    if (at == below_.end()) {
      at = std::find_if(below_.begin(), below_.end(),
                        [&](const auto& entry) { return entry.first.size() < path.size(); });
      at = below_.emplace(at, std::move(path), Resource{});
    }
    resource = &at->second;
  } else {
    resource = &exact_[std::move(path)];
  }
  resource->allow += (resource->allow.empty() ? "" : ", ") + method;
  resource->handlers.emplace_back(std::move(method), std::move(handler));
}

const HttpRoutes::Resource* HttpRoutes::FindResource(std::string_view path) const {
  if (const auto at = exact_.find(path); at != exact_.end()) return &at->second;
  for (const auto& [beginning, resource] : below_) {
    if (path.starts_with(beginning)) return &resource;
  }
  return nullptr;
}

HttpRoutes::Match HttpRoutes::Find(std::string_view method, std::string_view path) const {
  const Resource* resource = FindResource(path);
  if (resource == nullptr) return {};
  const auto named = [&](std::string_view wanted) -> const HttpServer::Handler* {
    for (const auto& [name, handler] : resource->handlers) {
      if (name == wanted) return &handler;
    }
    return nullptr;
  };
  const HttpServer::Handler* handler = named(method);
  if (handler == nullptr && method == "HEAD") handler = named("GET");
  return {handler, handler == nullptr, resource->allow};
}

}  // namespace yingda::net
