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

/// Is a file of this name, in a folder of rules or words, one that is read? Neither hidden nor what editors leave.
bool MayBeLoaded(const std::string& name);

/// Of the files that may be loaded in these folders, or of single files. What is missing, cannot be read or is no file
/// is a state, too. Blocks on the disk, so not on the loop.
FileStamps StampsOf(const std::vector<std::string>& places);

}  // namespace yingda::app
