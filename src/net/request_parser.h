// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace yingda::net {

/// A request line taken apart.
struct ParsedTarget {
  int rejection = 0;  // an HTTP status, or 0 when the line is fine
  std::string method;
  std::string path;  // percent-decoded, without query and fragment
  std::multimap<std::string, std::string> parameters;
};

/// Lets cpp-httplib parse framed requests, and nothing more: it sees the request line only. Header fields stay in the
/// framed bytes and are looked up there, so that no `Range`, `Expect`, multipart or `REMOTE_ADDR` of a client reaches
/// code that runs regular expressions or trusts them.
/// Thread-safety: all members.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  /// `head` as RequestFramer accepted it.
  ParsedTarget Parse(std::string_view head) const;

 private:
  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace yingda::net
