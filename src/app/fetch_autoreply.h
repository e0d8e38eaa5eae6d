// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::app {

/// What get_current_autoreply_info answers for the account: the automatic replies of WeChat's console, as JSON. WeChat
/// changes nothing by it. Errors: in Chinese, with what to do. Waits twenty seconds at most; not on the loop.
base::Result<std::string> FetchAutoreply(const config::AccountConfig& account, net::HttpClient& client,
                                         net::EventLoop& loop);

}  // namespace yingda::app
