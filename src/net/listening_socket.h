// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.h"

namespace yingda::net {

/// A bound and listening TCP socket that hands out accepted connections. Thread-safety: none.
/// Errors of Open: kUnavailable with the address and the reason.
class ListeningSocket {
 public:
  ListeningSocket() = default;
  ~ListeningSocket() { Close(); }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  base::Result<void> Open(const std::string& host, int port, int backlog);
  void Close();
  bool IsOpen() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  int port() const { return port_; }

  enum class Outcome { kAccepted, kNone, kOutOfDescriptors };
  struct Accepted {
    Outcome outcome = Outcome::kNone;
    int fd = -1;  // non-blocking, without Nagle's delay
    std::string remote_address;
  };
  /// kOutOfDescriptors: the client was accepted with a spare descriptor and closed at once; it would otherwise wait,
  /// and be reported, for ever.
  Accepted Accept();

 private:
  int fd_ = -1;
  int port_ = 0;
  int spare_fd_ = -1;
};

}  // namespace yingda::net
