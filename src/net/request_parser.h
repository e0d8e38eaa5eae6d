// SPDX-License-Identifier: MIT
#pragma once

#include <map>
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

/// Lets cpp-httplib decode framed requests, and nothing more: it sees the target only. Header fields stay in the framed
/// bytes and are looked up there, so that no `Range`, `Expect`, multipart or `REMOTE_ADDR` of a client reaches code
/// that runs regular expressions or trusts them. Thread-safety: all members.
class RequestParser {
 public:
  /// `head` as RequestFramer accepted it. The verdict is httplib::Server's own: its methods, its limit to a line (414),
  /// its reading of odd targets.
  static ParsedTarget Parse(std::string_view head);
};

}  // namespace yingda::net
