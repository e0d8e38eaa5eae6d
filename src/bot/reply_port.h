// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace yingda::bot {

/// The way back to one push: seals the reply as the push was sealed and writes it to its connection.
/// Thread-safety: all members. Dropping a port that was never used closes the connection's request with an error, so do
/// not.
class ReplyPort {
 public:
  virtual ~ReplyPort() = default;
  /// Once. True when the bytes went to a connection that was still open: what the design calls delivered.
  virtual bool Send(const std::string& reply_body) = 0;
  /// Ends without a byte.
  virtual void Close() = 0;
  /// Names the push in logs, here and in the proxy's.
  virtual std::string_view RequestId() const = 0;
  /// `function` runs once when WeChat leaves first; on any thread.
  virtual void OnClosed(std::function<void()> function) = 0;
};

}  // namespace yingda::bot
