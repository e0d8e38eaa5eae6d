// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "wechat/clean_text.h"
#include "wechat/incoming_fields.h"

namespace yingda::wechat {
namespace {

using Json = nlohmann::json;

// Fills the message while the text is read, without a tree: numbers beyond 64 bits keep their digits, and depth costs
// nothing because reading stops at the first level too many.
class FieldReader final : public nlohmann::json_sax<Json> {
 public:
  explicit FieldReader(Incoming& message) : message_(message) {}

  bool null() override { return Put({}); }
  bool boolean(bool value) override { return Put(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Put(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Put(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& digits) override { return Put(digits); }
  bool string(string_t& value) override { return Put(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Enter(true); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return Enter(false); }
  bool end_array() override { return Leave(); }
  bool key(string_t& name) override {
    path_.resize(levels_.back().path_size);
    if (!path_.empty()) path_.push_back('.');
    path_.append(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  struct Level {
    size_t path_size;  // what each key inside is appended to
    size_t outer_size;
  };

  bool Put(std::string_view value) {
    if (levels_.empty()) return false;  // a push is an object
    PutField(message_, path_, value);
    return true;
  }
  // An array repeats the name it stands under, as a repeated element does in XML.
  bool Enter(bool object) {
    if (levels_.empty() && !object) return false;
    if (levels_.size() >= 2 * kMaxFieldDepth) return false;
    levels_.push_back({path_.size(), path_.size()});
    return true;
  }
  bool Leave() {
    path_.resize(levels_.back().outer_size);
    levels_.pop_back();
    return true;
  }

  Incoming& message_;
  std::string path_;
  std::vector<Level> levels_;
};

}  // namespace

base::Result<Incoming> ParseJsonFields(std::string_view body) {
  Incoming message;
  FieldReader reader(message);
  const bool read = Json::sax_parse(RepairedText(body), &reader);
  if (!read) return base::Error{base::ErrorCode::kInvalidArgument, "malformed JSON, or nested too deeply"};
  return message;
}

}  // namespace yingda::wechat
