#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes src/filter/fold_table.inc. Run by hand, only when the Unicode or OpenCC data change:

    apt-get install opencc && python3 tools/gen_fold.py > src/filter/fold_table.inc

What a character folds to: NFKC with case folding, Latin letters without accents, digits of every style as ASCII,
traditional characters as simplified ones (OpenCC's single characters, no phrases). What is no letter and no digit folds
to a class of skipped characters instead.
"""
import subprocess
import sys
import tempfile
import unicodedata

SYMBOL, BLANK, NEWLINE, INVISIBLE = 0xD800, 0xD801, 0xD802, 0xD803  # surrogates: no character folds to one
FIRST_EXPANSION = 0xD810
NEWLINES = {0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029}
# Letters that are drawn as nothing; Unicode calls them default ignorable.
INVISIBLE_LETTERS = {0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
# Look-alikes that no data file maps.
BY_HAND = {"愽": "博", "ⱥ": "a", "ø": "o", "đ": "d", "ħ": "h", "ł": "l", "ŧ": "t", "ƀ": "b", "ɨ": "i", "ı": "i", "ɡ": "g"}
# Letters of other scripts that are drawn as Latin ones, small ones for both cases. They fold wherever they stand, not
# only among Latin letters: what comes later in a text must not change how its beginning reads.
LOOK_ALIKES = {
    "a": "аα", "b": "вβ", "c": "сϲ", "d": "ԁ", "e": "еёε", "g": "ց", "h": "нһհ", "i": "іїι", "j": "јϳ", "k": "кκ", "m": "м",
    "n": "ո", "o": "оοօ", "p": "рρ", "q": "ԛզ", "s": "ѕ", "t": "тτ", "u": "υս", "v": "νѵ", "w": "ԝ", "x": "хχ", "y": "уүγ",
}
BY_HAND.update((char, latin) for latin, chars in LOOK_ALIKES.items() for char in chars)


def traditional_to_simplified():
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as out:
        subprocess.run(["opencc_dict", "-i", "/usr/share/opencc/TSCharacters.ocd2", "-f", "ocd2", "-o", out.name, "-t", "text"],
                       check=True, stdout=subprocess.DEVNULL)
        pairs = (line.rstrip("\n").split("\t") for line in out)
        return {key: values.split(" ")[0] for key, values in pairs if len(key) == 1}


def is_symbol(char):
    return unicodedata.category(char)[0] in "PS"


def skip_class(code):
    char = chr(code)
    category = unicodedata.category(char)
    if code in NEWLINES:
        return NEWLINE
    if category == "Zs" or code == 0x09:
        return BLANK
    if category in ("Mn", "Me", "Cf", "Cc") or code in INVISIBLE_LETTERS or 0xE0000 <= code <= 0xE0FFF:
        return INVISIBLE
    if is_symbol(char) or 0x1F000 <= code <= 0x1FAFF:  # emoji younger than this Python's Unicode are unassigned there
        return SYMBOL
    return None


def letter_by_name(char):
    """Small capitals, squared, circled and regional letters: Unicode has no mapping, but their names tell."""
    name = unicodedata.name(char, "")
    for prefix in ("LATIN LETTER SMALL CAPITAL ", "NEGATIVE SQUARED LATIN CAPITAL LETTER ",
                   "NEGATIVE CIRCLED LATIN CAPITAL LETTER ", "REGIONAL INDICATOR SYMBOL LETTER "):
        if name.startswith(prefix) and len(name) == len(prefix) + 1:
            return name[-1].lower()
    return None


def without_accent(char):
    base = unicodedata.normalize("NFD", char)
    return base[0] if len(base) > 1 and "LATIN" in unicodedata.name(base[0], "") else char


def fold(code, simplified):
    """The folded text of one character; None when it is skipped. Folding it again changes nothing."""
    text = fold_once(chr(code), simplified)
    while text:
        again = "".join(fold_once(char, simplified) or "" for char in text)
        if again == text:
            return text
        text = again
    return None


def fold_once(char, simplified):
    if char in BY_HAND:
        return BY_HAND[char]
    by_name = letter_by_name(char)
    if by_name:
        return by_name
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
    text = unicodedata.normalize("NFKC", text.casefold())
    out = ""
    for part in text:
        part = without_accent(part)
        if skip_class(ord(part)) is not None:
            continue
        part = simplified.get(part, part)
        out += BY_HAND.get(part, part)
    if out in ("", char) and unicodedata.category(char) == "No":  # ❶ ➃ ⓿
        value = unicodedata.numeric(char)
        if value == int(value):
            return str(int(value))
    if len(out) == 1 and unicodedata.category(out) == "Nd":
        return str(unicodedata.digit(out))
    return out or None


def fold_all(simplified):
    """code point -> (target value, target text); only what does not fold to itself."""
    values, expansions, index = {}, [], {}
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or unicodedata.category(chr(code)) == "Co":
            continue
        text = fold(code, simplified)
        if text is None:
            values[code] = skip_class(code) or SYMBOL
        elif text == chr(code):
            continue
        elif len(text) == 1 and (ord(text) < 0x10000 or code >= 0x10000):
            values[code] = ord(text)
        else:
            if text not in index:
                index[text] = len(expansions)
                expansions.append(text)
            values[code] = FIRST_EXPANSION + index[text]
    for code in range(0xE0000, 0xE1000):
        values[code] = INVISIBLE
    assert FIRST_EXPANSION + len(expansions) < 0xE000
    assert all(values[code] == SYMBOL for code in range(0x1F300, 0x1FB00)), "fold.cc takes this range for symbols"
    return values, expansions


def runs_of(values):
    """(first, count, step, target, target step), greedily: case pairs need steps of two."""
    runs = []
    for code in sorted(values):
        value = values[code]
        if runs:
            first, count, step, target, target_step = runs[-1]
            gap, rise = code - (first + (count - 1) * step if count > 1 else first), value - (target + (count - 1) * target_step)
            if count == 1 and gap in (1, 2) and rise in (0, gap) and count < 0xFFFF:
                runs[-1] = (first, 2, gap, target, rise)
                continue
            if count > 1 and gap == step and rise == target_step and count < 0xFFFF:
                runs[-1] = (first, count + 1, step, target, target_step)
                continue
        runs.append((code, 1, 1, value, 0))
    return runs


def print_rows(items, per_row):
    for at in range(0, len(items), per_row):
        print("    " + ",".join(items[at:at + per_row]) + ",")


def main():
    simplified = traditional_to_simplified()
    values, expansions = fold_all(simplified)
    pairs = [(code, value) for code, value in sorted(values.items())
             if 0x3400 <= code < 0xA000 and 0x3400 <= value < 0xA000]
    for code, _ in pairs:
        del values[code]
    runs = runs_of(values)
    print("// Written by tools/gen_fold.py; see NOTICE for the data it is made from. Unicode", unicodedata.unidata_version)
    print("// clang-format off")
    print("constexpr char16_t kHanPairs[] =  // each character and the one it folds to")
    for at in range(0, len(pairs), 24):
        print('    u"' + "".join(chr(code) + chr(value) for code, value in pairs[at:at + 24]) + '"')
    print("    ;")
    print("constexpr FoldRun kRuns[] = {  // first, count, step, target, target step; ascending")
    print_rows(["{0x%X,%d,%d,0x%X,%d}" % (first, count, step, target, target_step)
                for first, count, step, target, target_step in runs], 5)
    print("};")
    print("constexpr char32_t kExpansions[] = {  // each ends with 0")
    print_rows([",".join("0x%X" % ord(char) for char in text) + ",0" for text in expansions], 6)
    print("};")
    symbols = []
    for code in range(0x80, 0x110000):
        if 0xD800 <= code < 0xE000 or values.get(code) != SYMBOL:
            continue
        text = unicodedata.normalize("NFKC", chr(code))
        if len(text) == 1 and ord(text) != code and code < 0x10000 and ord(text) < 0x10000:
            symbols.append((code, ord(text)))
    print("constexpr char16_t kSymbolPairs[] = {  // each symbol and the one it is a variant of; ascending")
    print_rows(["0x%X,0x%X" % pair for pair in symbols], 10)
    print("};")
    print("// clang-format on")
    print(len(pairs), "pairs,", len(runs), "runs,", len(expansions), "expansions,", len(symbols), "symbols", file=sys.stderr)


main()
