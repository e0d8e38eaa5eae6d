// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace yingda::app {

/// What tells one state of some files from another without reading them: which there are, and of each its size, its
/// times and which file it is. Only for comparing.
struct FileStamps {
  std::vector<std::string> lines;
  /// A file was written within the last moments: another write of the same size might leave no trace.
  bool fresh = false;

  /// The same state for certain.
  bool SameAs(const FileStamps& other) const { return !fresh && !other.fresh && lines == other.lines; }
};

/// Of the files in these folders (hidden ones left out) or of single files. What is missing or cannot be read is a
/// state, too. Blocks on the disk, so not on the loop's thread.
FileStamps StampsOf(const std::vector<std::string>& places);

}  // namespace yingda::app
