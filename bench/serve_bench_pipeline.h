// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "serve_bench_load.h"
#include "serve_bench_subjects.h"

namespace yingda::bench {

inline constexpr size_t kWords = 60'000;
inline constexpr size_t kRules = 10'000;

/// (d) the whole application with its store, 60,000 words and 10,000 keyword rules, of which one answers each push:
/// signature, parsing, message key, reply book, word filter, rules, reply.
Serving StartApplication();
/// Signed pushes of a text (a chat line when not given), each with its own MsgId.
RequestSource DistinctPushes(const std::string& text = {});

}  // namespace yingda::bench
