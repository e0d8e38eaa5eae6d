// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.h"
#include "platform/http_calls.h"

namespace yingda::app {

/// Where the running server of a configuration file takes operators' questions, "http://127.0.0.1:9090": for a listener
/// on all addresses, the loopback one. The server may have started before the file was broken, and just that is when
/// one asks: then what the file says of `operations_listen` counts all the same, or else the usual address, and a
/// notice on standard error says so.
std::string OperationsUrl(const std::string& config_file);

/// Asks the server there, and waits at most ten seconds. The answer may have any status.
/// Errors: kUnavailable (no server answers there), with a text for whoever asked.
base::Result<platform::HttpAnswer> AskServer(const std::string& url, const std::string& path_and_query);

}  // namespace yingda::app
