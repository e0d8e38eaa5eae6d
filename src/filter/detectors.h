// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "filter/fold.h"
#include "filter/word_list.h"

namespace yingda::filter {

/// What can be recognised by its form instead of being listed.
enum class DetectorKind { kUrl, kEmail, kPhone, kDigits, kWechatId };

/// "url", "email", "phone", "digits", "wechat_id".
const char* ToString(DetectorKind kind);
/// 网址, 邮箱地址, 手机号, 长数字, 微信号.
const char* ChineseName(DetectorKind kind);

struct DetectorOptions {
  DetectorKind kind = DetectorKind::kUrl;
  Levels levels;
  uint32_t least_digits = 8;  // kDigits: shorter numbers are not meant; kFewestDigits to kMostDigits
};
inline constexpr uint32_t kFewestDigits = 4;
inline constexpr uint32_t kMostDigits = 64;

/// Folded characters [first, last) of a text.
struct Detection {
  uint32_t first = 0;
  uint32_t last = 0;
  /// What an allow word must cover to excuse it: of a link the registered name (example.com of www.example.com/a), else
  /// all of it.
  uint32_t key_first = 0;
  uint32_t key_last = 0;
};

/// Appends what `options.kind` finds in a text folded with kLiteral, in order, without overlaps. Full-width and styled
/// characters count as the plain ones, invisible characters do not count.
///   url        http://…, www.…, and bare names under common endings (example.com/a); full-width dots too
///   email      name@host.ending
///   phone      Chinese mobile numbers, with +86 or without, written as one or in groups (138-0013-8000, 1 3 8 0 …)
///   digits     runs of at least least_digits digits, single blanks, dots and dashes between them not counted; dates
///              (2024-01-31) do not count
///   wechat_id  6 to 20 letters, digits, - and _ behind 微信, 微信号, vx, wx, v: and the like; wxid_…
/// Begins at folded character `start`; what stands before it is only looked back at (kDetectorLookBehind). `start` must
/// be 0 or what OpenDetection gave for it: then all is found that a pass over the whole text finds there.
/// Cost: a pass over the text. Thread-safety: pure.
void Detect(const DetectorOptions& options, const FoldedText& literal, size_t start, std::vector<Detection>& found);

/// For texts that are still being written: the first folded character, at most `end`, from which on nothing depends on
/// whether the text is cut there: before the link, number or name that `end` lies in, or that more text could lengthen
/// when `end` is literal.size().
size_t OpenDetection(const FoldedText& literal, size_t end);

/// How many folded characters before its start may make a detection: of "weixin :: abc123" what stands before abc123.
inline constexpr size_t kDetectorLookBehind = 12;
inline constexpr size_t kLongestHost = 256;

}  // namespace yingda::filter
