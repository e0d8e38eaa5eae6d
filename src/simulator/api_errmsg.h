// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "simulator/api_account.h"

namespace yingda::simulator {

/// The JSON body of an answer, as WeChat writes it: errcode and errmsg with a `rid` for what failed. Pure.
std::string ApiBody(const ApiAnswer& answer, const std::string& rid);

}  // namespace yingda::simulator
