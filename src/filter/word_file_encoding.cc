// SPDX-License-Identifier: MIT
#include "filter/word_file_encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/utf8.h"

namespace yingda::filter {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr size_t kMostHeadBytes = 16 << 10;

struct Encoding {
  std::string_view name;   // in lower case
  const char* iconv_name;  // null: UTF-8
};
// gb2312 and gbk are what files call themselves whose authors used a character too many for them; GB18030 holds both.
constexpr std::array<Encoding, 10> kEncodings = {{{"utf-8", nullptr},
                                                  {"utf8", nullptr},
                                                  {"gb18030", "GB18030"},
                                                  {"gbk", "GB18030"},
                                                  {"gb2312", "GB18030"},
                                                  {"big5", "BIG5-HKSCS"},
                                                  {"utf-16le", "UTF-16LE"},
                                                  {"utf-16be", "UTF-16BE"},
                                                  {"utf-16", "UTF-16LE"},
                                                  {"cp936", "GB18030"}}};
constexpr std::string_view kChoices = "可以写 utf-8、gb18030（gbk、gb2312 也写它）、big5、utf-16le 或 utf-16be";

const Encoding* Find(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const auto* const found =
      std::find_if(kEncodings.begin(), kEncodings.end(), [&](const Encoding& each) { return each.name == lower; });
  return found == kEncodings.end() ? nullptr : found;
}

bool IsGb18030(const Encoding& encoding) {
  return encoding.iconv_name != nullptr && std::string_view(encoding.iconv_name) == "GB18030";
}

class Converter {
 public:
  explicit Converter(const char* from) : handle_(iconv_open("UTF-8", from)) {}
  ~Converter() {
    if (Works()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool Works() const { return reinterpret_cast<intptr_t>(handle_) != -1; }

  /// Up to the first byte that the encoding does not have; that byte's place is given back, or none.
  std::optional<size_t> Convert(std::string_view bytes, std::string& out) {
    std::string input(bytes);  // iconv asks for writable input
    char* in = input.data();
    size_t left = input.size();
    std::array<char, 1 << 14> buffer;
    while (left > 0) {
      char* to = buffer.data();
      size_t room = buffer.size();
      const size_t done = iconv(handle_, &in, &left, &to, &room);
      out.append(buffer.data(), buffer.size() - room);
      if (done == static_cast<size_t>(-1) && errno != E2BIG) return input.size() - left;
    }
    return std::nullopt;
  }

 private:
  const iconv_t handle_;
};

/// The value of encoding= in a `#!` line of the head, and its line; both empty when there is none.
struct Declared {
  std::string_view encoding;
  size_t line = 0;
};

Declared ReadHead(std::string_view bytes) {
  bytes = bytes.substr(0, kMostHeadBytes);
  for (size_t line = 1; line <= kEncodingLines && !bytes.empty(); ++line) {
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    std::string_view text = base::TrimBlanks(bytes.substr(0, end));
    bytes.remove_prefix(std::min(bytes.size(), end + (bytes.substr(end).starts_with("\r\n") ? 2 : 1)));
    if (!text.starts_with("#!")) continue;
    constexpr std::string_view kKey = "encoding=";
    const size_t at = text.find(kKey);
    if (at == std::string_view::npos || (text[at - 1] != ' ' && text[at - 1] != '\t' && text[at - 1] != '!')) continue;
    text.remove_prefix(at + kKey.size());
    return {text.substr(0, std::min(text.find_first_of(" \t,"), text.size())), line};
  }
  return {};
}

size_t LineOf(std::string_view bytes, size_t at) {
  return static_cast<size_t>(std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
}

/// Has a character of the kind that Chinese has. Text of another encoding is hardly ever that by chance.
bool IsChineseUtf8(std::string_view bytes) {
  const auto leads = [](char c) { return (static_cast<unsigned char>(c) & 0xF0) == 0xE0; };
  return std::any_of(bytes.begin(), bytes.end(), leads) && base::IsValidUtf8(bytes);
}

/// Rather a few broken lines than another encoding: their reader names each of them.
bool MostlyUtf8(std::string_view bytes) {
  size_t lines = 0;
  size_t broken = 0;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    if (IsChineseUtf8(line)) return true;
    ++lines;
    if (!base::IsValidUtf8(line)) ++broken;
    bytes.remove_prefix(std::min(bytes.size(), end + 1));
  }
  return broken * 20 < lines;
}

/// Whether bytes that GB18030 has are characters that people use only if they are read as Big5. Of word lists of 8
/// characters and more, drawn at random, this told 99 of 100 in Big5 and none of 8,000 in GB18030, simplified or
/// traditional.
bool LooksLikeBig5(std::string_view bytes) {
  size_t pairs = 0;
  size_t of_gb = 0;    // the 3,755 frequent characters of GB2312
  size_t of_big5 = 0;  // the 5,401 frequent ones of Big5
  size_t of_han = 0;   // what GB has no kana, Greek or Cyrillic letters for
  for (size_t at = 0; at + 1 < bytes.size(); ++at) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    if (lead < 0x80) continue;
    const auto trail = static_cast<unsigned char>(bytes[++at]);
    ++pairs;
    of_gb += lead >= 0xB0 && lead <= 0xD7 && trail >= 0xA1;
    of_han += lead >= 0xAA || trail < 0xA1;
    of_big5 += lead >= 0xA4 && lead <= 0xC6 && ((trail >= 0x40 && trail <= 0x7E) || trail >= 0xA1);
  }
  return of_big5 * 10 >= pairs * 9 && of_gb * 10 < pairs * 8 && of_han * 5 >= pairs;
}

base::Result<std::string> Convert(std::string_view bytes, const std::string& name, const Encoding& encoding) {
  if (encoding.iconv_name == nullptr) return std::string(bytes);
  Converter converter(encoding.iconv_name);
  if (!converter.Works()) {
    return Error{ErrorCode::kInvalidArgument, name + ": 这台机器不会转换 " + encoding.iconv_name +
                                                  "；请把文件另存为 UTF-8 编码（Debian 可以装 libc6 的 gconv 模块）"};
  }
  std::string text;
  if (const auto bad = converter.Convert(bytes, text)) {
    const bool wide = std::string_view(encoding.iconv_name).starts_with("UTF-16");
    const size_t line =
        wide ? static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1 : LineOf(bytes, *bad);
    return Error{ErrorCode::kInvalidArgument, name + ":" + std::to_string(line) + ": 这里不是 " + encoding.iconv_name +
                                                  " 文字；请核对文件的编码，最好另存为 UTF-8"};
  }
  if (std::string_view(text).starts_with(kUtf8Mark)) text.erase(0, kUtf8Mark.size());
  return text;
}

/// By a byte order mark, the head, or as UTF-8; `bytes` that are neither: nothing.
base::Result<std::optional<std::string>> DecodeIfTold(std::string_view bytes, const std::string& name) {
  using Text = std::optional<std::string>;
  if (bytes.starts_with(kUtf8Mark)) return Text(bytes.substr(kUtf8Mark.size()));
  const bool little = bytes.starts_with("\xFF\xFE");
  if (little || bytes.starts_with("\xFE\xFF")) {
    YINGDA_TRY(std::string text, Convert(bytes.substr(2), name, *Find(little ? "utf-16le" : "utf-16be")));
    return Text(std::move(text));
  }
  const Declared declared = ReadHead(bytes);
  if (declared.line != 0) {
    const Encoding* const encoding = Find(declared.encoding);
    if (encoding == nullptr) {
      return Error{ErrorCode::kInvalidArgument, name + ":" + std::to_string(declared.line) + ": 编码“" +
                                                    base::ToValidUtf8(declared.encoding) + "”不认识；" +
                                                    std::string(kChoices)};
    }
    const std::string place = name + ":" + std::to_string(declared.line) + ": ";
    if (encoding->iconv_name != nullptr && IsChineseUtf8(bytes)) {
      return Error{ErrorCode::kInvalidArgument, place + "这里写着 encoding=" + std::string(declared.encoding) +
                                                    "，但文件是 UTF-8；请删掉 encoding=，其余不用改"};
    }
    YINGDA_TRY(std::string text, Convert(bytes, name, *encoding));
    if (IsGb18030(*encoding) && LooksLikeBig5(bytes)) {
      return Error{ErrorCode::kInvalidArgument,
                   place + "这里写着 encoding=" + std::string(declared.encoding) +
                       "，但文件看起来是 Big5；是的话请改成 encoding=big5，不是的话请另存为 "
                       "UTF-8 并删掉 encoding="};
    }
    return Text(std::move(text));
  }
  if (base::IsValidUtf8(bytes) || MostlyUtf8(bytes)) return Text(bytes);
  return Text();
}

bool FitsGb18030(std::string_view bytes) {
  std::string ignored;
  Converter converter("GB18030");
  return converter.Works() && !converter.Convert(bytes, ignored);
}

}  // namespace

bool IsKnownEncoding(std::string_view name) { return Find(name) != nullptr; }

base::Result<std::string> DecodeWordFile(std::string_view bytes, const std::string& name) {
  YINGDA_TRY(auto text, DecodeIfTold(bytes, name));
  if (text) return *std::move(text);
  const bool fits = FitsGb18030(bytes);
  if (fits && LooksLikeBig5(bytes)) {
    return Error{ErrorCode::kInvalidArgument,
                 name + ": 不是 UTF-8，看起来是 Big5；是的话请在第一行写 #! encoding=big5，或另存为 UTF-8"};
  }
  if (fits) {
    return Error{ErrorCode::kInvalidArgument,
                 name + ": 不是 UTF-8，看起来是 GBK/GB18030；是的话请在第一行写 #! encoding=gb18030，或另存为 UTF-8"};
  }
  return Error{ErrorCode::kInvalidArgument, name +
                                                ": 不是 UTF-8 文字；请另存为 UTF-8 编码，或在第一行写明编码，例如 "
                                                "#! encoding=big5"};
}

base::Result<std::string> DecodeWordFileAs(std::string_view bytes, const std::string& name, std::string_view encoding) {
  if (encoding != "auto") {
    const Encoding* const known = Find(encoding);
    if (known == nullptr) {
      return Error{ErrorCode::kInvalidArgument, "编码“" + std::string(encoding) + "”不认识；" + std::string(kChoices)};
    }
    if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
    if (known->iconv_name != nullptr && IsChineseUtf8(bytes)) {
      return Error{ErrorCode::kInvalidArgument,
                   name + ": 是 UTF-8，不是 " + std::string(encoding) + "；请去掉 --encoding，或写 --encoding utf-8"};
    }
    return Convert(bytes, name, *known);
  }
  YINGDA_TRY(auto text, DecodeIfTold(bytes, name));
  if (text) return *std::move(text);
  if (FitsGb18030(bytes) && LooksLikeBig5(bytes)) {
    return Error{ErrorCode::kInvalidArgument, name +
                                                  ": 看起来是 Big5；是的话请加 --encoding big5，不是的话请加 "
                                                  "--encoding gb18030"};
  }
  return Convert(bytes, name, *Find("gb18030"));
}

}  // namespace yingda::filter
