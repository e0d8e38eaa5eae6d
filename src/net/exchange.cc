// SPDX-License-Identifier: MIT
#include "net/exchange.h"

namespace yingda::net {
namespace {

class ConnectionStream final : public ResponseStream {
 public:
  ConnectionStream(std::shared_ptr<Connection> connection, uint32_t sequence)
      : connection_(std::move(connection)), sequence_(sequence) {}
  ~ConnectionStream() override { connection_->CloseStream(sequence_); }
  bool Write(std::string_view bytes) override { return connection_->WriteStream(sequence_, bytes); }
  void Close() override { connection_->CloseStream(sequence_); }

 private:
  const std::shared_ptr<Connection> connection_;
  const uint32_t sequence_;
};

}  // namespace

std::unique_ptr<ResponseStream> ConnectionExchange::OpenStream(HttpResponse head) {
  if (!connection_->OpenStream(sequence_, head)) return nullptr;
  return std::make_unique<ConnectionStream>(connection_, sequence_);
}

void ConnectionExchange::Abandon() { connection_->Send(sequence_, EmptyResponse(500)); }

}  // namespace yingda::net
