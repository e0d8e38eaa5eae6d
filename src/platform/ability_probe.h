// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "platform/wechat_api.h"

namespace yingda::platform {

/// Whether an account may send customer-service messages.
enum class CanPush { kYes, kNo, kUnknown };

struct AbilityFinding {
  CanPush can_push = CanPush::kUnknown;
  int errcode = 0;
  std::string why;  // for the operator; why it is not known, and what to do
};

/// Finds out with one call that nobody notices: 对方正在输入 to an OpenID that does not exist. WeChat looks at the
/// account's rights before it looks at the OpenID. `done` runs as WeChatApi::Call has it.
void ProbeAbility(WeChatApi& api, std::function<void(AbilityFinding)> done);

/// What the answer to that call means.
AbilityFinding AbilityFrom(const base::Result<ApiAnswer>& answer);

}  // namespace yingda::platform
