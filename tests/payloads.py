"""Script injection, as attackers write it: ways out of where a text stands, times ways to run a script from there.

Each payload calls `hit(NUMBER)` when it runs, and each element that it makes carries `data-hit`: neither may ever be seen in a page.
"""

from itertools import product
from typing import Final

_OUT_OF: Final[tuple[str, ...]] = (
    "",  # the words of an element
    '">',  # an attribute in double quotes
    "'>",  # one in single quotes
    "</textarea>",
    "</title>",
    "</option></select>",
    "</script>",
    "</style></noscript>",
    "--></template>",
    "]]></svg>",
)
_MARKUP: Final[tuple[str, ...]] = (
    "<script data-hit>hit({n})</script>",
    "<ScRiPt/x data-hit>hit({n})</sCrIpT>",
    '<scr<script data-hit>ipt data-hit>hit({n})</script data-hit x="',
    "<script data-hit src=data:text/javascript,hit({n})></script>",
    "<img data-hit src=x: onerror=hit({n})>",
    "<img/data-hit/src=`x:`/onerror=hit({n})//",
    "<svg data-hit onload=hit({n})>",
    "<svg data-hit><script>hit({n})</script></svg>",
    '<svg data-hit><animate onbegin="hit({n})" attributeName=x dur=1s>',
    "<svg data-hit><a xlink:href=javascript:hit({n})><text y=20>x</text></a></svg>",
    "<math data-hit><mtext><style><img data-hit src=x: onerror=hit({n})></style></mtext></math>",
    "<iframe data-hit srcdoc='<script>parent.hit({n})</script>'></iframe>",
    "<iframe data-hit src=javascript:parent.hit({n})></iframe>",
    "<object data-hit data=javascript:hit({n})></object>",
    "<embed data-hit src=javascript:hit({n})>",
    "<details data-hit open ontoggle=hit({n})><summary>x</summary></details>",
    "<input data-hit autofocus onfocus=hit({n})>",
    "<video data-hit><source onerror=hit({n})></video>",
    "<body data-hit onload=hit({n}) onpageshow=hit({n})>",
    "<style data-hit onload=hit({n})>@import'javascript:hit({n})';</style>",
    "<link data-hit rel=stylesheet href=data:text/css,x onload=hit({n})>",
    "<meta data-hit http-equiv=refresh content='0;url=javascript:hit({n})'>",
    "<base data-hit href=javascript:hit({n})//>",
    "<form data-hit action=javascript:hit({n})><button autofocus onfocus=hit({n})>x</button></form>",
    "<p data-hit style=animation:x onanimationstart=hit({n})>",
    "<marquee data-hit onstart=hit({n})>x</marquee>",
)
_WORDS: Final[tuple[str, ...]] = (
    "javascript:hit({n})",
    "JaVaScRiPt:hit({n})",
    "java\u200bscript:hit({n})",
    " javascript:hit({n})//https://example.org",
    "data:text/html,<script data-hit>hit({n})</script>",
    "vbscript:hit({n})",
    "//elsewhere.example/hit{n}.js",
    '" autofocus onfocus=hit({n}) data-hit x="',
    "' autofocus onfocus=hit({n}) data-hit x='",
    " autofocus onfocus=hit({n}) data-hit ",
    "`-hit({n})-`",
    "'-hit({n})-'",
    '"-hit({n})-"',
    '\\";hit({n});//',
    "\\';hit({n});//",
    "</script\u2028><script data-hit>hit({n})</script>",
    "\u2028hit({n})\u2029",
    "${{hit({n})}}",
    "{{{{constructor.constructor('hit({n})')()}}}}",
    "{{% raw %}}{{{{ hit({n}) }}}}{{% endraw %}}",
    "{{{{ self.__init__.__globals__ }}}}hit({n})",
    "<%= hit({n}) %>",
    "#{{hit({n})}}",
    "&lt;script data-hit&gt;hit({n})&lt;/script&gt;",
    "&#60;img data-hit src=x: onerror=hit({n})&#62;",
    "%3Cscript data-hit%3Ehit({n})%3C/script%3E",
    "\\u003cscript data-hit\\u003ehit({n})\\u003c/script\\u003e",
    "\\x3cimg data-hit src=x: onerror=hit({n})\\x3e",
    "＜script data-hit＞hit({n})＜/script＞",
    "+ADw-script data-hit+AD4-hit({n})+ADw-/script+AD4-",
    '=HYPERLINK("javascript:hit({n})";"x")',
    "=cmd|' /C hit({n})'!A0",
    "@SUM(1+1)*cmd|'hit({n})'",
    "[x](javascript:hit({n}))",
    '![x](x:"onerror="hit({n}))',
    "<!--[if IE]><script data-hit>hit({n})</script><![endif]-->",
    "<![CDATA[<script data-hit>hit({n})</script>]]>",
    "<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml' data-hit>hit({n})</x:script>",
)

PAYLOADS: Final[tuple[str, ...]] = tuple(
    template.format(n=number)
    for number, template in enumerate((*_WORDS, *(out_of + markup for out_of, markup in product(_OUT_OF, _MARKUP))))
)
"""Every combination; the number of each is its place."""
