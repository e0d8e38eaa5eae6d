// SPDX-License-Identifier: MIT
// The first byte says how the rest is cut into pieces. Whole or in pieces, the framing must reach the same verdict;
// what it accepts must be harmless to the parser behind it, and no header look-up may leave the head.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_framing.h"
#include "net/request_parser.h"

namespace {

using yingda::net::RequestFramer;
constexpr yingda::net::FramingLimits kLimits{.max_head_bytes = 1024, .max_body_bytes = 256};

RequestFramer::State FrameInPieces(RequestFramer& framer, std::string_view bytes, size_t step) {
  auto state = RequestFramer::State::kIncomplete;
  for (size_t end = 0; end < bytes.size() && state == RequestFramer::State::kIncomplete;) {
    end = std::min(bytes.size(), end + step);
    const std::string seen(bytes.substr(0, end));  // exactly as large: a sanitizer sees a read behind it
    state = framer.Advance(seen, kLimits);
  }
  return state;
}

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t step = 1 + data[0] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  RequestFramer whole;
  const auto state = whole.Advance(bytes, kLimits);
  RequestFramer pieces;
  Check(FrameInPieces(pieces, bytes, step) == state);
  Check(pieces.Rejection() == whole.Rejection());
  if (state != RequestFramer::State::kComplete) return 0;
  Check(pieces.HeadBytes() == whole.HeadBytes() && pieces.BodyBytes() == whole.BodyBytes());
  Check(whole.HeadBytes() <= kLimits.max_head_bytes && whole.BodyBytes() <= kLimits.max_body_bytes);
  Check(whole.HeadBytes() + whole.BodyBytes() <= bytes.size());

  const std::string_view head = bytes.substr(0, whole.HeadBytes());
  Check(head.ends_with("\r\n\r\n"));
  for (const char* name : {"Host", "X-Request-Id", "Content-Length", "A"}) {
    const std::string_view value = yingda::net::FindHeader(head, name);
    Check(value.empty() || (value.data() >= head.data() && value.data() + value.size() <= head.data() + head.size()));
    Check(value.find('\n') == std::string_view::npos);
  }
  static const yingda::net::RequestParser parser;
  const auto target = parser.Parse(head);
  Check(target.rejection != 0 || !target.method.empty());
  return 0;
}
