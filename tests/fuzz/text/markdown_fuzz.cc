// SPDX-License-Identifier: MIT
// An answer as a hostile model may write it: what a follower or the answer page gets of it must be valid text without a
// link or tag that is not ours, and its pages must be all of it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "text/html_check.h"
#include "text/markdown.h"
#include "text/pages.h"

namespace yt = yingda::text;
namespace yb = yingda::base;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > (size_t{64} << 10)) return 0;
  const std::string_view markdown(reinterpret_cast<const char*>(data), size);

  const std::string text = yt::WeChatText(markdown);
  if (!yb::IsValidUtf8(text) || text.find('\0') != std::string::npos) std::abort();
  for (size_t at = 0; (at = text.find("<a ", at)) != std::string::npos; ++at) {
    if (!std::string_view(text).substr(at).starts_with("<a href=\"http")) std::abort();
  }
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = yt::PageEnd(rest, 2047);
    if (end == 0 || end > rest.size()) std::abort();
    if (!yb::IsValidUtf8(rest.substr(0, end))) std::abort();
    rest.remove_prefix(end);
  }

  std::string html;
  for (const std::string& block : yt::HtmlBlocks(markdown)) html.append(block);
  if (!yb::IsValidUtf8(html) || !yt::ProblemOfHtml(html).empty()) std::abort();

  if (yt::StableMarkdown(markdown) > size) std::abort();
  (void)yt::ReadsBetterOnAPage(markdown);
  return 0;
}
