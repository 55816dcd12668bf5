"""Texts that look like an attempt to instruct a model: named, never refused.

Remembered text is data wherever memcli hands it to a model. What is said here comes on top: a text that tells
its reader to ignore what it was told, plays a role in a prompt or a tool's call, wants something kept from the
user or sent away, or hides what it says, ranks lower and is marked. These are patterns of known tricks in nine
languages; whoever words one in a new way is not found, and people who write about such tricks are.

Each rule needs words of two lists first, which are looked for as plain strings: nearly every text is done with
after some microseconds.
"""

# ruff: noqa: E501  # a pattern is read as a whole
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from memcli.model import Memory

Some = TypeVar("Some", bound=Memory)

SUSPECTED = 0.5
"""What is left of the score and the relevance of a memory with flags. Of 120 attacks that repeat the question
and give an order, 105 stood first as they were, 90 with 0.65, 71 with this, 46 with 0.35. A right answer that is
flagged by mistake stays among the first ten in 64 % of cases, and in a block in 81 %; with 0.35, in 45 and 61."""

LOOKED_AT = 20_000
"""Characters of a text that are looked at: its beginning and, as many, its end."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one trick is recognised, in text in small letters.

    Attributes:
        kind: What it is called.
        first: One of these is in every text that plays it.
        second: And one of these, unless there are none.
        pattern: A regular expression.
    """

    kind: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    pattern: str


OVERRIDE, ROLE, LEAK, SECRECY = (
    "tells to ignore instructions",
    "gives orders",
    "wants data sent",
    "wants secrecy",
)
MARKS, CALL, HIDDEN = "plays a role in a prompt", "looks like a tool call", "hides text"

# an order: at the beginning of a sentence or behind a word that makes one of it; "he said to ignore" is none
ORDER = (
    r"(?:^|[.!?:;,\n\"'“”‘«»(>\]*#—–\-]\s*|\b(?:please|now|must|should|just|then|and|simply|immediately|kindly|first|you to"
    r"|have to|need to|ai|assistants?|model|system|important|agent|bot|hey|reader)\s+)"
)
OF_TEXTS = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|constraints?|polic(?:y|ies)"
    r"|safeguards?|restrictions?|training|programming|guardrails?|filters?|context|system messages?)\b"
)

