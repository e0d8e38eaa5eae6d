// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace yingda::net {

struct FramingLimits {
  size_t max_head_bytes = 16 * 1024;
  size_t max_body_bytes = 256 * 1024;
};

/// Finds where one HTTP/1.x request ends in a growing buffer, and refuses everything that two parsers could read
/// differently: bare line feeds, folded or nameless headers, more than one Content-Length, any Transfer-Encoding (411)
/// or Content-Encoding (415). Pure. The verdict depends on the bytes alone, never on how they were cut into pieces.
/// Cost: every byte of the head is looked at once, however it arrives.
/// Source: RFC 9112 §2, §5, §6 and §11.2 (request smuggling).
class RequestFramer {
 public:
  enum class State : uint8_t { kIncomplete, kComplete, kRejected };

  /// `bytes` begins at the request's first byte and repeats what earlier calls have seen. A verdict is final until
  /// Reset().
  State Advance(std::string_view bytes, const FramingLimits& limits);
  void Reset() { *this = RequestFramer(); }

  /// The HTTP status to refuse with; meaningful once rejected.
  int Rejection() const { return rejection_; }
  bool HeadComplete() const { return head_complete_; }
  size_t HeadBytes() const { return position_; }
  size_t BodyBytes() const { return body_bytes_; }
  bool ExpectsContinue() const { return expects_continue_; }
  /// HTTP/1.1 without `Connection: close`, or HTTP/1.0 with `Connection: keep-alive`.
  bool KeepAlive() const { return http10_ ? asks_keep_alive_ : !asks_close_; }
  bool Http10() const { return http10_; }

 private:
  State Reject(int status);
  bool TakeRequestLine(std::string_view line);
  bool TakeHeader(std::string_view line);
  bool TakeContentLength(std::string_view value);
  void TakeConnection(std::string_view value);

  size_t position_ = 0;  // begin of the line that is not complete yet; once the head is complete, its length
  size_t searched_ = 0;  // no line feed between position_ and here
  size_t body_bytes_ = 0;
  uint16_t rejection_ = 0;
  bool request_line_taken_ = false;
  bool head_complete_ = false;
  bool has_length_ = false;
  bool has_host_ = false;
  bool expects_continue_ = false;
  bool http10_ = false;
  bool asks_close_ = false;
  bool asks_keep_alive_ = false;
};

/// The first value of a header in a framed head (request line included), name in any case; empty when absent.
std::string_view FindHeader(std::string_view head, std::string_view name);

bool EqualIgnoringCase(std::string_view a, std::string_view b);

}  // namespace yingda::net
