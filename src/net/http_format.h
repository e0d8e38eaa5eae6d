// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "net/http_server.h"

namespace yingda::net {

const char* ReasonPhrase(int status);

/// For answers that only their status explains.
inline HttpResponse EmptyResponse(int status) { return {.status = status, .content_type = {}}; }

enum class BodyCoding { kContentLength, kChunked, kUntilClose };

struct ResponseShape {
  BodyCoding coding = BodyCoding::kContentLength;
  bool head_only = false;  // the answer to HEAD: every header of GET, no body
  bool keep_alive = true;
  bool http10 = false;  // where keeping the connection must be said
};

/// Appends the status line, the headers and (unless chunked) the body. Line ends inside header values become blanks.
void AppendResponse(std::string& out, const HttpResponse& response, const ResponseShape& shape);

/// Appends `bytes` as one chunk; nothing for an empty piece, because an empty chunk ends the body.
void AppendChunk(std::string& out, std::string_view bytes);

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace yingda::net
