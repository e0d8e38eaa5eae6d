// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

// Inside the module: where links may lead.
namespace yingda::text {

/// http:// or https:// and a host.
bool IsWebAddress(std::string_view address);

/// The scheme before the colon in lower case, empty if the address is relative. Sees through blanks and the like, as
/// browsers do.
std::string SchemeOf(std::string_view address);

/// Do both name the same page, be it without https:// or with a slash at the end?
bool IsSameAddress(std::string_view text, std::string_view address);

/// The address with everything percent-encoded that could end an attribute or a link: blanks, quotes, angle brackets,
/// backslashes, controls. http and https come out in lower case.
std::string SafeAddress(std::string_view address);

}  // namespace yingda::text
