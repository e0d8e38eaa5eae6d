// SPDX-License-Identifier: MIT
// Other ways to look for many words, to measure ours beside.
#pragma once

#include <string>
#include <vector>

#include "engines.h"

namespace yingda::bench {

/// The references see raw bytes: they fold nothing, so they find less. `words` must stay.
void AddFindLoop(Bench& bench, const std::string& name, const std::vector<std::string>& words, size_t count,
                 const Messages& messages);
void AddRe2Set(Bench& bench, const std::string& name, const std::vector<std::string>& words, size_t count,
               const Messages& messages);
/// Of regular expressions, in any case.
void AddRe2SetOfExpressions(Bench& bench, const std::string& name, const std::vector<std::string>& expressions,
                            const Messages& messages);
/// These say so when the build found no vectorscan, or no ICU.
void AddVectorscan(Bench& bench, const std::string& name, const std::vector<std::string>& words, size_t count,
                   const Messages& messages);
/// ICU's NFKC with case folding first, of the words too; no traditional characters, no characters in between.
void AddIcuVectorscan(Bench& bench, const std::string& name, const std::vector<std::string>& words, size_t count,
                      const Messages& messages);
void AddIcu(Bench& bench, const std::string& name, const Messages& messages);
void AddVectorscanOfExpressions(Bench& bench, const std::string& name, const std::vector<std::string>& expressions,
                                const Messages& messages);

}  // namespace yingda::bench
