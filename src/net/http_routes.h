// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/http_server.h"

namespace yingda::net {

/// Which handler serves a path: the path itself, or the longest registered beginning that ends with '/'. No regular
/// expressions: those of the standard library recurse for each character that a client sends.
/// Thread-safety: Find, once nothing is added any more.
class HttpRoutes {
 public:
  struct Match {
    const HttpServer::Handler* handler = nullptr;
    /// The path is known, the method is not; `allow` is then the value for the header Allow.
    bool other_method = false;
    std::string_view allow;
  };

  void Add(std::string method, std::string path, HttpServer::Handler handler);
  /// HEAD is served by the handler for GET unless it has one of its own.
  Match Find(std::string_view method, std::string_view path) const;

 private:
  struct Resource {
    std::vector<std::pair<std::string, HttpServer::Handler>> handlers;
    std::string allow;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  const Resource* FindResource(std::string_view path) const;

  std::unordered_map<std::string, Resource, Hash, std::equal_to<>> exact_;
  std::vector<std::pair<std::string, Resource>> below_;  // longest first
};

}  // namespace yingda::net
