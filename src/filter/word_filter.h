// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "filter/detectors.h"
#include "filter/fold.h"
#include "filter/pattern_index.h"
#include "filter/verdict.h"
#include "filter/word_list.h"

namespace yingda::filter {

struct DirectionOptions {
  bool enabled = true;
  Level maximum = Level::kBlock;  // words of higher levels act as if they had this one
};

struct Options {
  DirectionOptions inbound;
  DirectionOptions outbound;
  std::vector<DetectorOptions> detectors;  // at most kMaxDetectors
};
inline constexpr size_t kMaxDetectors = 16;

/// A word as its file has it, or a detector.
struct WordInfo {
  std::string text;   // of a detector its Chinese name
  std::string file;   // "deny/fraud.txt"; of a detector "detectors/phone"
  uint32_t line = 0;  // of a detector 0
  Levels levels;
  std::vector<std::string> tags;
  bool allow = false;
  bool detector = false;
  std::optional<std::string> replacement;

  std::string Place() const;  // "deny/fraud.txt:12", "detectors/phone"
};

struct LoadReport {
  size_t words = 0;  // of deny and allow files
  size_t files = 0;
  std::vector<std::string> warnings;  // "deny/fraud.txt:3:5: what, and what to write instead", in Chinese
};

/// What came of a word that was seen in a text.
enum class Fate {
  kActs,
  kInsideWord,   // it touches other letters: "sm" in "Smoking"
  kInterrupted,  // too much lies between its characters
  kAllowed,      // it lies inside a word of an allow file
  kSwitchedOff,  // its level is pass, or the direction is off
  kPartMissing,  // the other words of "a && b" are not there
};

struct Explanation {
  WordHit hit;
  Fate fate = Fate::kActs;
  uint32_t allowed_by = 0;  // the allow file's word, when kAllowed
};

/// ＊ and not *, which is markup in what models write.
inline constexpr std::string_view kMaskCharacter = "\uFF0A";
/// A text is looked at again behind each of these: with the replacements of the first, and the masks of each, what is
/// left around them may read as another word.
inline constexpr size_t kMaskPasses = 3;

/// Finds sensitive words in what followers write and in what the model answers, in spite of case, width, styled and
/// traditional characters, characters put in between and repeated ones. A denied word does not count inside a word of
/// an allow file, nor (a-z and 0-9 only) inside a longer word or number. Detectors (detectors.h) find what cannot be
/// listed.
/// Thread-safety: immutable. Cost: about 2 µs for 400 bytes and 60,000 words, each detector about 1 µs more; loading
/// about 1 µs per word.
class WordFilter {
 public:
  /// Reads `folder`/deny/*.txt and `folder`/allow/*.txt (see word_list.h). The report is filled on failure too.
  static base::Result<std::shared_ptr<const WordFilter>> Load(const std::string& folder, LoadReport& report);
  static base::Result<std::shared_ptr<const WordFilter>> Load(const std::string& folder, const Options& options,
                                                              LoadReport& report);
  static std::shared_ptr<const WordFilter> FromLists(const std::vector<WordList>& lists, const Options& options = {});

  Verdict Check(std::string_view text, Direction direction, Scratch& scratch) const;

  /// Check of a text from byte `from` on; what stands before it is only to show what a word touches and what introduces
  /// a detection, and was decided before. If it `goes_on`, it has whole code points so far, and what begins to be a
  /// word, what the next character may make part of a longer word or detection and what an allow word may yet cover
  /// stay undecided. Parts of "a && b" act if the others are in what is decided or in `seen`, to which they are added.
  OpenVerdict CheckFrom(std::string_view text, size_t from, bool goes_on, Direction direction, PartsSeen& seen,
                        Scratch& scratch) const;

  /// `text` with one kMaskCharacter for each character inside hits of level mask or higher, or with the replacement of
  /// a word that covers all hits that overlap with it; line ends and | stay. What comes out holds no such word any
  /// more, not even one that masking has made of what stood around it. `verdict` must come from this text. Where some
  /// hits were left out of it, `counts` says which of those in what comes out count, given that text; null: all.
  using Counts = std::function<bool(std::string_view text, const WordHit& hit)>;
  std::string Mask(std::string_view text, const Verdict& verdict, const Counts& counts = nullptr) const;

  /// The first step of it, and with Replacing::kNo what the others are: see kMaskPasses.
  enum class Replacing { kNo, kYes };
  std::string MaskHits(std::string_view text, const Verdict& verdict, Replacing replacing) const;
  /// Whether there are words or detectors whose hits are masked without blocking the text.
  bool Masks(Direction direction) const { return masks_.at(static_cast<size_t>(direction)); }

  WordInfo Info(uint32_t word) const;

  /// Every denied word seen in the text and what came of it, ordered by place.
  std::vector<Explanation> Explain(std::string_view text, Direction direction) const;

  const Options& GetOptions() const { return options_; }

