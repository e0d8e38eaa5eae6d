// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace yingda::testing {

struct RawResponse {
  int status = 0;
  std::string head;
  std::string body;
  /// In lower case.
  std::map<std::string, std::string> headers;
};

/// A TCP client that sends exactly the bytes it is told to and reads answers with a deadline, on one connection.
class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer_bytes = 0);
  ~RawClient() { Close(); }
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;

  bool Connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  /// False when the server has closed or does not take more for a second.
  bool Send(std::string_view bytes) const;
  /// The next answer, by Content-Length or chunks; nothing when the connection ends or nothing comes for `patience`.
  std::optional<RawResponse> Receive(bool to_head = false,
                                     std::chrono::milliseconds patience = std::chrono::seconds(20));
  std::optional<RawResponse> Exchange(std::string_view bytes) { return Send(bytes) ? Receive() : std::nullopt; }
  /// Bytes as they come, up to and including `end`; what came when the connection ends before.
  std::string ReceiveUntil(std::string_view end);
  /// The server closes (or resets) without sending more than what was received already.
  bool ClosedByServer();
  /// Nothing to read now, and not closed.
  bool Silent();
  void FinishSending() const;
  /// Closes with a reset instead of a goodbye.
  void Reset();
  void Close();

 private:
  bool Fill(std::chrono::milliseconds patience = std::chrono::seconds(20));

  int fd_ = -1;
  std::string received_;
};

std::string Post(std::string_view path, std::string_view body = {}, std::string_view more_headers = {});
std::string Get(std::string_view path, std::string_view more_headers = {});

}  // namespace yingda::testing
