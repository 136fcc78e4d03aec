"""Characters that surround a pasted text and cannot be seen."""

import sys

# All that Unicode calls white space, and what has no width or no picture at all.
WHITE_SPACE = [chr(n) for n in range(sys.maxunicode + 1) if chr(n).isspace()]
INVISIBLE = ["\ufeff", "\u200b", "\u200c", "\u200d", "\u2060", "\u180e", "\u00ad", "\u200e", "\0"]
BLANKS = [*WHITE_SPACE, *INVISIBLE, "\r\n", "\ufeff \n"]
