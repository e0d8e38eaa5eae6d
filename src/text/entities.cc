// SPDX-License-Identifier: MIT
#include "text/entities.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/utf8.h"
#include "text/characters.h"
#include "text/prepare.h"

namespace yingda::text {
namespace {

struct Entity {
  std::string_view name;
  char32_t value;
};

// Sorted by name.
constexpr Entity kEntities[] = {
    {"Aacute", 0xC1},   {"Acirc", 0xC2},    {"Agrave", 0xC0},   {"Alpha", 0x391},      {"Aring", 0xC5},
    {"Auml", 0xC4},     {"Beta", 0x392},    {"Ccedil", 0xC7},   {"Chi", 0x3A7},        {"Dagger", 0x2021},
    {"Delta", 0x394},   {"Eacute", 0xC9},   {"Ecirc", 0xCA},    {"Egrave", 0xC8},      {"Epsilon", 0x395},
    {"Eta", 0x397},     {"Gamma", 0x393},   {"Hat", 0x5E},      {"Iota", 0x399},       {"Kappa", 0x39A},
    {"Lambda", 0x39B},  {"Mu", 0x39C},      {"NewLine", 0xA},   {"Ntilde", 0xD1},      {"Nu", 0x39D},
    {"Omega", 0x3A9},   {"Omicron", 0x39F}, {"Oslash", 0xD8},   {"Ouml", 0xD6},        {"Phi", 0x3A6},
    {"Pi", 0x3A0},      {"Prime", 0x2033},  {"Psi", 0x3A8},     {"Rho", 0x3A1},        {"Sigma", 0x3A3},
    {"Tab", 0x9},       {"Tau", 0x3A4},     {"Theta", 0x398},   {"Upsilon", 0x3A5},    {"Uuml", 0xDC},
    {"Xi", 0x39E},      {"Zeta", 0x396},    {"aacute", 0xE1},   {"acirc", 0xE2},       {"acute", 0xB4},
    {"aelig", 0xE6},    {"agrave", 0xE0},   {"alpha", 0x3B1},   {"amp", 0x26},         {"and", 0x2227},
    {"ang", 0x2220},    {"apos", 0x27},     {"approx", 0x2248}, {"aring", 0xE5},       {"ast", 0x2A},
    {"asymp", 0x2248},  {"atilde", 0xE3},   {"auml", 0xE4},     {"bdquo", 0x201E},     {"beta", 0x3B2},
    {"brvbar", 0xA6},   {"bsol", 0x5C},     {"bull", 0x2022},   {"cap", 0x2229},       {"ccedil", 0xE7},
    {"cedil", 0xB8},    {"cent", 0xA2},     {"check", 0x2713},  {"checkmark", 0x2713}, {"chi", 0x3C7},
    {"circ", 0x2C6},    {"clubs", 0x2663},  {"colon", 0x3A},    {"comma", 0x2C},       {"commat", 0x40},
    {"cong", 0x2245},   {"copy", 0xA9},     {"cross", 0x2717},  {"cup", 0x222A},       {"curren", 0xA4},
    {"dArr", 0x21D3},   {"dagger", 0x2020}, {"darr", 0x2193},   {"dash", 0x2010},      {"deg", 0xB0},
    {"delta", 0x3B4},   {"diams", 0x2666},  {"divide", 0xF7},   {"dollar", 0x24},      {"eacute", 0xE9},
    {"ecirc", 0xEA},    {"egrave", 0xE8},   {"empty", 0x2205},  {"emsp", 0x2003},      {"ensp", 0x2002},
    {"epsilon", 0x3B5}, {"equals", 0x3D},   {"equiv", 0x2261},  {"eta", 0x3B7},        {"euml", 0xEB},
    {"euro", 0x20AC},   {"excl", 0x21},     {"exist", 0x2203},  {"female", 0x2640},    {"forall", 0x2200},
    {"frac12", 0xBD},   {"frac14", 0xBC},   {"frac34", 0xBE},   {"gamma", 0x3B3},      {"ge", 0x2265},
    {"geq", 0x2265},    {"grave", 0x60},    {"gt", 0x3E},       {"hArr", 0x21D4},      {"harr", 0x2194},
    {"hearts", 0x2665}, {"hellip", 0x2026}, {"horbar", 0x2015}, {"hyphen", 0x2010},    {"iacute", 0xED},
    {"icirc", 0xEE},    {"iexcl", 0xA1},    {"igrave", 0xEC},   {"infin", 0x221E},     {"int", 0x222B},
    {"iota", 0x3B9},    {"iquest", 0xBF},   {"isin", 0x2208},   {"iuml", 0xEF},        {"kappa", 0x3BA},
    {"lArr", 0x21D0},   {"lambda", 0x3BB},  {"laquo", 0xAB},    {"larr", 0x2190},      {"lbrace", 0x7B},
    {"lbrack", 0x5B},   {"lcub", 0x7B},     {"ldquo", 0x201C},  {"le", 0x2264},        {"leq", 0x2264},
    {"lowbar", 0x5F},   {"lpar", 0x28},     {"lsaquo", 0x2039}, {"lsqb", 0x5B},        {"lsquo", 0x2018},
    {"lt", 0x3C},       {"macr", 0xAF},     {"male", 0x2642},   {"mdash", 0x2014},     {"micro", 0xB5},
    {"middot", 0xB7},   {"minus", 0x2212},  {"mu", 0x3BC},      {"nabla", 0x2207},     {"nbsp", 0xA0},
    {"ndash", 0x2013},  {"ne", 0x2260},     {"ni", 0x220B},     {"not", 0xAC},         {"notin", 0x2209},
    {"nsub", 0x2284},   {"ntilde", 0xF1},   {"nu", 0x3BD},      {"num", 0x23},         {"oacute", 0xF3},
    {"ocirc", 0xF4},    {"ograve", 0xF2},   {"omega", 0x3C9},   {"omicron", 0x3BF},    {"oplus", 0x2295},
    {"or", 0x2228},     {"ordf", 0xAA},     {"ordm", 0xBA},     {"oslash", 0xF8},      {"otilde", 0xF5},
    {"otimes", 0x2297}, {"ouml", 0xF6},     {"para", 0xB6},     {"part", 0x2202},      {"percnt", 0x25},
    {"period", 0x2E},   {"permil", 0x2030}, {"perp", 0x22A5},   {"phi", 0x3C6},        {"phone", 0x260E},
    {"pi", 0x3C0},      {"plus", 0x2B},     {"plusmn", 0xB1},   {"pound", 0xA3},       {"prime", 0x2032},
    {"prod", 0x220F},   {"prop", 0x221D},   {"psi", 0x3C8},     {"quest", 0x3F},       {"quot", 0x22},
    {"rArr", 0x21D2},   {"radic", 0x221A},  {"raquo", 0xBB},    {"rarr", 0x2192},      {"rbrace", 0x7D},
    {"rbrack", 0x5D},   {"rcub", 0x7D},     {"rdquo", 0x201D},  {"reg", 0xAE},         {"rho", 0x3C1},
    {"rpar", 0x29},     {"rsaquo", 0x203A}, {"rsqb", 0x5D},     {"rsquo", 0x2019},     {"sbquo", 0x201A},
    {"sdot", 0x22C5},   {"sect", 0xA7},     {"semi", 0x3B},     {"sigma", 0x3C3},      {"sigmaf", 0x3C2},
    {"sim", 0x223C},    {"sol", 0x2F},      {"spades", 0x2660}, {"star", 0x2606},      {"starf", 0x2605},
    {"sub", 0x2282},    {"sube", 0x2286},   {"sum", 0x2211},    {"sup", 0x2283},       {"sup1", 0xB9},
    {"sup2", 0xB2},     {"sup3", 0xB3},     {"supe", 0x2287},   {"szlig", 0xDF},       {"tau", 0x3C4},
    {"there4", 0x2234}, {"theta", 0x3B8},   {"thinsp", 0x2009}, {"tilde", 0x2DC},      {"times", 0xD7},
    {"trade", 0x2122},  {"uArr", 0x21D1},   {"uacute", 0xFA},   {"uarr", 0x2191},      {"ucirc", 0xFB},
    {"ugrave", 0xF9},   {"uml", 0xA8},      {"upsilon", 0x3C5}, {"uuml", 0xFC},        {"verbar", 0x7C},
    {"vert", 0x7C},     {"xi", 0x3BE},      {"yen", 0xA5},      {"yuml", 0xFF},        {"zeta", 0x3B6},
};

char32_t ValueOf(std::string_view name) {
  if (name.starts_with('#')) {
    name.remove_prefix(1);
    const bool is_hexadecimal = name.starts_with('x') || name.starts_with('X');
    if (is_hexadecimal) name.remove_prefix(1);
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value, is_hexadecimal ? 16 : 10);
    if (error != std::errc() || end != name.data() + name.size()) return 0xFFFD;
    return value == 0 || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF) ? 0xFFFD : value;
  }
  const auto* entity = std::lower_bound(std::begin(kEntities), std::end(kEntities), name,
                                        [](const Entity& e, std::string_view n) { return e.name < n; });
  return entity != std::end(kEntities) && entity->name == name ? entity->value : 0;
}

}  // namespace

void AppendEntity(std::string& out, std::string_view entity) {
  if (entity.size() < 3) {
    out.append(entity);
    return;
  }
  const char32_t value = ValueOf(entity.substr(1, entity.size() - 2));
  if (value == 0) {
    out.append(entity);
  } else if (value == '\r' || (value != 0x3000 && IsSpace(value))) {
    out.push_back(' ');
  } else if (!IsInvisible(value)) {
    base::AppendUtf8(out, value);
  }
}

}  // namespace yingda::text
