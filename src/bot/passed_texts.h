// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filter/word_filter.h"

namespace yingda::bot {

/// Which texts of conversations have passed the words of now just as they are: a conversation that goes on is sent to
/// the model with every question, and is not searched anew each time. Remembers digests under a key of this process,
/// not texts, in a table of a fixed size, where the newest stay. Thread-safety: on the loop, which has it.
class PassedTexts {
 public:
  struct Digest {
    uint64_t first = 0;
    uint64_t second = 0;
    bool operator==(const Digest&) const = default;
  };

  /// About so many texts, of 16 bytes each; 0: none, and nothing is remembered.
  explicit PassedTexts(size_t texts);

  /// `role` says who wrote it. Another one for other words, though these be gone since. Costs about 1 us a KB.
  Digest Of(const std::shared_ptr<const filter::WordFilter>& words, std::string_view role, std::string_view text);
  bool Has(const Digest& digest) const;
  void Add(const Digest& digest);

 private:
  /// The newest is first.
  using Bucket = std::array<Digest, 4>;
  struct Known {
    std::weak_ptr<const filter::WordFilter> words;  // an address alone may come again
    uint64_t number = 0;
  };

  uint64_t NumberOf(const std::shared_ptr<const filter::WordFilter>& words);

  const std::string key_;
  std::vector<Bucket> table_;
  std::unordered_map<const filter::WordFilter*, Known> known_;
  uint64_t next_number_ = 1;
};

}  // namespace yingda::bot