RULES = (
    Rule(
        OVERRIDE,
        ("ignore", "disregard", "forget", "override", "bypass", "neglect", "follow", "skip", "discard", "obey", "drop"),
        ("instruction", "prompt", "rule", "guideline", "direct", "command", "constraint", "polic", "safeguard",
         "restriction", "training", "programming", "guardrail", "filter", "context", "system message", "told", "above"),
        ORDER
        + r"(?:ignore|disregard|forget|override|bypass|neglect|skip|discard|drop|do not (?:follow|obey)|don'?t (?:follow|obey)"
        r"|stop (?:following|obeying))\s+"
        r"(?=(?:\w+\W+){0,6}?(?:all|any|every|your|my|our|previous|prior|above|earlier|preceding|foregoing|existing|original|former|other|initial"
        r"|safety|system|content|developer|hidden|given|internal|ethical)\b)(?:(?:all|any|every|each|of|the|these|those|your|my|our|its|previous|prior|above|earlier"
        r"|preceding|foregoing|existing|original|former|other|initial|current|safety|system|content|developer|hidden|user'?s?|and|or"
        r"|previously|given|internal|ethical|set)\s+){1,7}" + OF_TEXTS,
    ),
    Rule(
        OVERRIDE,
        ("ignore", "disregard", "forget"),
        ("above", "before", "told", "previous"),
        ORDER + r"(?:ignore|disregard|forget)\s+(?:all|everything|anything|whatever|what)\s+"
        r"(?:of\s+)?(?:(?:that\s+)?(?:is |was |you )?(?:were\s+|have\s+been\s+|said\s+)*(?:told|above|before|previous\w*|instructed)\b)",
    ),
    Rule(
        OVERRIDE,
        ("instruction", "prompt", "rules"),
        ("no longer", "supersede", "replace", "new ", "updated", "real ", "actual", "overrid", "void", "cancel"),
        r"\b(?:(?:previous|prior|earlier|above|old|original|system|your)\s+(?:instructions?|prompts?|rules)\s+(?:are|is|have been|has been)"
        r"\s+(?:now\s+)?(?:no longer|superseded|replaced|void|cancel+ed|overridden|revoked|obsolete)"
        r"|(?:your|the)?\s*(?:new|updated|real|actual|revised)\s+(?:system\s+)?(?:instructions?|prompt)\s*(?:is|are)?\s*[:：]"
        r"|(?:overrides?|supersedes?|replaces?)\s+(?:all\s+)?(?:previous|prior|your|the system|any)\s+(?:\w+\s+)?(?:instructions?|prompts?))",
    ),
    Rule(
        OVERRIDE,  # German, Dutch
        ("ignorier", "vergiss", "missacht", "negeer", "vergeet", "vergessen sie", "befolge", "beachte"),
        ("anweisung", "befehl", "regel", "vorgabe", "prompt", "instructi", "aanwijzing", "oben", "kontext"),
        r"\b(?:ignorier(?:e|en sie|t)?|vergiss|vergessen sie|missachte(?:n sie)?|(?:befolge|beachte)n?\s+(?:sie\s+)?nicht(?:\s+mehr)?|negeer|vergeet)\s+(?:\S+\s+){0,5}?"
        r"(?:anweisung|befehl|regeln|vorgabe|systemprompt|system-prompt|prompt|instructi|aanwijzing|kontext|obige|regels)",
    ),
    Rule(
        OVERRIDE,  # Spanish, Portuguese, Italian, French
        ("ignor", "olvid", "esque", "dimentic", "oubli", "desconsider", "descarta", "ne tiens", "ne tenez", "ne suis"),
        ("instruc", "instruç", "istruzion", "consigne", "regra", "regla", "regole", "règle", "directive", "prompt", "ordre", "indicacion"),
        r"\b(?:ignor(?:a|e|ez|ad|en|ate|ar|i|iamo)?|olvid(?:a|e|ad|en)|esque[cç](?:a|e|am)|dimentica(?:te)?|oubli(?:e|ez)|desconsidere?|descarta|ne (?:tiens|tenez) (?:pas|plus) compte|ne suis (?:pas|plus))\s+"
        r"(?:(?:de\s+)?(?:todas?|todos?|as?|os?|las?|los|el|tus?|sus?|suas?|estas?|toutes?|tous|les?|la|l'|tes|vos|tutte|tutti|le|gli|i|queste?|tue|mis|cualquier|ses|ces|mes)\s+){1,4}(?:\S+\s+){0,2}?(?:instruc|instruç|istruzion|instruction|consigne|regras|reglas|regole|règle|directive|prompt|ordre|indicacion)",
    ),
    Rule(
        OVERRIDE,  # Russian, Ukrainian, Polish, Turkish
        ("игнориру", "забудь", "ігнору", "zignoruj", "ignoruj", "zapomnij", "yoksay", "yok say", "unut", "görmezden"),
        ("инструкц", "указани", "правил", "команд", "промпт", "інструкц", "вказівк", "instrukcj", "polece", "zasad", "talimat", "kural", "komut"),
        r"(?:(?:про)?игнорируй(?:те)?|забудь(?:те)?|(?:про)?ігноруй(?:те)?|z?ignoruj(?:cie)?|zapomnij)\s+(?:\S+\s+){0,5}?(?:инструкц|указани|правил|команд|промпт|інструкц|вказівк|instrukcj|polece|zasad)"
        r"|(?:talimat|kural|komut)\S*\s+(?:\S+\s+){0,2}?(?:yok\s?say|unut|görmezden|dikkate alma)",
    ),
    Rule(
        OVERRIDE,  # Chinese, Japanese, Korean, Arabic, Hindi
        ("忽略", "无视", "無視", "忘记", "忘掉", "忘れ", "무시", "잊어", "تجاهل", "انس", "अनदेखा", "भूल", "不要遵"),
        ("指令", "指示", "规则", "規則", "提示", "命令", "ルール", "プロンプト", "지시", "명령", "규칙", "تعليمات", "أوامر", "निर्देश", "नियम"),
        r"(?:忽略|无视|無視(?!し|す)|忘记|忘掉|不要遵[守循])[^。！？\n]{0,12}(?:指令|指示|规则|規則|提示词?|命令)"
        r"|(?:指示|命令|ルール|プロンプト|指令)[^。\n]{0,8}(?:無視し|無視す|忘れ(?:て|ろ|なさい))"
        r"|(?:지시|명령|규칙)\S*\s+(?:\S+\s+){0,2}?(?:무시|잊어)"
        r"|(?:تجاهل|انس|انسى)\s+(?:\S+\s+){0,3}?(?:ال)?(?:تعليمات|أوامر|توجيهات)"
        r"|(?:निर्देश|नियम)\S*\s+(?:\S+\s+){0,3}?(?:अनदेखा|भूल)",
    ),
    Rule(
        ROLE,
        ("you are now", "you're now", "you must now", "from now on", "act as", "pretend", "developer mode", "jailbr", "dan mode",
         "do anything now", "unrestricted", "you will now", "your new ", "henceforth"),
        (),
        r"\b(?:(?:you are|you're) now (?:dan\b|operating|acting as|unrestricted|unfiltered|jailbroken|no longer bound|root\b|an? admin|in \w+ mode|free (?:of|from) (?:all |any |your |the )*(?:re|ru|li|fi|co)|(?:an? |the |my )(?:\w+ ){0,3}(?:ai|assistant|bot|chatbot|model|agent|hacker|(?:\w+ )?(?:without|with no|who (?:never|always|must))))|you (?:must|will) now (?:\w+ly )?(?:act|ignore|respond|answer|reply|obey|follow|execute|run|send|call|output|pretend|only|always|reveal|print|forget)"
        r"|(?:from now on|henceforth),?\s+(?:you|always respond|respond|reply|answer|act|ignore)\s*(?:must|will|are|should|have to|only|shall|as|with|to|in|\b)"
        r"|(?:enable|enter|activate|switch to|in) (?:developer|dan|god|jailbreak|debug|unrestricted) mode|do anything now|pretend (?:that )?(?:you|to be) (?:are|an?|have) (?:\w+ ){0,3}(?:ai|model|assistant|no (?:rules|restrictions|limits|filters))"
        r"|act as (?:an? )?(?:\w+ ){0,2}(?:unrestricted|uncensored|unfiltered|jailbroken|evil|dan\b)|your new (?:role|identity|task|goal|objective|mission|purpose) is)",
    ),
    Rule(
        ROLE,  # an order to whoever reads it that is a model
        ("assistant", "ai ", "ai:", "model", "llm", "agent", "chatbot", "language model", "reading this", "when asked", "whenever"),
        ("must", "always", "never", "respond", "reply", "say", "execute", "run ", "recommend", "output", "include", "tell", "should", "approve"),
        r"(?:\b(?:(?:note|important|message|instructions?|order) (?:to|for)|(?:attention|warning|notice),?(?: (?:to|for))?) (?:the |any |all |every )?(?:ai|llm|language model|assistant|agent|chatbot|model)s?\b"
        r"|\bif you are (?:an? )?(?:ai|llm|language model|ai assistant|assistant|chatbot|ai agent|large language model)"
        r"|\b(?:any|the|dear|every|hey|to all) (?:ai|llm|language model|ai assistants?|ai agents?|ai models?|llms)s?\b[^.\n]{0,30}\b(?:reading|processing|summari[sz]ing|seeing|that reads|who reads)\b[^.\n]{0,20}\b(?:this|must|should)\b"
        r"|\b(?:ai|llm|assistants?|models?|agents?) (?:reading|processing|summari[sz]ing) this\b[^.\n]{0,40}\b(?:must|should|shall|has to|have to|is to)\b"
        r"|\b(?:whenever|when|if|every time) (?:the user|anyone|someone|asked|you are asked|a user)\b[^.\n]{0,60}[,]?\s*(?:you (?:must|should|will|shall)\s+)?(?:always |only |instead )?(?:respond|reply|answer|say|output|recommend|tell them|include|run|execute|insist)\s+(?:with|that|only|this|the following|in|exactly|`|\"|'|by|nothing))",
    ),
    Rule(
        ROLE,
        ("system prompt", "system override", "system update!", "initial instruction", "hidden instruction", "your instructions", "systemprompt", "initial prompt", "prompt système",
         "system-prompt", "prompt del sistema", "系统提示", "системный промпт"),
        (),
        r"(?:\b(?:reveal|print|repeat|output|show|display|leak|dump|recite|tell me|what (?:is|are)|disclose|write out|gib|zeige|nenne|montre|affiche|muestra|revela|покажи|выведи)\b|显示|输出|告诉)[^.\n]{0,30}"
        r"(?:system[- ]?prompt|initial (?:instructions|prompt)|hidden instructions|your instructions|prompt système|prompt del sistema|系统提示|системный промпт)"
        r"|\bsystem (?:prompt )?(?:override|update|alert)\b\s*[:!]",
    ),
    Rule(
        ROLE,  # other languages
        ("du bist jetzt", "du bist nun", "ab jetzt", "ab sofort", "von nun an", "tu es maintenant", "désormais", "dorénavant", "ahora eres", "a partir de ahora",
         "agora você", "a partir de agora", "ora sei", "d'ora in poi", "ты теперь", "теперь ты", "отныне", "你现在是", "从现在", "从今以后", "今から", "これから", "あなたは今", "지금부터",
         "şu andan itibaren", "artık sen", "أنت الآن", "من الآن", "od teraz", "jesteś teraz", "अब तुम", "अब से"),
        (),
        r"du bist (?:jetzt|nun) (?:ein|der|die|dan|frei|kein)|(?:ab (?:jetzt|sofort)|von nun an) (?:\S+\s+){0,2}?(?:du|antworte|antwortest|sollst|musst|ignorier)"
        r"|tu es maintenant (?:un|une|dan|le|libre)|(?:désormais|dorénavant),? (?:tu|vous|réponds|répondez) "
        r"|ahora eres (?:un|una|dan|el|libre)|a partir de ahora,? (?:eres|responde|debes|vas a|actúa|siempre)"
        r"|agora você é|a partir de agora,? (?:você|responda|ignore|aja)|ora sei (?:un|una|dan|il)|d'ora in poi,? (?:sei|rispondi|devi|ignora)"
        r"|(?:ты теперь|теперь ты)\s+(?:не\s+)?(?:dan|без|злой|свободн|ассистент|режим|модель|бот|должен|отвеча)|отныне (?:ты|отвечай|всегда)"
        r"|你现在是(?!在)|从(?:现在|今以后)[^。\n]{0,4}(?:你|请|必须|开始)[^。\n]{0,6}(?:必须|要|只能|扮演|回答|回复|忽略|是)|(?:今から|これから)(?:あなた|お前|君)は|あなたは今(?:から|、)?|지금부터 (?:너는|당신은|모든)"
        r"|şu andan itibaren (?:sen|her|tüm)|artık sen|أنت الآن|من الآن فصاعدا|od teraz (?:jesteś|odpowiadaj|zawsze|masz)|jesteś teraz|अब तुम एक|अब से तुम",
    ),
    Rule(
        SECRECY,
        ("do not tell", "don't tell", "do not mention", "don't mention", "do not inform", "without telling", "do not reveal", "don't reveal",
         "without mention", "without inform", "keep this hidden", "never mention", "never tell", "do not let the user", "without asking", "hide this", "do not disclose", "don't let the user",
         "without the user", "silently", "without confirmation", "secretly", "quietly"),
        (),
        r"(?:\b(?:do not|don'?t|never|without)\s+(?:ever\s+)?(?:tell|telling|mention|mentioning|inform|informing|reveal|revealing|disclose|let|notify|notifying|alert|alerting)\s+(?:this |it |that |anything |any of this |these instructions )?(?:to |about this to )?(?:the )?(?:user|human|operator|owner)s?\b(?! (?:table|id|name|stor|account))"
        r"|\b(?:never|do not|don'?t) (?:mention|reveal|disclose) (?:this|these|the existence of (?:this|these)) (?:message|instruction|note|rule|memory|prompt)"
        r"|\b(?:without (?:asking|user|the user'?s?) (?:for )?(?:permission|confirmation|consent|approval|knowledge|knowing)[^.\n]{0,30}\b(?:run|execute|send|call|delete|approve|email)|(?:run|execute|send|call|delete|approve|email|forward)[^.\n]{0,50}without (?:asking|user|the user'?s?)(?: the user| anyone)? ?(?:for )?(?:permission|confirmation|consent|approval|knowledge|knowing))"
        r"|\b(?:silently|secretly|quietly) (?:send|run|execute|call|forward|upload|append|delete|copy|email|post|approve|add|insert|fetch)\b)",
    ),
    Rule(
        SECRECY,  # other languages
        ("sag dem", "sage dem", "verrate", "erwähne", "ne dis", "ne dites", "ne le dis", "n'en parle", "no le digas", "no se lo digas", "não conte", "não diga", "non dire", "не говори", "не сообщай",
         "不要告诉", "别告诉", "不要让", "教えない", "知らせない", "言わない", "말하지", "لا تخبر"),
        (),
        r"(?:sage?|verrate|erwähne)\s+(?:\S+\s+){0,2}?(?:dem|den|der) (?:benutzer|nutzer|anwender|user)\w*\s+(?:\S+\s+){0,3}?nicht"
        r"|(?:ne (?:le |la |les )?(?:dis|dites)|n'en parle[zs]?) (?:\S+\s+){0,3}?à l'utilisat|no (?:se )?lo digas al usuario|não (?:conte|diga) (?:\S+\s+){0,2}?(?:ao|para o) us|non (?:dirlo|dire) (?:\S+\s+){0,2}?all'utente"
        r"|не (?:говори|сообщай)(?:те)? (?:\S+\s+){0,3}?пользовател|(?:不要|别)(?:告诉|让)[^。\n]{0,4}用户|ユーザーに[^。\n]{0,8}(?:教えない|知らせない|言わない)|사용자에게 (?:\S+\s+){0,2}?말하지|لا تخبر المستخدم",
    ),
    Rule(
        LEAK,
        ("send", "post ", "upload", "exfiltrat", "forward", "transmit", "email", "leak", "append", "curl", "fetch", "submit", "include", "encode", "share", "paste", "embed"),
        ("http", "@", "webhook", "server", "endpoint", "attacker", "url", "pastebin", "image", "link", ".com", ".io"),
        r"\b(?:send|post|upload|exfiltrate|forward|transmit|e-?mail|leak|append|submit|copy|encode|include|share|paste|embed|put)\b[^.\n]{0,60}\b(?:api[ _-]?keys?|passwords?|secrets?|tokens?|credentials?|ssh keys?|private keys?|env(?:ironment)? (?:variables|vars|file)|\.env\b|system prompt|chat history|conversation(?: history)?|memories|contents? of|user'?s? (?:data|messages?|files?|emails?|e-?mail address)|cookies|inbox|database|/etc/passwd|~/\.ssh|everything (?:you|the user))"
        r"[^\n]{0,80}(?:https?://|@[\w-]+\.|webhook|attacker|pastebin|\b(?:the|this|my|our|following|an?) (?:url|link|server|endpoint|image|site|address|bin|api)\b|[\w-]+\.(?:com|io|net|ru|xyz|site|example)\b)",
    ),
    Rule(
        LEAK,  # what is known, in the address of a picture or a link
        ("](http", "<img", "src=", "fetch(", "curl", "wget", "invoke-webrequest", "| iex"),
        ("?", "$", "|", "{", "bash", "sh", "iex"),
        r"!?\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?&/=](?:\{|\[|\$|%7b|<)?[^)\s]{0,40}(?:secret|token|password|data|key|history|context|prompt|memory|conversation|user|summary)[^)\s]{0,40}(?:\}|\]|>)|!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?&/=](?:\{|\$)[^)\s]{1,80}\)"
        r"|<img[^>\n]{0,100}src=[^>\n]{0,200}[?&]\w+=(?:\{|\[|\$)|\b(?:curl|wget)\b[^\n]{0,120}\|\s*(?:sudo\s+)?(?:ba|z)?sh\b|\bcurl\b[^\n]{0,80}(?:-d|--data\S*|-f|-t)\s*[\"']?(?:@|\$\(|`)[^\n]{0,60}(?:\.ssh|\.env|passwd|secret|token|key|history)"
        r"|\|\s*iex\b|invoke-webrequest[^\n]{0,80}\biex\b",
    ),
    Rule(
        CALL,
        ("<tool", "</tool", "</function", "<function", "<invoke", "tool_call", "function_call", "[tool_", "<parameter", "tool_use", "<execute", "<bash", "recipient_name"),
        (),
        r"</?(?:antml:)?(?:tool_calls?|tool_use|tool_result|tool_response|function_calls?|function_results|invoke\s+name|function=|tool>|parameter\s+name|execute|bash>)|\[tool_(?:calls|results)\]"
        r"|[\"'](?:tool_calls?|function_call|recipient_name)[\"']\s*:\s*[\[{\"]|[\"']type[\"']\s*:\s*[\"']tool_use[\"']",
    ),
    Rule(
        MARKS,
        ("<|", "<｜", "[inst]", "[/inst]", "<<sys>>", "<system", "</system", "</memor", "</memcli", "[memcli ", "start_of_turn", "end_of_turn", "<user", "</user", "<assistant", "</assistant",
         "</context", "</document", "</data", "<instructions", "</instructions", "<admin", "<important", "<human", "</s>"),
        (),
        r"<[|｜]\s*[\w▁]{2,30}\s*[|｜]>|\[/?inst\]|<<sys>>|</?(?:start|end)_of_turn>|</s>\s*<s>|</?(?:system(?:[-_](?:reminder|prompt|message|note))?|admin|important|instructions|assistant|human|user)>"
        r"|</(?:memor(?:y|ies)|memcli-\w+|context|documents?|data|conversation)>\s*\S|\[memcli \w+: ",
    ),
    Rule(
        MARKS,
        ("system:", "system message:", "system prompt:", "developer:", "### instruction", "### system", "## system", "system note:", "human:", "[system", "system]", "### new", "system："),
        ("you", "ignore", "must", "instruction", "assistant", "reply", "respond", "obey", "new ", "always", "execute", "override", "send", "grant", "allow", "sure"),
        r"(?:^|\n)[\s>*_#\[(-]{0,10}(?:system|developer|system (?:message|prompt|note|override))[\])*_]{0,4}\s*[:：][*_]{0,3}\s*[^\n]{0,80}\b(?:you|ignore|must|instructions?|assistant|obey|always|execute|override|grant|new)\b"
        r"|(?:^|\n)#{2,4}\s*(?:new\s+)?(?:instructions?|system(?: prompt| message)?)\s*:?\s*\n|(?:^|\n)\s*\[/?system(?: message| prompt| override)?\]|\n\s*human:[^\n]*\n+\s*assistant:",
    ),
    Rule(
        ROLE,  # encoded orders
        ("base64", "rot13", "decode", "reverse", "hex"),
        ("follow", "execute", "obey", "instruction", "do what", "comply", "carry out", "run it", "run the"),
        r"\b(?:decode|base64|rot13|decipher|reverse|decrypt)\b[^\n]{0,100}\b(?:and|then)\s+(?:\w+\s+)?(?:follow|execute|obey|do what|comply|carry out|run)\b",
    ),
)  # fmt: skip

