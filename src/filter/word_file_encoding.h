// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace yingda::filter {

/// The text of a word file as UTF-8 without a byte order mark, however it was saved: UTF-8, UTF-16 with a byte order
/// mark, or what a line `#! encoding=gb18030` among its first ten lines says (gbk and gb2312 mean the same; utf-16le
/// and utf-16be without a mark). Lines and columns stay what an editor shows. A file in UTF-8 but for some broken
/// lines is given as it is: its reader names those lines. Errors: kInvalidArgument for an unknown encoding, bytes that
/// are none of the encoding's, a file that reads as GB18030 or Big5 and does not say so, and one that is in UTF-8 or
/// looks like Big5 and says otherwise: a wrong guess would turn words into other words, and nobody would notice.
base::Result<std::string> DecodeWordFile(std::string_view bytes, const std::string& name);

/// The same by an encoding that somebody names: "utf-8", "gb18030", "gbk", "gb2312", "big5", "utf-16le", "utf-16be"; in
/// any case. "auto" is DecodeWordFile but takes GB18030 where it fits.
base::Result<std::string> DecodeWordFileAs(std::string_view bytes, const std::string& name, std::string_view encoding);

inline constexpr size_t kEncodingLines = 10;  // in which encoding= may stand

/// True for a name of UTF-8 or of another encoding that DecodeWordFile reads.
bool IsKnownEncoding(std::string_view name);

}  // namespace yingda::filter