  /// One explanation as a Chinese sentence for an admin, with the word's file and line.
  std::string Describe(const Explanation& explanation, std::string_view text) const;

  size_t WordCount() const { return listed_; }
  size_t MemoryBytes() const;

 private:
  /// How a word may be spread out.
  struct Shape {
    uint8_t longest_gap = 255;  // visible characters that may lie between two of its own
    bool ascii : 1 = false;     // folds to a-z and 0-9 only
    bool blanks : 1 = true;     // blanks may lie inside
  };
  struct Word {
    uint32_t text = 0;  // where it begins in pool_
    uint32_t line = 0;
    uint32_t file = 0;  // in files_
    uint16_t length_bytes = 0;
    uint16_t tags = 0;  // in tags_
    Level inbound : 4 = Level::kBlock;
    Level outbound : 4 = Level::kBlock;
    Boundary boundary : 4 = Boundary::kAuto;
    bool allow : 1 = false;
    bool replaced : 1 = false;  // by replacements_
    Shape shape;
  };
  /// A word with wildcards, or one part of "a && b" words. Words whose parts are alike share them.
  struct Part {
    uint32_t word = 0;  // one of those that it belongs to; all of them have its boundary
    uint32_t tail = 0;  // in tails_: what must follow the first piece, 0 for any letter or digit
    uint32_t groups_first = 0;
    uint32_t groups_last = 0;  // in groups_: those that have no rarer part
    uint8_t tail_length = 0;
    bool alone = true;  // it is all of the word
    Shape shape;
  };
  /// A first piece: all that the indexes know, under the number words_.size() and its place in heads_. Its parts are
  /// sorted by what follows it, so that thousands cost what a few cost.
  struct Head {
    uint32_t parts_first = 0;
    uint32_t parts_last = 0;
  };
  /// An "a && b" word.
  struct Group {
    uint32_t word = 0;
    uint32_t count = 0;  // of parts, each once
    std::array<uint32_t, kMaxParts> parts{};
  };
  class Builder;

  void Find(std::string_view text, size_t from, Scratch& scratch, std::vector<Explanation>* refused) const;
  void FindIn(const PatternIndex& index, FoldedText& text, size_t from, Scratch& scratch,
              std::vector<Explanation>* refused) const;
  void Place(const PatternHit& hit, uint32_t number, const Shape& shape, const FoldedText& text, Scratch& scratch,
             std::vector<Explanation>* refused) const;
  void FollowTails(const Head& parts, uint32_t depth, const PatternHit& hit, const FoldedText& text, Scratch& scratch,
                   std::vector<Explanation>* refused) const;
  void NoteOpenWildcard(const PatternHit& hit, const FoldedText& text, Scratch& scratch) const;
  void RunDetectors(size_t from, Scratch& scratch) const;
  size_t OpenFrom(size_t from, Scratch& scratch) const;
  void DropCovered(Scratch& scratch, std::vector<Explanation>* refused) const;
  void Settle(Direction direction, PartsSeen& seen, Scratch& scratch, std::vector<Explanation>* refused) const;
  void SettleGroups(Direction direction, PartsSeen& seen, Scratch& scratch, std::vector<Explanation>* refused) const;
  void FindComplete(Direction direction, const PartsSeen& seen, Scratch& scratch) const;
  void RefuseIncomplete(const WordHit& hit, const Scratch& scratch, std::vector<Explanation>& refused) const;
  void DropReplaced(Direction direction, Scratch& scratch, std::vector<Explanation>* refused) const;
  const Part* PartOf(uint32_t pattern) const;
  Fate Judge(const PatternHit& hit, const Word& word, const Shape& shape, const FoldedText& text) const;
  bool IsImplied(uint32_t word) const { return word >= listed_ && word < words_.size(); }
  static bool Interrupted(const Shape& shape, const PatternHit& hit, const FoldedText& text);
  const DirectionOptions& For(Direction direction) const;
  Level LevelOf(uint32_t word, Direction direction) const;
  const DetectorOptions& DetectorOf(uint32_t word) const;
  const std::string* ReplacementOf(const WordHit& hit) const;
  bool HasMasks(Direction direction) const;

  Options options_;
  PatternIndex letters_;
  PatternIndex literal_;           // words of which kLetters folding would leave less than two characters: "+v", "@@@@"
  uint32_t widest_gap_ = 0;        // of the words in letters_
  std::vector<Word> words_;        // those of the files, and then the replacements that have their own word in them
  uint32_t listed_ = 0;            // how many are of the files
  std::vector<uint32_t> implied_;  // of each of the others the word that does not count inside of it
  std::vector<Head> heads_;
  std::vector<Part> parts_;
  std::vector<Group> groups_;
  std::u32string tails_;
  std::unordered_map<uint32_t, std::string> replacements_;  // by word
  std::string pool_;
  std::vector<std::string> files_;
  std::vector<std::string> tags_;
  std::array<bool, 2> masks_{};  // by direction
};

}  // namespace yingda::filter