INVISIBLE = re.compile(
    "[\U000e0020-\U000e007f]{3,}(?!\U000e007f)|[\u200b-\u200f\u2060-\u2064\ufeff\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]{6,}"
    "|\u202e[^\u202c\n]{6,}"
)
"""Letters that nobody sees, in a row: tags, signs without a width; and a line that is turned around."""

FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,7}\U000e007f")
"""The flags of England, Scotland and Wales are made of such letters."""

LOOKALIKES = str.maketrans(dict(zip("аеорсухіјѕԁһԛԝαοριντυ", "aeopcyxijsdhqwaopivtu", strict=True)))
"""Cyrillic and Greek letters that stand in for Latin ones."""

LEET = str.maketrans("013457@$", "oieastas")
MIXED = re.compile(r"[a-z](?:[\u0400-\u04ff\u0370-\u03ff])|(?:[\u0400-\u04ff\u0370-\u03ff])[a-z]")
FIGURED = re.compile(r"[a-z][013457@$]+[a-z]|\b[013457@$]+[a-z]{2,}")
SPELLED = re.compile(r"\b(?:[a-z][ .\-_*]){6,}[a-z]\b")
BETWEEN = re.compile(r"[*`~]+|(?<=[a-z])[\u00ad](?=[a-z])")


@cache
def _gate(*, ascii_only: bool) -> tuple[str, ...]:
    """One of these, or of the others of them, is in every text that plays a trick; see `Rule.first`.

    To leave out those that others are part of takes 3 ms: nobody waits for it who looks at no text.
    """
    first = {word for rule in RULES for word in rule.first}
    some = (word for word in first if word.isascii() is ascii_only)
    return tuple(sorted(word for word in some if not any(other in word for other in first if other != word)))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def flags(text: str) -> tuple[str, ...]:
    """What in *text* looks like an attempt to instruct a model, each kind once; nothing for nearly all texts."""
    some = text if len(text) <= 2 * LOOKED_AT else f"{text[:LOOKED_AT]}\n{text[-LOOKED_AT:]}"
    found = dict.fromkeys(_kinds(some))
    return tuple(found)


