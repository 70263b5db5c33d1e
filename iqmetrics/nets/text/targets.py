"""Which strings a prompt asks to be lettered in the picture, and how sure that is.

Quoted spans (see `quotes`) count for .97 after a cue word ("reads", "titled", 写着), .75 without,
.4 where they look like speech, a style word or a name. Where nothing is quoted, what follows a cue
("a sign that says Open", 写着开业大吉) counts for .5. No model; pure.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from iqmetrics.nets.text.quotes import Span, normalised, spans

QUOTED_AFTER_CUE, QUOTED, UNQUOTED, DOUBTFUL = 0.97, 0.75, 0.5, 0.4

CUE_EN = (
    r"says?|saying|reads?|reading|stat(?:es?|ing)|titled?|labell?ed|labels?|caption(?:ed)?|named|"
    r"written|writes?|writing|printed|engraved|inscribed|inscriptions?|displays?|displaying|"
    r"show(?:s|ing|n)?|spell(?:s|ed|ing)?|text|words?|letters?|lettering|phrase|slogan|tagline|"
    r"message|headlines?|heading|subtitle|logo|sign(?:s|age)?|banner|poster|billboard|sticker|"
    r"plate|screen|board|menu|cover|announc\w+|declar\w+|proclaim\w+|bearing|featur\w+|tattoo|"
    r"graffiti|neon|marquee|typography|font|quote|note|header|footer|button|embroidered|etched|"
    r"painted|stamped|carved|mark(?:ed|s)|speech bubble|speech balloon|display"
)
CUE_ZH = (
    r"写着|写有|写上|写道|写了|印着|印有|印上|刻着|刻有|标语|标题|字样|文字|文本|书写|题字|题词|题有|"
    r"招牌|横幅|海报|牌匾|匾额|标签|显示|内容|上联|下联|横批|书名|封面|标有|标注|贴着|绣着|口号|大字|"
    r"字为|字是|喷涂|涂鸦|霓虹|广告|屏幕|副标题|落款|印章|对联|二字|两字|三个字|四个字|几个字|字"
)
CUE = re.compile(rf"\b(?:{CUE_EN})\b|{CUE_ZH}", re.IGNORECASE)
REACH = 60
"""How far before the quote, in characters, a cue may stand (a quarter as far after it)."""

SPEECH = re.compile(
    r"\b(?:(?:he|she|they|i|man|woman|boy|girl|person|people|child|kid|crowd|someone|voice)"
    r"(?: is| are)? (?:says?|saying)|whisper\w*|shout\w*|yell\w*|scream\w*|asks?|asking|asked|said|"
    r"thinks?|thinking|sings?|singing|replie[sd]|exclaim\w*)[,:]?\s*$",
    re.IGNORECASE,
)
NAME = re.compile(
    r"\b(?:called|known as|nicknamed|so-called|in the style of|style of|inspired by|like|type|"
    r"the (?:movie|film|song|novel|book|game|show|band|series|anime|character)|from|starring|"
    r"mood:?|vibe:?|concept of|idea of|feeling of|theme of)\s*$",
    re.IGNORECASE,
)
STYLE_AFTER = re.compile(
    r"^[\s-]*(?:lighting|style|styled|look|aesthetic|effect|mood|vibe|shot|feel|quality|pose|"
    r"expression|atmosphere|mode|composition|rendering|colou?r(?:s|ing)?|era|age|camera)\b",
    re.IGNORECASE,
)
BUBBLE = re.compile(r"\b(?:bubble|balloon|comic|meme|caption|subtitle)", re.IGNORECASE)

AFTER_CUE_EN = re.compile(
    r"\b(?:that (?:says|reads|spells)|which (?:says|reads)|(?:sign|banner|poster|label|sticker|"
    r"billboard|plate|shirt|cap|mug|card|screen|board|logo|text|tattoo|caption) (?:says|reads|"
    r"saying|reading)|(?:with|bearing|has|having) the (?:words?|text|inscription|caption|title|"
    r"slogan|phrase|letters)|(?:text|caption|title|slogan)\s*:)\s+(?P<text>.+)",
    re.IGNORECASE,
)
NAMED_EN = re.compile(
    r"\bwith (?P<text>[A-Z][\w']*(?: [A-Z][\w']*)*) "
    r"(?:written|printed|painted|engraved|embroidered)\b"
    r"|\b(?i:spelling|writing|saying|says|reads|letters|the words?) "
    r"(?P<capitals>[A-Z]{2}[A-Z0-9' ]*)\b"
)
STOP_EN = re.compile(
    r"[,.;!?\n()\[\]|]|\s(?:on|in|at|with|hanging|above|below|under|over|next|beside|against|near|"
    r"behind|surrounded|while|and a|and an|and the|written|painted|printed|made|by a|from a)\s",
    re.IGNORECASE,
)
ABOUT_TEXT = re.compile(
    r"^(?:something|anything|nothing|text|words?|letters?|a|an|it|its|his|her|their|"
    r"the (?:name|same))\b",
    re.IGNORECASE,
)
AFTER_CUE_ZH = re.compile(
    r"(?:写着|写有|印着|印有|刻着|刻有|标语(?:是|为)|文字(?:是|为)|标题(?:是|为)|内容(?:是|为)|书名(?:是|为)|"
    r"字样(?:是|为)|标有|绣着)[:：]?\s*(?P<text>[^，。；！？、,.;!?\n]{1,24})"
)
ABOUT_TEXT_ZH = re.compile(
    r"^(?:一些|很多|许多|各种|文字|字母|汉字|英文|中文|几个|一行|一个|密密麻麻|看不|难以)"
)
COUNTED_ZH = re.compile(
    r"的?(?:字样|[一二两三四五六七八九十几]个大?字|[二两]字|大字|(?<=^.)字|(?<=的)字|文字|标语)$"
)
"""What names the lettering and is none: 字样, 四个大字, 二字."""
COUPLET_ZH = re.compile(r"(?:上联|下联|横批)(?:[:：]|是|为)\s*(?P<text>[\u4e00-\u9fff]{2,16})")
MARKS = " :-\"'“”‘’"
WORDS_MOST = 8


@dataclass(frozen=True, slots=True)
class Target:
    """A string to be read in the picture, and how sure (0..1) the prompt asks for it."""

    text: str
    confidence: float = 1.0


def from_prompt(prompt: str) -> list[Target]:
    """Every string that a prompt may ask for, in order, repeats kept.

    Example:
        >>> from_prompt('a red sign that reads "OPEN LATE"')
        [Target(text='OPEN LATE', confidence=0.97)]
    """
    return list(_from_prompt(prompt))


@lru_cache(1024)
def _from_prompt(prompt: str) -> tuple[Target, ...]:
    plain = normalised(prompt)
    return tuple(_quoted(plain) or _unquoted(plain))


def wanted(
    prompt: str | None, texts: tuple[str, ...] | None, min_confidence: float
) -> list[Target]:
    """The targets to judge: the explicit list wins, else those of the prompt that are sure enough.

    Args:
        prompt: what the picture was made from, if known.
        texts: strings stated by hand; () = stated: none; None = not stated.
        min_confidence: targets of the prompt below this are left out.
    """
    if texts is not None:
        return [Target(text) for text in texts if text.strip()]
    return [t for t in from_prompt(prompt or "") if t.confidence >= min_confidence]


def _quoted(prompt: str) -> list[Target]:
    found = []
    for span in spans(prompt):
        before = prompt[max(0, span.start - REACH) : span.start]
        after = prompt[span.end : span.end + REACH // 4]
        if span.mark == "《" and not CUE.search(before):
            continue
        if inner := _told_inside(span):
            found += inner
        elif any(c.isalnum() for c in span.text):
            found.append(Target(_trimmed(span, after), _confidence(before, after)))
    return found


def _told_inside(span: Span) -> list[Target]:
    """Targets of a whole sentence in single marks that itself quotes in double ones."""
    inside = spans(span.text) if span.mark in "'‘" and len(span.text) > REACH else []
    if not inside or inside[0].mark not in '"“' or not CUE.search(span.text[: inside[0].start]):
        return []
    return _quoted(span.text)


def _trimmed(span: Span, after: str) -> str:
    """Without the comma that American usage puts inside the closing mark."""
    keeps = not span.text.endswith(",") or not after[:1].isspace()
    return span.text if keeps else span.text[:-1].rstrip()


def _confidence(before: str, after: str) -> float:
    if SPEECH.search(before) and not BUBBLE.search(before):
        return DOUBTFUL
    if NAME.search(before) or STYLE_AFTER.search(after):
        return DOUBTFUL
    return QUOTED_AFTER_CUE if CUE.search(before) or CUE.search(after) else QUOTED


def _unquoted(prompt: str) -> list[Target]:
    found = [Target(m["text"], UNQUOTED) for m in COUPLET_ZH.finditer(prompt)]
    for match in AFTER_CUE_ZH.finditer(prompt):
        text = COUNTED_ZH.sub("", match["text"]).strip()
        if text and not ABOUT_TEXT_ZH.match(text):
            found.append(Target(text, UNQUOTED))
    if named := NAMED_EN.search(prompt):
        found.append(Target((named["text"] or named["capitals"]).strip(), UNQUOTED))
    elif match_en := AFTER_CUE_EN.search(prompt):
        text = STOP_EN.split(match_en["text"], maxsplit=1)[0].strip(MARKS)
        fits = 0 < len(text.split()) <= WORDS_MOST and not ABOUT_TEXT.match(text)
        if fits and any(c.isalnum() for c in text):
            found.append(Target(text, UNQUOTED))
    return found
