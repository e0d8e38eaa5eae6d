// SPDX-License-Identifier: MIT
#include "net/request_parser.h"

#include <httplib.h>

#include <algorithm>
#include <array>

namespace yingda::net {
namespace {

constexpr int kBadRequest = 400;
constexpr int kUriTooLong = 414;

/// Those that cpp-httplib's server knows.
constexpr std::array<std::string_view, 10> kMethods = {"GET",     "POST",    "HEAD",  "PUT",   "DELETE",
                                                       "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};

ParsedTarget RejectedTarget(int status) {
  ParsedTarget parsed;
  parsed.rejection = status;
  return parsed;
}

/// The part of a list up to the next question mark that is not empty; takes it off the list. Empty: none is left.
std::string_view TakeTargetPart(std::string_view& list) {
  list.remove_prefix(std::min(list.find_first_not_of('?'), list.size()));
  const std::string_view part = list.substr(0, list.find('?'));
  list.remove_prefix(part.size());
  return part;
}

}  // namespace

/// Takes the line apart as httplib::Server does, empty parts that do not count included. The server itself would build
/// a request and a response for it and write out an answer that nobody wants, at many times the cost.
ParsedTarget RequestParser::Parse(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\n') + 1);
  if (line.size() > CPPHTTPLIB_REQUEST_URI_MAX_LENGTH) return RejectedTarget(kUriTooLong);
  const size_t after_method = line.find(' ');
  const std::string_view method = line.substr(0, after_method);
  const bool known = std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
  if (!known || after_method == line.npos) return RejectedTarget(kBadRequest);
  std::string_view target = line.substr(after_method + 1);
  target = target.substr(0, target.find(' '));
  target = target.substr(0, target.find('#'));
  const std::string_view path = TakeTargetPart(target);
  const std::string_view query = TakeTargetPart(target);
  if (!TakeTargetPart(target).empty()) return RejectedTarget(kBadRequest);
  ParsedTarget parsed;
  parsed.method = method;
  parsed.path = httplib::detail::decode_url(std::string(path), false);
  if (!query.empty()) httplib::detail::parse_query_text(std::string(query), parsed.parameters);
  return parsed;
}

}  // namespace yingda::net