def _kinds(text: str) -> Iterable[str]:
    if not text.isascii():
        if INVISIBLE.search(FLAG.sub("", text)):
            yield HIDDEN
        text = _plain(text)
    folded = text.lower()
    yield from _by_rules(folded)
    if any(map(folded.__contains__, "013457@$")) and FIGURED.search(folded):
        yield from _by_rules(folded.translate(LEET))
    if SPELLED.search(folded):
        yield from _by_rules(
            SPELLED.sub(lambda found: re.sub(r"[ .\-_*]", "", found[0]), folded), spaces=False
        )


def _plain(text: str) -> str:
    """*text* as it looks: letters of another width or script that only look like others, as those."""
    shown = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return shown.lower().translate(LOOKALIKES) if MIXED.search(shown.lower()) else shown


def _by_rules(folded: str, *, spaces: bool = True) -> Iterable[str]:
    if not spaces:
        squeezed = re.sub(r"\s+", "", folded)
        if re.search(
            r"(?:ignore|disregard|forget)(?:all)?(?:the)?(?:previous|prior|above|your)?(?:instructions|rules|prompt)",
            squeezed,
        ):
            yield OVERRIDE
        return
    plain = BETWEEN.sub("", folded) if any(map(folded.__contains__, "*`~\u00ad")) else folded
    has = plain.__contains__
    if not any(map(has, _gate(ascii_only=True))) and (
        folded.isascii() or not any(map(has, _gate(ascii_only=False)))
    ):
        return
    has = f"{plain}\n{folded}".__contains__ if plain != folded else has
    for rule in RULES:
        if any(map(has, rule.first)) and (not rule.second or any(map(has, rule.second))):
            within = folded if rule.kind in (MARKS, CALL, LEAK) else plain
            if _compiled(rule.pattern).search(within):
                yield rule.kind


def flagged(memories: Iterable[Some]) -> list[Some]:
    """*memories*, those with flags that look like an attempt to instruct a model."""
    return [replace(one, flags=found) if (found := flags(one.text)) else one for one in memories]
