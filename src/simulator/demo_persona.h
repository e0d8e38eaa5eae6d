// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "simulator/upstream_script.h"

namespace yingda::simulator {

/// The demo's model: friendly, deterministic, and honest about being a demo (演示模型). It repeats what it was asked,
/// remembers the question before, and takes as long as the question asks for ("慢一点 12 秒"), else 6.5 s, so that an
/// ordinary question is answered on WeChat's second try. 详细 asks for an answer of several pages, 表格 and 代码 for
/// Markdown that WeChat cannot show. Pure.
UpstreamScript DemoAnswer(const UpstreamCall& call);

/// The text alone.
std::string DemoText(const UpstreamCall& call, base::Duration takes);

/// The number in front of 秒 (12, 7.5, １２, 十二), at most 120 s; empty when the question names none.
std::optional<base::Duration> SecondsAskedFor(std::string_view question);

}  // namespace yingda::simulator
