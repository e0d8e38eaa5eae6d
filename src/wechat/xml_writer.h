// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

// Inside the module: the little XML that WeChat's dialect needs, written straight into one string.
namespace yingda::wechat {

/// <![CDATA[text]]>, cleaned, and split wherever the text itself holds "]]>".
void AppendCdata(std::string& out, std::string_view text);

/// <name><![CDATA[text]]></name>. `name` must be a literal or checked with IsXmlName.
void AppendElement(std::string& out, std::string_view name, std::string_view text);

bool IsXmlName(std::string_view name);

}  // namespace yingda::wechat
