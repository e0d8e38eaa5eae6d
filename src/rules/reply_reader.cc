// SPDX-License-Identifier: MIT
#include "rules/reply_reader.h"

#include "base/utf8.h"
#include "base/yaml_map.h"
#include "rules/rule_keys.h"

namespace yingda::rules {
namespace {

using base::YamlMap;
using base::YamlNode;

constexpr size_t kMaxTextBytes = 2047;
constexpr size_t kMaxInstructionBytes = 8000;

std::string AllKinds() {
  std::string kinds;
  for (const std::string_view kind : kReplyKinds) kinds += (kinds.empty() ? "" : "、") + std::string(kind);
  return kinds;
}

class ReplyReader {
 public:
  ReplyReader(const ReplyContext& context, base::YamlProblems& problems, base::YamlProblems& warnings)
      : context_(context), problems_(problems), warnings_(warnings) {}

  std::optional<wechat::Reply> Read(const YamlNode& node) {
    if (node.IsScalar()) return Text(node);
    if (!node.IsMap()) {
      problems_.Add(node, "", "这里应当是回复的文字，或者 image: 素材编号 这样的一项");
      return std::nullopt;
    }
    return Section(node);
  }

  /// What was read is an instruction for the model.
  bool ForModel() const { return for_model_; }

 private:
  std::optional<wechat::Reply> Text(const YamlNode& node) {
    if (!node.IsScalar() || base::TrimBlanks(node.text).empty()) {
      problems_.Add(node, "", "回复内容是空的：请写上文字；不想回复时请写 none: true");
      return std::nullopt;
    }
    std::string content = node.text;
    // A block (|) ends with a line end that nobody means to send.
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
    if (content.size() > kMaxTextBytes) {
      warnings_.Add(node, "",
                    "文字有 " + std::to_string(content.size()) + " 字节，超过微信的 2047 字节：会分页发送，" +
                        "粉丝回复“继续”才能看到后面的内容");
    }
    return wechat::TextReply{std::move(content)};
  }

  std::optional<wechat::Reply> Section(const YamlNode& node) {
    YamlMap map(&node, problems_);
    // The kind is read from the raw entries: "none:" without a value is still a choice of none.
    const YamlNode* chosen = nullptr;
    std::string_view kind;
    for (const std::string_view name : kReplyKinds) {
      map.Has(name);
      const YamlNode* value = node.Find(name);
      if (value == nullptr) continue;
      if (chosen != nullptr) {
        problems_.Add(*value, "", "一条回复只能有一种内容：请把 " + std::string(name) + " 移到单独的一条 replies 里");
        return std::nullopt;
      }
      chosen = value;
      kind = name;
    }
    if (chosen == nullptr) {
      if (node.entries.empty()) problems_.Add(node, "", "缺少回复的内容：请写 " + AllKinds() + " 之一");
      return std::nullopt;
    }
    return OfKind(kind, *chosen, map);
  }

  std::optional<wechat::Reply> OfKind(std::string_view kind, const YamlNode& value, YamlMap& map) {
    if (kind == "text") return Text(value);
    if (kind == "image") return MediaReply<wechat::ImageReply>(value, "image");
    if (kind == "voice") return MediaReply<wechat::VoiceReply>(value, "voice");
    if (kind == "video") return Video(value);
    if (kind == "music") return Music(value);
    if (kind == "news") return News(value);
    if (kind == "none") return map.Bool("none", true) ? std::optional(wechat::Reply(wechat::NoReply{})) : Not(value);
    if (kind == "model") return Model(value);
    return Transfer(value);
  }

  std::optional<wechat::Reply> Model(const YamlNode& value) {
    if (!context_.has_message) {
      problems_.Add(value, "", "事件里没有粉丝的话，不能交给模型：请换成一条回复");
      return std::nullopt;
    }
    if (!value.IsNull() && !value.IsScalar()) {
      problems_.Add(value, "", "model 后面应当写附加给模型的说明，例如 model: 请用一句话回答；没有说明时写 true");
      return std::nullopt;
    }
    if (value.IsScalar() && value.text == "false") return Not(value);
    if (value.text.size() > kMaxInstructionBytes) {
      problems_.Add(value, "", "给模型的说明太长：最多 " + std::to_string(kMaxInstructionBytes) + " 字节");
      return std::nullopt;
    }
    for_model_ = true;
    const bool plain = value.IsNull() || (value.text == "true" && !value.quoted);
    return wechat::TextReply{plain ? std::string() : std::string(base::TrimBlanks(value.text))};
  }

  /// "none: false" and the like: switched off, so it says nothing at all.
  std::optional<wechat::Reply> Not(const YamlNode& value) {
    problems_.Add(value, "", "请写 true，或者删掉这一条");
    return std::nullopt;
  }

  template <typename Media>
  std::optional<wechat::Reply> MediaReply(const YamlNode& value, const std::string& kind) {
    if (value.IsScalar() && !base::TrimBlanks(value.text).empty()) {
      return Media{std::string(base::TrimBlanks(value.text))};
    }
    problems_.Add(value, "", kind + " 后面应当写素材编号（media_id），例如 " + kind + ": MEDIA_ID");
    return std::nullopt;
  }

  /// The text of a key that must be there and not blank.
  std::string Required(YamlMap& map, std::string_view key, std::string_view what) {
    std::string text = map.String(key);
    const bool wrong_type = map.Has(key) && !map.Find(key)->IsScalar();
    if (base::TrimBlanks(text).empty() && !wrong_type) {
      map.Problem(key, "", "缺少 " + std::string(key) + "：请写上" + std::string(what));
    }
    return text;
  }

