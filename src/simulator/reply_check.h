// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "base/result.h"
#include "wechat/incoming.h"
#include "wechat/push_builder.h"
#include "wechat/reply.h"

namespace yingda::simulator {

/// Whether WeChat would accept `body` as the answer to `message`, as strict as the documents and what was measured say:
/// `success` or nothing (then NoReply), or a reply that parses, is encrypted when it must be, goes back to the follower
/// who asked, and keeps the limits of its kind. `builder` made the push. Pure.
/// Errors: with what is wrong for a person to read; the code means nothing.
base::Result<wechat::Reply> CheckReply(const wechat::PushBuilder& builder, const wechat::Incoming& message,
                                       std::string_view body);

}  // namespace yingda::simulator
