// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace yingda::model {

/// Cuts a byte stream into server-sent events, however the bytes are cut into pieces. Lines end with CR, LF or CRLF
/// and nothing else (U+2028 and U+0085 are text); comments, ids and retry times are dropped; an event whose blank line
/// never came is still given at the end.
/// Limits: a longer line or event fails with kTooLarge, after which nothing more comes.
/// Source: WHATWG HTML, "Server-sent events", parsing an event stream.
class SseDecoder {
 public:
  struct Limits {
    size_t max_line_bytes = 1024 * 1024;
    size_t max_event_bytes = 4 * 1024 * 1024;
  };
  /// The views live as long as the call.
  struct Event {
    std::string_view name;  // empty: a plain message
    std::string_view data;
    bool complete = true;  // false: the stream ended within it, so its data may be cut
  };
  using OnEvent = std::function<void(const Event&)>;

  SseDecoder() = default;
  explicit SseDecoder(Limits limits) : limits_(limits) {}

  base::Result<void> Feed(std::string_view bytes, const OnEvent& on_event);
  /// The stream has ended.
  base::Result<void> Finish(const OnEvent& on_event);

 private:
  void Line(std::string_view line, const OnEvent& on_event);
  void Dispatch(bool complete, const OnEvent& on_event);
  base::Result<void> Verdict() const;

  const Limits limits_{};
  std::string partial_line_;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
  bool first_line_ = true;
  bool after_cr_ = false;
  bool too_large_ = false;
};

}  // namespace yingda::model
