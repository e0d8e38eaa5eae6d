// SPDX-License-Identifier: MIT
#include "bot/question_sketch.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/secret.h"
#include "base/utf8.h"
#include "filter/fold.h"

namespace yingda::bot {
namespace {

constexpr size_t kLongestQuestion = 64;  // characters
constexpr size_t kLongestBytes = 4 * kLongestQuestion;
constexpr size_t kOwnNumber = 6;  // digits: a verification code, a date of birth, a phone number
constexpr std::array<std::string_view, 6> kOfAddresses = {"://", "www.", ".com", ".cn", ".net", ".org"};

size_t Characters(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += base::DecodeUtf8(text, at).length) ++count;
  return count;
}

bool HasLongNumber(std::string_view folded) {
  size_t digits = 0;
  for (const char c : folded) {
    if (c >= '0' && c <= '9') {
      if (++digits >= kOwnNumber) return true;
    } else if (std::string_view(" -.,()+/").find(c) == std::string_view::npos) {
      digits = 0;
    }
  }
  return false;
}

}  // namespace

std::string QuestionKey(std::string_view text) {
  if (text.size() > 4 * kLongestBytes) return "";  // what is folded away may be long, within reason
  std::string key = filter::FoldedKey(text);
  const bool personal = key.find('@') != std::string::npos || HasLongNumber(key) ||
                        std::any_of(kOfAddresses.begin(), kOfAddresses.end(),
                                    [&](std::string_view part) { return key.find(part) != std::string::npos; });
  if (personal || Characters(key) > kLongestQuestion) key.clear();
  return key;
}

QuestionSketch::QuestionSketch(Options options) : options_(options), salt_(base::RandomBytes(16)) {}

uint64_t QuestionSketch::Hash(std::string_view key) const {
  std::string salted = salt_;
  salted += key;
  return std::hash<std::string>{}(salted);
}

void QuestionSketch::Add(std::string_view key, std::string_view text) {
  if (options_.places == 0) return;
  ++asked_;
  const uint64_t hash = Hash(key);
  if (const auto known = place_of_.find(hash); known != place_of_.end()) {
    ++counts_[known->second];
    ++repeats_;
    return;
  }
  Place place{hash, 0, options_.keep_texts ? std::string(base::Utf8Prefix(text, kLongestBytes)) : std::string()};
  if (places_.size() < options_.places) {
    place_of_[hash] = places_.size();
    places_.push_back(std::move(place));
    counts_.push_back(1);
    return;
  }
  const auto lowest = static_cast<size_t>(std::min_element(counts_.begin(), counts_.end()) - counts_.begin());
  place_of_.erase(places_[lowest].hash);
  place.error = counts_[lowest]++;
  places_[lowest] = std::move(place);
  place_of_[hash] = lowest;
}

std::vector<CommonQuestion> QuestionSketch::Top(size_t limit) const {
  std::vector<size_t> order(places_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return counts_[a] != counts_[b] ? counts_[a] > counts_[b] : places_[a].error < places_[b].error;
  });
  std::vector<CommonQuestion> top;
  for (const size_t place : order) {
    if (top.size() >= limit) break;
    const uint64_t at_least = counts_[place] - places_[place].error;
    if (at_least >= 2) top.push_back({places_[place].text, at_least, counts_[place]});
  }
  return top;
}

}  // namespace yingda::bot
