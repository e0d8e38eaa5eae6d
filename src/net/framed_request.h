// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "net/connection.h"
#include "net/http_server.h"
#include "net/request_parser.h"

namespace yingda::net {

/// What handlers see: views into the framed bytes and the parsed request line.
class FramedHttpRequest final : public HttpRequest {
 public:
  FramedHttpRequest(const FramedRequest& framed, const ParsedTarget& target) : framed_(framed), target_(target) {}

  std::string_view Method() const override { return target_.method; }
  std::string_view Path() const override { return target_.path; }
  std::string_view Body() const override { return framed_.body; }
  std::string_view Query() const override;
  std::string_view Parameter(std::string_view name) const override;
  bool HasParameter(std::string_view name) const override;
  std::string_view Header(std::string_view name) const override;
  std::string_view RemoteAddress() const override { return framed_.remote_address; }
  std::string_view Id() const override;

 private:
  const FramedRequest& framed_;
  const ParsedTarget& target_;
  mutable std::string id_;  // made at the first question
};

}  // namespace yingda::net
