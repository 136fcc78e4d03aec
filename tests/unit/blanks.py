"""Characters that surround a pasted text and cannot be seen."""

# All that Unicode calls white space, and what has no width or no picture at all.
WHITE_SPACE = [chr(n) for n in range(0x3001) if chr(n).isspace()]
INVISIBLE = ["\ufeff", "\u200b", "\u200c", "\u200d", "\u2060", "\u180e", "\u00ad", "\u200e", "\0"]
BLANKS = [*WHITE_SPACE, *INVISIBLE, "\r\n", "\ufeff \n"]
# One of each kind, for who strips them by `without_blanks`, which is tried with all.
KINDS_OF_BLANKS = [" ", "\r\n", "\u3000", "\u200b", "\0", "\ufeff \n"]
