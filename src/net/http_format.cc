// SPDX-License-Identifier: MIT
#include "net/http_format.h"

#include <array>
#include <charconv>

namespace yingda::net {
namespace {

void AppendNumber(std::string& out, size_t number, int base = 10) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  const size_t begin = out.size();
  out.append(value);
  for (size_t at = begin; at < out.size(); ++at) {
    if (out[at] == '\r' || out[at] == '\n' || out[at] == '\0') out[at] = ' ';
  }
  out.append("\r\n");
}

bool HasNoBody(int status) { return status == 204 || status == 304 || (status >= 100 && status < 200); }

}  // namespace

const char* ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

void AppendResponse(std::string& out, const HttpResponse& response, const ResponseShape& shape) {
  // A status that is no final status would be read as a different message altogether.
  const int status = response.status >= 200 && response.status <= 599 ? response.status : 500;
  out.append("HTTP/1.1 ");
  AppendNumber(out, static_cast<size_t>(status));
  out.append(" ").append(ReasonPhrase(status)).append("\r\n");
  if (!response.content_type.empty()) AppendHeader(out, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) AppendHeader(out, name, value);
  if (shape.coding == BodyCoding::kChunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (shape.coding == BodyCoding::kContentLength && !HasNoBody(status)) {
    out.append("Content-Length: ");
    AppendNumber(out, response.body.size());
    out.append("\r\n");
  }
  if (!shape.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (shape.http10) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (shape.coding != BodyCoding::kChunked && !shape.head_only && !HasNoBody(status)) out.append(response.body);
}

void AppendChunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  AppendNumber(out, bytes.size(), 16);
  out.append("\r\n").append(bytes).append("\r\n");
}

}  // namespace yingda::net
