// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "net/http_client.h"
#include "simulator/push_outcome.h"
#include "wechat/incoming.h"
#include "wechat/push_builder.h"

namespace yingda::simulator {

/// The POST that WeChat would send: signed, encrypted if the account says so, spoilt if `tamper` says so. Pure.
net::HttpClientRequest MakePush(const std::string& callback_url, const wechat::PushBuilder& builder,
                                const wechat::Incoming& message, wechat::PushBuilder::Stamp stamp,
                                Tamper tamper = Tamper::kNone);

/// The GET with which WeChat verifies a callback URL; `echo` must come back. Pure.
net::HttpClientRequest MakeVerification(const std::string& callback_url, const wechat::PushBuilder& builder,
                                        const wechat::PushBuilder::Stamp& stamp, const std::string& echo);

}  // namespace yingda::simulator