  std::optional<wechat::Reply> Video(const YamlNode& value) {
    if (value.IsScalar() || value.IsNull()) {
      if (value.IsScalar() && !base::TrimBlanks(value.text).empty()) return wechat::VideoReply{value.text, "", ""};
      problems_.Add(value, "", "video 后面应当写 {media_id: 素材编号, title: 标题, description: 简介}");
      return std::nullopt;
    }
    YamlMap map(&value, problems_);
    if (!value.IsMap()) return std::nullopt;
    wechat::VideoReply video;
    video.media_id = Required(map, "media_id", "视频的素材编号");
    video.title = map.String("title");
    video.description = map.String("description");
    return video;
  }

  std::optional<wechat::Reply> Music(const YamlNode& value) {
    YamlMap map(&value, problems_);
    if (!value.IsMap()) {
      if (value.IsNull()) problems_.Add(value, "", "music 后面应当写 title、url、thumb_media_id 等");
      return std::nullopt;
    }
    wechat::MusicReply music;
    music.title = map.String("title");
    music.description = map.String("description");
    music.music_url = Address(map, "url");
    music.hq_music_url = Address(map, "hq_url");
    music.thumb_media_id = Required(map, "thumb_media_id", "封面图的素材编号（微信要求必须有）");
    return music;
  }

  std::optional<wechat::Reply> News(const YamlNode& value) {
    if (!value.IsList() || value.items.empty()) {
      problems_.Add(value, "", "news 后面应当是图文列表，例如 [{title: 标题, url: \"https://…\"}]");
      return std::nullopt;
    }
    if (value.items.size() > context_.max_articles) {
      problems_.Add(value.items[context_.max_articles], "",
                    context_.max_articles == 1
                        ? "回复消息时微信只允许 1 篇图文：请只保留一篇"
                        : "微信最多允许 " + std::to_string(context_.max_articles) + " 篇图文：请删掉多余的");
    }
    wechat::NewsReply news;
    for (const YamlNode& item : value.items) {
      YamlMap map(&item, problems_);
      if (!item.IsMap()) {
        if (item.IsNull()) problems_.Add(item, "", "这里应当是一篇图文，例如 {title: 标题, url: \"https://…\"}");
        continue;
      }
      wechat::Article article;
      article.title = Required(map, "title", "图文的标题");
      article.description = map.String("description");
      article.picture_url = Address(map, "picture");
      Required(map, "url", "点开后打开的网址");
      article.url = Address(map, "url");
      news.articles.push_back(std::move(article));
    }
    return news;
  }

  std::string Address(YamlMap& map, std::string_view key) {
    std::string url = map.String(key);
    if (base::TrimBlanks(url).empty()) return url;
    const size_t host = url.starts_with("https://") ? 8 : (url.starts_with("http://") ? 7 : 0);
    if (url.compare(host, 1, "{") == 0) {
      map.Problem(key, "",
                  std::string(key) + " 的网站不能由粉丝的话填出来：填进网址的字会先编码，这样的链接打不开。" +
                      "请写出网站，例如 https://example.com/search?q={1}");
    } else if (host == 0 || host == url.size()) {
      map.Problem(key, "", std::string(key) + " 应当是以 https:// 或 http:// 开头的完整网址");
    }
    return url;
  }

  std::optional<wechat::Reply> Transfer(const YamlNode& value) {
    if (value.IsNull()) return wechat::TransferReply{};
    if (!value.IsScalar()) {
      problems_.Add(value, "", "transfer 后面应当写 true（任意客服）或客服账号，例如 kf2001@gh_example");
      return std::nullopt;
    }
    if (value.text == "false") return Not(value);
    if (value.text.empty() || value.text == "true" || value.text == "any") return wechat::TransferReply{};
    if (value.text.find('@') == std::string::npos) {
      problems_.Add(value, "", "客服账号应当含有 @，例如 kf2001@gh_example；任意客服请写 true");
      return std::nullopt;
    }
    return wechat::TransferReply{value.text};
  }

  const ReplyContext& context_;
  base::YamlProblems& problems_;
  base::YamlProblems& warnings_;
  bool for_model_ = false;
};

}  // namespace

std::optional<ReplyTemplate> ReadReply(const YamlNode& node, const ReplyContext& context, base::YamlProblems& problems,
                                       base::YamlProblems& warnings) {
  ReplyReader reader(context, problems, warnings);
  std::optional<wechat::Reply> reply = reader.Read(node);
  if (!reply) return std::nullopt;
  ReplyTemplate read = reader.ForModel()
                           ? ReplyTemplate::ToModel(std::get<wechat::TextReply>(std::move(*reply)).content)
                           : ReplyTemplate(std::move(*reply));
  read.line = node.line;
  read.column = node.column;
  const std::string highest = "{" + std::to_string(read.HighestGroup()) + "}";
  if (context.groups < 0 && read.HighestGroup() >= 0) {
    problems.Add(node, "", highest + " 只能用在 match: regex 的规则里；如果就是要显示它，请写成 {" + highest + "}");
    return std::nullopt;
  }
  if (read.HighestGroup() > context.groups) {
    problems.Add(node, "",
                 "没有 " + highest + "：正则表达式里只有 " + std::to_string(context.groups) +
                     " 个括号分组，请改用 {0} 到 {" + std::to_string(context.groups) + "}；如果就是要显示它，请写成 {" +
                     highest + "}");
    return std::nullopt;
  }
  return read;
}

}  // namespace yingda::rules
