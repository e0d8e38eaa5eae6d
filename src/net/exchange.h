// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "net/connection.h"
#include "net/http_server.h"

namespace yingda::net {

/// Request number `sequence` of a connection, as its Responder sees it. May outlive the server.
class ConnectionExchange final : public Responder::Exchange {
 public:
  ConnectionExchange(std::shared_ptr<Connection> connection, uint32_t sequence)
      : connection_(std::move(connection)), sequence_(sequence) {}

  bool Send(HttpResponse response) override { return connection_->Send(sequence_, response); }
  bool Close() override { return connection_->CloseUnanswered(sequence_); }
  void OnClosed(std::function<void()> function) override { connection_->OnClosed(sequence_, std::move(function)); }
  std::unique_ptr<ResponseStream> OpenStream(HttpResponse head) override;
  void Abandon() override;

 private:
  const std::shared_ptr<Connection> connection_;
  const uint32_t sequence_;
};

}  // namespace yingda::net
