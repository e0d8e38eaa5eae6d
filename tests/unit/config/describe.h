// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "config/config.h"

namespace yingda::config {

/// Every value of a configuration, one "name = value" a line, so that two can be compared as texts. Durations in
/// milliseconds.
std::string Describe(const Config& config);

/// Reads `text` as /etc/yingda/config.yml. Whatever is wrong with it fails the test.
Config Good(const std::string& text, const Environment& environment = {});

/// The refusal's lines without the file's name in front; empty when `text` is accepted, which fails the test.
std::vector<std::string> Mistakes(const std::string& text, const Environment& environment = {});

}  // namespace yingda::config
